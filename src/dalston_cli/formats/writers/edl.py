"""Markers for DaVinci Resolve, which reads them by Timelines, Import, Timeline Markers from EDL.

Each is an event of one frame, with its colour, name and duration on the line after it. A frame has
one marker in Resolve, so that a second one is a frame later. The library for edit lists
(OpenTimelineIO) writes markers in capitals, as Avid has them, which Resolve takes for clips'.

Resolve puts a marker where its timecode is on the timeline, so the list has to begin with the
timeline's own: by default as Resolve makes one, at 01:00:00:00 with 24 frames a second.

Reference:
    Blackmagic Design, DaVinci Resolve Reference Manual, "Exporting and Importing Markers as EDL";
    SMPTE ST 258, Transfer of Edit Decision Lists.
"""

from collections.abc import Iterator

from dalston_cli.formats.markers import Marker, Timeline
from dalston_cli.formats.options import RenderOptions
from dalston_cli.formats.subtitles.timecode import timecode
from dalston_sdk.wire import Transcript

_FRAME_RATE, _START = "24", (1, 0, 0, 0)
_COLOURS = {"chapter": "ResolveColorGreen", "segment": "ResolveColorBlue"}


def render(transcript: Transcript, options: RenderOptions) -> str:
    """Return the list: chapters are green, segments blue."""
    video = options.video(frame_rate=_FRAME_RATE, start=_START)
    timeline = Timeline.of(transcript, options, video)
    head = f"TITLE: {timeline.name}\nFCM: NON-DROP FRAME\n"
    return head + "".join(_events(timeline))


def _events(timeline: Timeline) -> Iterator[str]:
    free = 0
    for number, marker in enumerate(timeline.markers, start=1):
        frame = max(marker.start, free)
        free = frame + 1
        start, end = _time(timeline, frame), _time(timeline, free)
        yield f"\n{number:03d}  001      V     C        {start} {end} {start} {end}\n"
        yield f"{_note(marker)} |C:{_COLOURS[marker.kind]} |M:{_plain(marker.name)}"
        yield f" |D:{marker.duration}\n"


def _note(marker: Marker) -> str:
    """Return the note as a line may begin: after a digit it would be an event."""
    note = _plain(marker.note)
    return f"({note})" if note[:1].isdigit() else note


def _plain(text: str) -> str:
    return text.replace("|", "/")


def _time(timeline: Timeline, frame: int) -> str:
    return ":".join(f"{part:02d}" for part in timecode(timeline.first + frame, timeline.rate))
