"""A transcript as markers on a video's timeline, for editors of video."""

from collections.abc import Iterator
from fractions import Fraction
from typing import Literal, Self

from msgspec import Struct

from dalston_cli.formats.options import RenderOptions, Video
from dalston_cli.formats.overview import heading_of
from dalston_cli.formats.script import clean
from dalston_cli.formats.speakers import SpeakerNames
from dalston_sdk.wire import Transcript


class Marker(Struct, frozen=True, kw_only=True):
    """A place with a name, in frames from the start of the video; at least one frame long."""

    kind: Literal["chapter", "segment"]
    start: int
    duration: int
    name: str
    note: str = ""


class Timeline(Struct, frozen=True, kw_only=True):
    """The markers of a video.

    Attributes:
        rate: Frames a second.
        first: Frame that the video's first timecode counts.
        duration: In frames.
    """

    name: str
    rate: Fraction
    first: int
    duration: int
    markers: tuple[Marker, ...]

    @classmethod
    def of(cls, transcript: Transcript, options: RenderOptions, video: Video | None = None) -> Self:
        """Return the chapters and segments, by their starts.

        Args:
            transcript: The transcript.
            options: The user's options.
            video: None for that of the options.
        """
        rate, first = video or options.video()
        markers = (*_chapters(transcript, rate), *_segments(transcript, options, rate))
        ends = (marker.start + marker.duration for marker in markers)
        return cls(
            name=clean(heading_of(transcript)),
            rate=rate,
            first=first,
            duration=max(round(transcript.recording.duration_s * rate), 1, *ends),
            markers=tuple(sorted(markers, key=lambda marker: marker.start)),
        )


def _chapters(transcript: Transcript, rate: Fraction) -> Iterator[Marker]:
    for chapter in transcript.chapters:
        start, duration = _frames(chapter.start, chapter.end, rate)
        note = clean(chapter.summary or "")
        name = clean(chapter.title)
        yield Marker(kind="chapter", start=start, duration=duration, name=name, note=note)


def _segments(transcript: Transcript, options: RenderOptions, rate: Fraction) -> Iterator[Marker]:
    names = SpeakerNames.of(transcript, options)
    for segment in transcript.segments:
        if not (text := clean(segment.text)):
            continue
        start, duration = _frames(segment.start, segment.end, rate)
        name = names.get(segment.speaker)
        said = f"{name}: {text}" if name else text
        yield Marker(kind="segment", start=start, duration=duration, name=said)


def _frames(start_s: float, end_s: float, rate: Fraction) -> tuple[int, int]:
    start = round(start_s * rate)
    return start, max(round(end_s * rate) - start, 1)
