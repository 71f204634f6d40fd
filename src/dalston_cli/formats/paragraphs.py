"""Segments gathered into paragraphs, for formats that are read like prose."""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from dalston_cli.formats.punctuation import ends_sentence
from dalston_cli.formats.script import clean, joined
from dalston_sdk.wire import Segment

_PAUSE_S = 2.0
"""A silence this long begins a new paragraph."""

_FULL = 500
"""Characters after which a paragraph ends with its sentence."""

_UNCLEAR = ("", "unknown")


class Paragraph(Struct, frozen=True, kw_only=True):
    """Text of one speaker without a long pause, on one line.

    ``emotions`` has the labels of its segments, each once, in their order, unclear ones excluded.
    """

    start: float
    end: float
    speaker: str | None
    text: str
    emotions: tuple[str, ...] = ()


def paragraphs(segments: Sequence[Segment]) -> Iterator[Paragraph]:
    """Join ``segments`` until the speaker changes, a pause comes, or the paragraph is full."""
    return map(_paragraph, grouped(segments))


def grouped(segments: Sequence[Segment]) -> Iterator[Sequence[Segment]]:
    """Yield the segments of each paragraph; those without text are left out."""
    gathered: list[Segment] = []
    size = 0
    for segment in segments:
        if not clean(segment.text):
            continue
        if gathered and _ends(gathered[-1], segment, size):
            yield gathered
            gathered, size = [], 0
        gathered.append(segment)
        size += len(segment.text)
    if gathered:
        yield gathered


def _ends(last: Segment, following: Segment, size: int) -> bool:
    if (last.speaker, last.channel) != (following.speaker, following.channel):
        return True
    if last.paragraph is not None or following.paragraph is not None:
        return last.paragraph != following.paragraph
    if following.start - last.end >= _PAUSE_S:
        return True
    return size >= _FULL and ends_sentence(last.text)


def _paragraph(segments: Sequence[Segment]) -> Paragraph:
    return Paragraph(
        start=segments[0].start,
        end=max(segment.end for segment in segments),
        speaker=segments[0].speaker,
        text=joined(clean(segment.text) for segment in segments),
        emotions=tuple(
            dict.fromkeys(
                label
                for segment in segments
                if segment.emotion and (label := clean(segment.emotion.label)) not in _UNCLEAR
            )
        ),
    )
