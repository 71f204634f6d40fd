"""The language of a recording: given, known of the model, or detected by Whisper."""

import re
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

import numpy as np
from capabilities import OnnxCapabilities
from onnx_asr.asr import Asr
from private_api import first_logits, token_ids

from dalston_sdk.engine import SAMPLE_RATE, Samples
from dalston_sdk.languages import (
    MAX_VOTES,
    Language,
    choose_language,
    from_whisper_code,
    languages_without_effect,
    rank_languages,
    to_whisper_code,
    unknown_language,
)
from dalston_sdk.wire import TranscribeOptions

CutSamples = Callable[[int], Sequence[Samples]]
Turn = Callable[[], AbstractContextManager[None]]

_LANGUAGE_TOKEN = re.compile(r"<\|([a-z]{2,3})\|>")


def find_language(
    options: TranscribeOptions,
    capabilities: OnnxCapabilities,
    recogniser: Asr,
    cut_samples: CutSamples,
    *,
    turn: Turn,
) -> Language:
    """Find out the language of a recording.

    Args:
        options: The request's.
        capabilities: The model's.
        recogniser: The library's object that decodes.
        cut_samples: Returns at most so many chunks of speech from all over the recording;
            float32, 16 kHz. None where there is no speech.
        turn: Has the model alone.

    Raises:
        EngineError: ``invalid_request`` if the model does not know the language, or must be told
            and the request does not say which it is.
    """
    if capabilities.detects_language:
        return _detected(options, recogniser, cut_samples, turn)
    language = choose_language(
        options,
        model_name=capabilities.name,
        known=capabilities.languages,
        must_be_told=capabilities.must_be_told_language,
    )
    if capabilities.must_be_told_language and language.spoken is not None:
        _require(language.spoken, _codes(recogniser))
    return language


def _detected(
    options: TranscribeOptions, recogniser: Asr, cut_samples: CutSamples, turn: Turn
) -> Language:
    codes = _codes(recogniser)
    allowed = [_require(to_whisper_code(code), codes) for code in options.languages or ()]
    if options.language is not None:
        code = _require(to_whisper_code(options.language), codes)
        return Language(spoken=from_whisper_code(code), warnings=languages_without_effect(options))
    chunks = cut_samples(MAX_VOTES)
    if not chunks:
        return Language(spoken=None)
    with turn():
        scores = _vote(recogniser, chunks, allowed or codes)
    return Language(spoken=next(iter(scores)), scores=scores)


def _vote(recogniser: Asr, chunks: Sequence[Samples], allowed: Sequence[str]) -> dict[str, float]:
    """Return scores per BCP-47 code, best first.

    Each chunk votes with its length. The library would detect the language of each chunk by itself,
    and not report it.
    """
    ids = token_ids(recogniser)
    tokens = [ids[f"<|{code}|>"] for code in allowed]
    votes = np.zeros(len(allowed))
    for chunk in chunks:
        logits = first_logits(recogniser, chunk, tokens)
        scores = np.exp(logits - logits.max())
        votes += scores / scores.sum() * len(chunk) / SAMPLE_RATE
    return rank_languages(dict(zip(allowed, votes.tolist(), strict=True)))


def _codes(recogniser: Asr) -> list[str]:
    """Return the codes for which the model has a token."""
    found = map(_LANGUAGE_TOKEN.fullmatch, token_ids(recogniser))
    return [match[1] for match in found if match]


def _require(code: str, known: Sequence[str]) -> str:
    if known and code not in known:
        raise unknown_language(code, known)
    return code
