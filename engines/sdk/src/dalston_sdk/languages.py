"""Language codes, and the language of a recording for recognisers that are told or know it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TypeVar

from dalston_sdk.errors import EngineError
from dalston_sdk.notices import option_without_effect
from dalston_sdk.wire import ErrorCode, Notice, TranscribeOptions

MAX_VOTES = 5
"""Parts of a recording that vote on its language."""

_MIN_SCORE = 0.001
_MAX_LISTED = 8
_WHISPER_CODES = {"jv": "jw", "nb": "no", "fil": "tl", "iw": "he", "in": "id", "cmn": "zh"}
"""Codes that people use, and Whisper's code where it is another."""

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Language:
    """The language of a recording.

    Attributes:
        spoken: BCP-47 code; None where it is not known.
        scores: Scores from 0 to 1 per language, where the language was detected.
        warnings: Options that have no effect.
    """

    spoken: str | None
    scores: dict[str, float] = field(default_factory=dict)
    warnings: tuple[Notice, ...] = ()


def primary_code(code: str) -> str:
    """Return a BCP-47 code without its region and in lower case: ``en`` for ``en-GB``."""
    return code.lower().split("-")[0]


def to_whisper_code(code: str) -> str:
    """Return Whisper's code for a BCP-47 code."""
    primary = primary_code(code)
    return _WHISPER_CODES.get(primary, primary)


def from_whisper_code(code: str) -> str:
    """Return the BCP-47 code for one of Whisper's codes."""
    return "jv" if code == "jw" else code


def unknown_language(code: str, known: Sequence[str]) -> EngineError:
    """Build the error for a language that a model does not know, with similar codes as a hint."""
    close = get_close_matches(primary_code(code), known, n=3, cutoff=0.6)
    listed = f"; it knows {', '.join(known)}" if len(known) <= _MAX_LISTED else ""
    return EngineError(
        ErrorCode.INVALID_REQUEST,
        f"this model does not know the language {code}{listed}",
        hint=f"did you mean {' or '.join(close)}?" if close else None,
    )


def choose_language(
    options: TranscribeOptions, *, model_name: str, known: Sequence[str], must_be_told: bool
) -> Language:
    """Choose the language of a recording for a model that cannot report which one it detects.

    Args:
        options: The request's.
        model_name: For messages.
        known: BCP-47 codes of the model's languages; empty where they are not known.
        must_be_told: True for a model that decodes every recording as the language it is told.

    Raises:
        EngineError: ``invalid_request`` if the model does not know the language, or must be told
            and the request does not say which it is.
    """
    asked = (options.language,) if options.language is not None else (options.languages or ())
    codes = [primary_code(code) for code in asked]
    possible = [code for code in codes if not known or code in known]
    if codes and not possible:
        raise unknown_language(codes[0], known)
    if must_be_told:
        candidates = possible or known
        if len(candidates) != 1:
            raise EngineError(
                ErrorCode.INVALID_REQUEST,
                f"{model_name} cannot detect which language is spoken",
                hint="say it, for example --language en",
            )
        return Language(spoken=candidates[0], warnings=languages_without_effect(options))
    if len(known) == 1:
        return Language(spoken=known[0])
    given = [name for name in ("language", "languages") if getattr(options, name) is not None]
    reason = f"{model_name} detects the language by itself"
    return Language(
        spoken=possible[0] if options.language is not None else None,
        warnings=tuple(option_without_effect(name, reason) for name in given),
    )


def languages_without_effect(options: TranscribeOptions) -> tuple[Notice, ...]:
    """Return a notice if ``languages`` is set beside ``language``."""
    if options.language is None or options.languages is None:
        return ()
    return (option_without_effect("languages", "the language is given"),)


def evenly_spaced(items: Sequence[T], count: int) -> list[T]:
    """Return at most ``count`` items, spread evenly from the first to the last."""
    count = min(count, len(items))
    steps = max(1, count - 1)
    return [items[round(index * (len(items) - 1) / steps)] for index in range(count)]


def rank_languages(votes: Mapping[str, float]) -> dict[str, float]:
    """Turn votes for Whisper's codes into scores for BCP-47 codes.

    Returns:
        Scores from 0 to 1, best first; without those below 0.001, they come to 1.
    """
    total = sum(votes.values()) or 1.0
    ranked = sorted(votes.items(), key=lambda item: -item[1])
    return {
        from_whisper_code(code): round(vote / total, 4)
        for index, (code, vote) in enumerate(ranked)
        if index == 0 or vote / total >= _MIN_SCORE
    }
