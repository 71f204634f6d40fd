"""Passages: what is found as one, which is what one speaker says without a long pause."""

from array import array
from bisect import bisect_right
from collections.abc import Iterator, Sequence

from msgspec import Struct

from dalston_cli.formats.paragraphs import grouped
from dalston_cli.formats.script import may_join_without_space
from dalston_cli.search.indexed_text import indexed, normalized
from dalston_sdk.wire import Segment, Transcript

_LONGEST = 2_000
"""Letters after which a passage ends, where no sentence does."""
_TICKS_PER_S = 100


class Passage(Struct, frozen=True, kw_only=True):
    """What one speaker says without a long pause.

    Attributes:
        speaker, text: As the index has them.
        times: Pairs of a place in the shown text and a time, as ``time_at`` reads them.
    """

    start: float
    end: float
    speaker: str
    text: str
    times: bytes


def passages(transcript: Transcript) -> Iterator[Passage]:
    """Yield what is said in a transcript, in its order."""
    for group in grouped(transcript.segments):
        for part in _parts(group):
            yield _passage(part)


def time_at(times: bytes, place: int) -> float:
    """Return the time in seconds of a place in the shown text of a passage."""
    pairs = array("I", times)
    found = bisect_right(pairs[::2], place) - 1
    return pairs[2 * max(found, 0) + 1] / _TICKS_PER_S


def _parts(group: Sequence[Segment]) -> Iterator[Sequence[Segment]]:
    first, size = 0, 0
    for number, segment in enumerate(group):
        size += len(segment.text)
        if size > _LONGEST and number > first:
            yield group[first:number]
            first, size = number, len(segment.text)
    yield group[first:]


def _passage(segments: Sequence[Segment]) -> Passage:
    text = ""
    times = array("I")
    for segment in segments:
        said = normalized(segment.text)
        if text and not may_join_without_space(text, said):
            text += " "
        for place, start in _places(segment, said):
            times.extend((len(text) + place, round(start * _TICKS_PER_S)))
        text += said
    return Passage(
        start=segments[0].start,
        end=max(segment.end for segment in segments),
        speaker=indexed(normalized(segments[0].speaker or "")),
        text=indexed(text),
        times=times.tobytes(),
    )


def _places(segment: Segment, said: str) -> Iterator[tuple[int, float]]:
    """Yield where words begin in the text of their segment, and when they are said."""
    yield 0, segment.start
    after = 0
    for word in segment.words:
        text = normalized(word.text)
        place = said.find(text, after) if text else -1
        if place >= 0:  # an edited text may have other words
            after = place + len(text)
            yield place, word.start
