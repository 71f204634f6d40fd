"""The language of a recording, detected by a vote of several chunks, and Whisper's codes."""

from collections.abc import Iterable, Sequence

from faster_whisper import WhisperModel

from dalston_sdk.engine import SAMPLE_RATE, Samples
from dalston_sdk.languages import (
    MAX_VOTES,
    evenly_spaced,
    rank_languages,
    to_whisper_code,
    unknown_language,
)
from dalston_sdk.wire import SpeechRegion

SampleRange = tuple[int, int]
"""The first sample of something, and the one after its last."""


def whisper_language(code: str, model: WhisperModel) -> str:
    """Return Whisper's code for a BCP-47 code.

    Raises:
        EngineError: ``invalid_request`` if this model does not know the language.
    """
    whisper_code = to_whisper_code(code)
    known = known_languages(model)
    if whisper_code not in known:
        raise unknown_language(code, known)
    return whisper_code


def known_languages(model: WhisperModel) -> list[str]:
    """Return Whisper's codes of the languages that the loaded model has a token for."""
    if not model.model.is_multilingual:
        return ["en"]
    token = model.hf_tokenizer.token_to_id
    return [code for code in model.supported_languages if token(f"<|{code}|>") is not None]


def pack(regions: Iterable[SpeechRegion], length_s: float) -> list[SpeechRegion]:
    """Join neighbouring regions into chunks of at most ``length_s``, and split longer regions."""
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


def voting_chunks(
    ranges: Sequence[SampleRange], regions: Sequence[SpeechRegion], length_s: float
) -> list[SampleRange]:
    """Return the chunks of speech that may vote.

    Args:
        ranges: Of the samples that are decoded.
        regions: Where speech is.
        length_s: Length of the model's window.
    """
    if len(ranges) == 1 and ranges[0][1] - ranges[0][0] <= length_s * SAMPLE_RATE:
        # The very window that is decoded: then it is encoded once for both.
        return list(ranges)
    return [
        (int(chunk.start * SAMPLE_RATE), int(chunk.end * SAMPLE_RATE))
        for chunk in pack(regions, length_s)
    ]


def vote(
    model: WhisperModel,
    samples: Samples,
    chunks: Sequence[SampleRange],
    *,
    allowed: Sequence[str],
    chunk_length_s: int,
) -> dict[str, float]:
    """Return a score from 0 to 1 per language, best first.

    Up to ``MAX_VOTES`` chunks from all over the recording vote with their length, so that neither
    a jingle at the start nor one sentence in another language decides.

    Args:
        model: A multilingual model.
        samples: float32, shape (num_samples,), 16 kHz, in [-1, 1].
        chunks: Where there is speech, at most ``chunk_length_s`` each; at least one.
        allowed: Whisper's codes of the languages to choose from; not empty.
        chunk_length_s: Length of the model's window.
    """
    votes = dict.fromkeys(allowed, 0.0)
    for start, end in evenly_spaced(chunks, MAX_VOTES):
        # Without the last frame, which is padding, as the library decodes them.
        features = model.feature_extractor(samples[start:end], chunk_length=chunk_length_s)[
            ..., :-1
        ]
        _, _, probabilities = model.detect_language(features=features)
        for language, probability in probabilities:
            if language in votes:
                votes[language] += float(probability) * (end - start)
    return rank_languages(votes)
