"""Speech that has no text: decoded once by itself, and kept, or told of.

It is what only the second look found, and what a recogniser passed over: quiet words between loud
ones, or what was hard to make out. Text of it counts if the recogniser is sure of it.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import msgspec

from dalston_sdk.wire import Notice, Segment, SpeechRegion, Stage

_MIN_CONFIDENCE = 0.5
_MIN_LOGPROB = -1.0
_MAX_NO_SPEECH = 0.6
_MAX_SHOWN = 5
_DOUBTFUL = "doubtful_speech"
_MIN_PASSED_OVER_S = 3.0
"""Speech of a region without text for so long was passed over by the recogniser."""

_MIN_DOUBTFUL_S = 2.0
"""A shorter region without text is no reason for a warning: a cough, a click."""


@dataclass(frozen=True, kw_only=True)
class Settled:
    """The outcome of both looks, with a notice for each region that stays doubtful."""

    segments: list[Segment]
    regions: list[SpeechRegion]
    notices: tuple[Notice, ...]


def settle(
    segments: Sequence[Segment],
    regions: Sequence[SpeechRegion],
    alone: Sequence[SpeechRegion],
    decode: Callable[[Sequence[SpeechRegion]], Iterable[Sequence[Segment]]],
    *,
    join_s: float | None,
) -> Settled:
    """Decode by itself what has no text, and keep the text of which the recogniser is sure.

    That is what only the second look found, and speech within a region that the recogniser passed
    over: quiet words between loud ones, or what was hard to make out.

    Args:
        segments: Of the first look, in time order.
        regions: Of the first look, in time order.
        alone: What only the second look found.
        decode: Decodes regions, each by itself; the segments of each, in order.
        join_s: Silence that a region may hold; None if silence was not looked for, so that a
            region may hold any.
    """
    kept, speech = [*segments], [*regions]
    doubtful = [region for region in regions if _lacks_text(region, segments)]
    passed_over: list[SpeechRegion] = []
    if join_s is not None:
        longer_than_s = max(_MIN_PASSED_OVER_S, join_s + 1)
        passed_over = without_text(regions, segments, longer_than_s=longer_than_s)
    tried = [*passed_over, *alone]
    for number, (region, heard) in enumerate(zip(tried, decode(tried), strict=True)):
        sure = [segment for segment in heard if is_sure(segment)]
        kept += sure
        if not sure and (heard or _is_long(region)):
            doubtful.append(region)
        elif sure and number >= len(passed_over):
            speech.append(region)
    doubtful.sort(key=lambda region: region.start)
    kept.sort(key=lambda segment: segment.start)
    speech.sort(key=lambda region: region.start)
    return Settled(
        segments=[
            msgspec.structs.replace(segment, id=number) for number, segment in enumerate(kept)
        ],
        regions=speech,
        notices=tuple(_doubtful_speech([region]) for region in doubtful),
    )


def without_text(
    regions: Iterable[SpeechRegion], segments: Sequence[Segment], *, longer_than_s: float
) -> list[SpeechRegion]:
    """Return what has no text within regions that have some, by the times of words if there are.

    Args:
        regions: In time order.
        segments: In time order.
        longer_than_s: What is shorter does not count; seconds.
    """
    told = sorted(
        (each.start, each.end) for segment in segments for each in (segment.words or (segment,))
    )
    found: list[SpeechRegion] = []
    first = 0
    for region in regions:
        while first < len(told) and told[first][1] <= region.start:
            first += 1
        at, index = region.start, first
        while index < len(told) and told[index][0] < region.end:
            start, end = told[index]
            if start - at > longer_than_s:
                found.append(SpeechRegion(start=at, end=start))
            at, index = max(at, end), index + 1
        if index > first and region.end - at > longer_than_s:
            found.append(SpeechRegion(start=at, end=region.end))
    return found


def is_sure(segment: Segment) -> bool:
    """Return True if the recogniser is sure enough of text that was found by the second look."""
    words = [word.confidence for word in segment.words if word.confidence is not None]
    confidence = sum(words) / len(words) if words else segment.confidence
    if confidence is None or confidence < _MIN_CONFIDENCE:
        return False
    return (segment.avg_logprob or 0.0) > _MIN_LOGPROB and (
        segment.no_speech_prob or 0.0
    ) < _MAX_NO_SPEECH


def _is_long(region: SpeechRegion) -> bool:
    return region.end - region.start >= _MIN_DOUBTFUL_S


def _lacks_text(region: SpeechRegion, segments: Sequence[Segment]) -> bool:
    """Return True for a region of the first look that is no click and has no text."""
    return _is_long(region) and not any(
        segment.start < region.end and segment.end > region.start for segment in segments
    )


def summed_up(notices: Sequence[Notice]) -> tuple[Notice, ...]:
    """Return the notices of a recording, or of a part of it, with one for all doubtful regions."""
    doubtful = [
        SpeechRegion(start=notice.start, end=notice.end)
        for notice in notices
        if notice.code == _DOUBTFUL and notice.start is not None and notice.end is not None
    ]
    others = [notice for notice in notices if notice.code != _DOUBTFUL]
    if not doubtful:
        return tuple(others)
    place = next(number for number, each in enumerate(notices) if each.code == _DOUBTFUL)
    doubtful.sort(key=lambda region: region.start)
    return (*others[:place], _doubtful_speech(doubtful), *others[place:])


def _doubtful_speech(regions: Sequence[SpeechRegion]) -> Notice:
    """Return a notice with the times of what may be speech and has no text; of one at least."""
    times = [f"{_clock(region.start)}-{_clock(region.end)}" for region in regions]
    more = f" and {len(times) - _MAX_SHOWN} more" if len(times) > _MAX_SHOWN else ""
    return Notice(
        code=_DOUBTFUL,
        message=f"what may be speech has no text: {', '.join(times[:_MAX_SHOWN])}{more}.",
        stage=Stage.TRANSCRIBE.value,
        start=regions[0].start,
        end=regions[-1].end,
    )


def _clock(seconds: float) -> str:
    minutes, rest = divmod(seconds, 60)
    return f"{int(minutes)}:{rest:04.1f}"
