"""Which language is spoken: a vote over several stretches of speech, and whisper's codes for it."""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

import numpy as np
from faster_whisper import WhisperModel

from dalston_sdk.engine import SAMPLE_RATE, Samples
from dalston_sdk.errors import EngineError
from dalston_sdk.wire import ErrorCode, SpeechRegion

MAX_VOTES = 5
_LEAST_SCORE = 0.001

_WHISPER_CODES = {"jv": "jw", "nb": "no", "fil": "tl", "iw": "he", "in": "id", "cmn": "zh"}
"""Where whisper's code is not the BCP-47 code that people use."""


def whisper_language(code: str, model: WhisperModel) -> str:
    """Whisper's code for a BCP-47 code.

    Raises:
        EngineError: ``invalid_request`` where this model does not know the language.
    """
    primary = code.lower().split("-")[0]
    whisper = _WHISPER_CODES.get(primary, primary)
    known = known_languages(model)
    if whisper in known:
        return whisper
    close = get_close_matches(primary, known, n=3, cutoff=0.6)
    raise EngineError(
        ErrorCode.INVALID_REQUEST,
        f"this model does not know the language {code}"
        + (f"; it knows {', '.join(known)}" if len(known) <= MAX_VOTES else ""),
        hint=f"did you mean {' or '.join(close)}?" if close else None,
    )


def known_languages(model: WhisperModel) -> list[str]:
    """Whisper's codes of the languages that the loaded model has a token for."""
    if not model.model.is_multilingual:
        return ["en"]
    token = model.hf_tokenizer.token_to_id
    return [code for code in model.supported_languages if token(f"<|{code}|>") is not None]


def bcp47(whisper: str) -> str:
    """The BCP-47 code of a code of whisper's."""
    return "jv" if whisper == "jw" else whisper


def pack(regions: Iterable[SpeechRegion], length_s: float) -> list[SpeechRegion]:
    """Neighbouring regions in stretches of at most ``length_s``; longer regions are cut."""
    packed: list[SpeechRegion] = []
    for region in regions:
        start = region.start
        while region.end - start > length_s:
            packed.append(SpeechRegion(start=start, end=start + length_s))
            start += length_s
        if packed and start == region.start and region.end - packed[-1].start <= length_s:
            packed[-1] = SpeechRegion(start=packed[-1].start, end=region.end)
        elif region.end > start:
            packed.append(SpeechRegion(start=start, end=region.end))
    return packed


def vote(
    model: WhisperModel,
    samples: Samples,
    stretches: Sequence[SpeechRegion],
    *,
    allowed: Sequence[str],
    chunk_length_s: int,
) -> dict[str, float]:
    """Scores from 0 to 1 per language, best first; the sum over all allowed ones is 1.

    Up to ``MAX_VOTES`` stretches from all over the recording vote with their length, so that
    neither a jingle at the start nor one sentence in another language decides.

    Args:
        model: A multilingual model.
        samples: float32, shape (num_samples,), 16 kHz, in [-1, 1].
        stretches: Speech, at most ``chunk_length_s`` each; at least one.
        allowed: Whisper's codes that come into question; not empty.
        chunk_length_s: Length of the model's window.
    """
    scores = dict.fromkeys(allowed, 0.0)
    chosen = np.linspace(0, len(stretches) - 1, min(MAX_VOTES, len(stretches))).round().astype(int)
    for stretch in (stretches[index] for index in chosen.tolist()):
        piece = samples[int(stretch.start * SAMPLE_RATE) : int(stretch.end * SAMPLE_RATE)]
        features = model.feature_extractor(piece, chunk_length=chunk_length_s)
        _, _, probabilities = model.detect_language(features=features)
        for language, probability in probabilities:
            if language in scores:
                scores[language] += float(probability) * (stretch.end - stretch.start)
    total = sum(scores.values()) or 1.0
    ranked = sorted(scores.items(), key=lambda item: -item[1])
    return {
        bcp47(language): round(score / total, 4)
        for index, (language, score) in enumerate(ranked)
        if index == 0 or score / total >= _LEAST_SCORE
    }
