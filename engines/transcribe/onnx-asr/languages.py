"""Which language is spoken: told by the user, known of the model, or heard by Whisper."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches

import numpy as np
from capabilities import Capabilities
from onnx_asr.asr import Asr
from private_api import first_logits, token_ids

from dalston_sdk.engine import SAMPLE_RATE, Samples
from dalston_sdk.errors import EngineError
from dalston_sdk.wire import ErrorCode, Notice, Stage, TranscribeOptions

MAX_VOTES = 5
_LEAST_SCORE = 0.001
_MAX_LISTED = 8

_WHISPER_CODES = {"jv": "jw", "nb": "no", "fil": "tl", "iw": "he", "in": "id", "cmn": "zh"}
"""Where whisper's code is not the BCP-47 code that people use."""
_LANGUAGE_TOKEN = re.compile(r"<\|([a-z]{2,3})\|>")


@dataclass(frozen=True, kw_only=True)
class Language:
    """What was found out about the language.

    Attributes:
        spoken: BCP-47; None where nobody knows.
        told: The code that the model is told; None where it is told none.
        scores: Votes from 0 to 1, where the language was detected.
        warnings: Options that have no effect.
    """

    spoken: str | None
    told: str | None = None
    scores: dict[str, float] = field(default_factory=dict)
    warnings: tuple[Notice, ...] = ()


def settle_language(
    options: TranscribeOptions,
    capabilities: Capabilities,
    recogniser: Asr,
    stretches: Callable[[int], Sequence[Samples]],
) -> Language:
    """The language of a recording.

    Args:
        options: What the user says about it.
        capabilities: What the model can do.
        recogniser: The library's object that decodes.
        stretches: At most so many stretches of speech from all over the recording; float32,
            16 kHz. None where nothing is said.

    Raises:
        EngineError: ``invalid_request`` where the model does not know the language, or has to be
            told and was not.
    """
    if capabilities.detects_language:
        return _whisper(options, recogniser, stretches)
    wanted = [_primary(code) for code in (options.language, *(options.languages or ())) if code]
    known = capabilities.languages
    if options.language is not None:
        _require(wanted[0], known)
        wanted = wanted[:1]
    elif wanted and known and not (wanted := [code for code in wanted if code in known]):
        _require(_primary((options.languages or ("",))[0]), known)
    if capabilities.is_told_language:
        return _canary(options, capabilities, recogniser, wanted)
    spoken = known[0] if len(known) == 1 else wanted[0] if options.language else None
    idle = [name for name in ("language", "languages") if getattr(options, name) is not None]
    return Language(
        spoken=spoken,
        warnings=() if len(known) == 1 else tuple(_idle(name, capabilities) for name in idle),
    )


def _canary(
    options: TranscribeOptions, capabilities: Capabilities, recogniser: Asr, wanted: Sequence[str]
) -> Language:
    candidates = wanted or (capabilities.languages if len(capabilities.languages) == 1 else ())
    if len(candidates) != 1:
        raise EngineError(
            ErrorCode.INVALID_REQUEST,
            f"{capabilities.name} cannot tell which language is spoken, "
            "and would take it for English",
            hint="say it, for example --language en",
        )
    code = candidates[0]
    _require(code, _codes(recogniser))
    idle = options.language is not None and options.languages is not None
    return Language(
        spoken=code,
        told=code,
        warnings=(_without_effect("languages", "the language is given"),) if idle else (),
    )


def _whisper(
    options: TranscribeOptions, recogniser: Asr, stretches: Callable[[int], Sequence[Samples]]
) -> Language:
    codes = _codes(recogniser)
    allowed = [_whisper_code(code, codes) for code in options.languages or ()]
    if options.language is not None:
        told = _whisper_code(options.language, codes)
        idle = (_without_effect("languages", "the language is given"),) if allowed else ()
        return Language(spoken=_bcp47(told), told=told, warnings=idle)
    if not (pieces := stretches(MAX_VOTES)):
        return Language(spoken=None)
    scores = _vote(recogniser, pieces, allowed or codes)
    spoken = next(iter(scores))
    return Language(spoken=spoken, told=_WHISPER_CODES.get(spoken, spoken), scores=scores)


def _vote(recogniser: Asr, pieces: Sequence[Samples], allowed: Sequence[str]) -> dict[str, float]:
    """Scores per BCP-47 code, best first; their sum is 1 but for those too small to tell.

    Each stretch votes with its length. The library would detect the language of each by itself, and
    not tell.
    """
    ids = token_ids(recogniser)
    tokens = [ids[f"<|{code}|>"] for code in allowed]
    votes = np.zeros(len(allowed))
    for piece in pieces:
        logits = first_logits(recogniser, piece, tokens)
        shares = np.exp(logits - logits.max())
        votes += shares / shares.sum() * len(piece) / SAMPLE_RATE
    votes /= votes.sum()
    ranked = sorted(zip(votes.tolist(), allowed, strict=True), reverse=True)
    best = [(share, code) for share, code in ranked if share >= _LEAST_SCORE] or ranked[:1]
    return {_bcp47(code): round(share, 4) for share, code in best}


def _codes(recogniser: Asr) -> list[str]:
    """The codes for which the model has a token."""
    found = map(_LANGUAGE_TOKEN.fullmatch, token_ids(recogniser))
    return [match[1] for match in found if match]


def _whisper_code(code: str, codes: Sequence[str]) -> str:
    primary = _primary(code)
    whisper = _WHISPER_CODES.get(primary, primary)
    _require(whisper, codes)
    return whisper


def _bcp47(whisper: str) -> str:
    return "jv" if whisper == "jw" else whisper


def _primary(code: str) -> str:
    return code.lower().split("-")[0]


def _require(code: str, known: Sequence[str]) -> None:
    """Refuse a language that is not among the known ones; an empty list allows any."""
    if not known or code in known:
        return
    close = get_close_matches(code, known, n=3, cutoff=0.6)
    listed = f"; it knows {', '.join(known)}" if len(known) <= _MAX_LISTED else ""
    raise EngineError(
        ErrorCode.INVALID_REQUEST,
        f"this model does not know the language {code}{listed}",
        hint=f"did you mean {' or '.join(close)}?" if close else None,
    )


def _idle(name: str, capabilities: Capabilities) -> Notice:
    return _without_effect(name, f"{capabilities.name} hears by itself which language it is")


def _without_effect(name: str, reason: str) -> Notice:
    return Notice(
        code="option_without_effect",
        message=f"{name} has no effect because {reason}.",
        stage=Stage.TRANSCRIBE.value,
    )
