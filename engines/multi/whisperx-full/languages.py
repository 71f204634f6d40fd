"""Which language is spoken: a vote over several stretches of speech, and Whisper's codes for it."""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches

import numpy as np
from faster_whisper import WhisperModel

from dalston_sdk.engine import Samples
from dalston_sdk.errors import EngineError
from dalston_sdk.wire import ErrorCode, TranscribeOptions

MAX_VOTES = 5
_LEAST_SCORE = 0.001

_WHISPER_CODES = {"jv": "jw", "nb": "no", "fil": "tl", "iw": "he", "in": "id", "cmn": "zh"}
"""Where Whisper's code is not the BCP-47 code that people use."""


def settle_language(
    whisper: WhisperModel, options: TranscribeOptions, stretches: Sequence[Samples]
) -> tuple[str | None, dict[str, float]]:
    """The language of a recording as BCP-47, and the scores where it was detected.

    Args:
        whisper: The library's model.
        options: What the user says about it.
        stretches: Speech, float32, 16 kHz; where there is none, there is no language either.

    Raises:
        EngineError: ``invalid_request`` where this model does not know a language.
    """
    known = known_languages(whisper)
    if options.language is not None:
        return bcp47(whisper_language(options.language, known)), {}
    allowed = [whisper_language(code, known) for code in options.languages or ()] or known
    if not stretches:
        return None, {}
    if len(known) == 1:
        return known[0], {}
    scores = {bcp47(code): score for code, score in vote(whisper, stretches, allowed).items()}
    return next(iter(scores)), scores


def whisper_language(code: str, known: Sequence[str]) -> str:
    """Whisper's code for a BCP-47 code.

    Raises:
        EngineError: ``invalid_request`` where this model does not know the language.
    """
    primary = code.lower().partition("-")[0]
    found = _WHISPER_CODES.get(primary, primary)
    if found in known:
        return found
    close = get_close_matches(primary, known, n=3, cutoff=0.6)
    listed = f"; it knows {', '.join(known)}" if len(known) <= MAX_VOTES else ""
    raise EngineError(
        ErrorCode.INVALID_REQUEST,
        f"this model does not know the language {code}{listed}",
        hint=f"did you mean {' or '.join(close)}?" if close else None,
    )


def bcp47(whisper: str) -> str:
    """The BCP-47 code of a code of Whisper's."""
    return "jv" if whisper == "jw" else whisper


def known_languages(whisper: WhisperModel) -> list[str]:
    """Whisper's codes of the languages that a model has a token for."""
    if not whisper.model.is_multilingual:
        return ["en"]
    token = whisper.hf_tokenizer.token_to_id
    return [code for code in whisper.supported_languages if token(f"<|{code}|>") is not None]


def vote(
    whisper: WhisperModel, stretches: Sequence[Samples], allowed: Sequence[str]
) -> Mapping[str, float]:
    """Scores from 0 to 1 per language of Whisper's, best first; together they come to 1.

    The library asks the first 30 s alone, be they music or silence. Here stretches from all over
    the recording vote, each with its length.

    Args:
        whisper: A multilingual model.
        stretches: Speech, float32, 16 kHz; at least one.
        allowed: Whisper's codes that come into question; not empty.
    """
    scores = dict.fromkeys(allowed, 0.0)
    chosen = np.linspace(0, len(stretches) - 1, min(MAX_VOTES, len(stretches))).round().astype(int)
    for stretch in (stretches[index] for index in chosen.tolist()):
        _, _, probabilities = whisper.detect_language(audio=stretch)
        for language, probability in probabilities:
            if language in scores:
                scores[language] += float(probability) * len(stretch)
    total = sum(scores.values()) or 1.0
    ranked = sorted(scores.items(), key=lambda item: -item[1])
    return {
        language: round(score / total, 4)
        for index, (language, score) in enumerate(ranked)
        if index == 0 or score / total >= _LEAST_SCORE
    }
