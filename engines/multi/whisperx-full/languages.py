"""Language detection by a vote over several chunks of speech, and Whisper's language codes."""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches

import numpy as np
from faster_whisper import WhisperModel

from dalston_sdk.engine import Samples
from dalston_sdk.errors import EngineError
from dalston_sdk.wire import ErrorCode, TranscribeOptions

MAX_VOTES = 5
_MIN_SCORE = 0.001

_WHISPER_CODES = {"jv": "jw", "nb": "no", "fil": "tl", "iw": "he", "in": "id", "cmn": "zh"}
"""Whisper's codes that differ from the usual BCP-47 code."""


def choose_language(
    whisper: WhisperModel, options: TranscribeOptions, chunks: Sequence[Samples]
) -> tuple[str | None, dict[str, float]]:
    """Return the language of a recording as BCP-47, and the scores where it was detected.

    Args:
        whisper: The library's model.
        options: The request's options.
        chunks: Speech, float32, 16 kHz; without any the language is None.

    Raises:
        EngineError: ``invalid_request`` where this model does not know a language.
    """
    known = known_languages(whisper)
    if options.language is not None:
        return bcp47(whisper_language(options.language, known)), {}
    allowed = [whisper_language(code, known) for code in options.languages or ()] or known
    if not chunks:
        return None, {}
    if len(known) == 1:
        return known[0], {}
    scores = {bcp47(code): score for code, score in vote(whisper, chunks, allowed).items()}
    return next(iter(scores)), scores


def whisper_language(code: str, known: Sequence[str]) -> str:
    """Return Whisper's code for a BCP-47 code.

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
    """Return the BCP-47 code for a code of Whisper's."""
    return "jv" if whisper == "jw" else whisper


def known_languages(whisper: WhisperModel) -> list[str]:
    """Return Whisper's codes of the languages that a model has a token for."""
    if not whisper.model.is_multilingual:
        return ["en"]
    token = whisper.hf_tokenizer.token_to_id
    return [code for code in whisper.supported_languages if token(f"<|{code}|>") is not None]


def vote(
    whisper: WhisperModel, chunks: Sequence[Samples], allowed: Sequence[str]
) -> Mapping[str, float]:
    """Return scores from 0 to 1 by Whisper's language code, best first; they sum to 1.

    The library uses the first 30 s alone, be they music or silence. Here chunks from the whole
    recording vote, weighted by their length.

    Args:
        whisper: A multilingual model.
        chunks: Speech, float32, 16 kHz; at least one.
        allowed: Whisper's codes to choose from; not empty.
    """
    scores = dict.fromkeys(allowed, 0.0)
    chosen = np.linspace(0, len(chunks) - 1, min(MAX_VOTES, len(chunks))).round().astype(int)
    for chunk in (chunks[index] for index in chosen.tolist()):
        _, _, probabilities = whisper.detect_language(audio=chunk)
        for language, probability in probabilities:
            if language in scores:
                scores[language] += float(probability) * len(chunk)
    total = sum(scores.values()) or 1.0
    ranked = sorted(scores.items(), key=lambda item: -item[1])
    return {
        language: round(score / total, 4)
        for index, (language, score) in enumerate(ranked)
        if index == 0 or score / total >= _MIN_SCORE
    }
