"""Converts the library's segments: plausible times, plain floats, texts that fit their words."""

import math
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence

from faster_whisper.transcribe import Segment as WhisperSegment

from dalston_sdk.timing import Span, in_order
from dalston_sdk.wire import Segment, SpeechRegion, Word

_MIN_WORD_S = 0.01


def convert(
    found: Iterable[WhisperSegment],
    *,
    regions: Sequence[SpeechRegion],
    duration_s: float,
    language: str | None,
) -> Iterator[Segment]:
    """Yield a segment of ours for each of the library's that has text.

    Args:
        found: What the library yields.
        regions: Where speech is; no word reaches into the silence around it. May be empty.
        duration_s: Length of the recording; nothing ends later.
        language: Of the text.
    """
    earliest = 0.0
    number = 0
    for source in found:
        words = [word for word in source.words or () if word.word.strip()]
        text = "".join(word.word for word in words).strip() or source.text.strip()
        if not text:
            continue
        # A segment that starts where the recording ends is moved back over the one before it.
        low = max(0.0, min(earliest, duration_s - _MIN_WORD_S * max(1, len(words))))
        spans = [_inside((float(word.start), float(word.end)), regions) for word in words]
        spans = in_order(
            spans or [(float(source.start), float(source.end))],
            low=low,
            high=duration_s,
            least=_MIN_WORD_S,
        )
        earliest = spans[-1][1]
        probabilities = [float(word.probability) for word in words]
        yield Segment(
            id=number,
            start=spans[0][0],
            end=spans[-1][1],
            text=text,
            words=tuple(
                Word(text=word.word, start=start, end=end, confidence=_score(probability))
                for word, (start, end), probability in zip(
                    words, spans if words else (), probabilities, strict=True
                )
            ),
            language=language,
            confidence=_score(
                sum(probabilities) / len(probabilities) if words else math.exp(source.avg_logprob)
            ),
            avg_logprob=round(float(source.avg_logprob), 4),
            no_speech_prob=round(float(source.no_speech_prob), 4),
            compression_ratio=round(float(source.compression_ratio), 3),
            temperature=None if source.temperature is None else float(source.temperature),
        )
        number += 1


def _inside(span: Span, regions: Sequence[SpeechRegion]) -> Span:
    """Clip a word to the region in which its middle lies."""
    middle = (span[0] + span[1]) / 2
    index = bisect_right(regions, middle, key=lambda region: region.start) - 1
    if index < 0 or middle > regions[index].end:
        return span
    return max(span[0], regions[index].start), min(span[1], regions[index].end)


def _score(value: float) -> float:
    return round(min(1.0, max(0.0, value)), 4)
