"""Praat's TextGrid: tiers of segments, words and emotions for each speaker, one for each event.

Reference:
    Praat manual, "TextGrid file formats": the long text format.
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise

from dalston_cli.formats.options import RenderOptions
from dalston_cli.formats.script import clean
from dalston_cli.formats.speakers import name_of
from dalston_sdk.wire import Segment, Transcript, Word

_SHORTEST_S = 0.001

Interval = tuple[float, float, str]


def render(transcript: Transcript, options: RenderOptions) -> str:  # noqa: ARG001 - the signature of a writer
    """Return tiers ``NAME``, ``NAME: words`` and ``NAME: emotion`` for each speaker.

    Without speakers the tiers are ``segments``, ``words`` and ``emotion``. Events are in
    ``event: LABEL``, a tier for each label, because they overlap.
    """
    from praatio.utilities.textgrid_io import (  # type: ignore[import-untyped]  # noqa: PLC0415 - only this format needs it; it has no types
        getTextgridAsStr,
    )

    named = list(_tiers(transcript))
    end = max([_end(transcript), *(interval[1] for _, tier in named for interval in tier)])
    tiers = [
        {"class": "IntervalTier", "name": name, "xmin": 0.0, "xmax": end, "entries": intervals}
        for name, intervals in named
    ]
    grid = {"xmin": 0.0, "xmax": end, "tiers": tiers}
    text: str = getTextgridAsStr(grid, format="long_textgrid", includeBlankSpaces=True)
    return text if text.endswith("\n") else text + "\n"


def _tiers(transcript: Transcript) -> Iterable[tuple[str, Sequence[Interval]]]:
    by_speaker: dict[str | None, list[Segment]] = {None: []} if not transcript.segments else {}
    for segment in transcript.segments:
        by_speaker.setdefault(segment.speaker, []).append(segment)
    for speaker, segments in by_speaker.items():
        name = name_of(speaker) if speaker else None
        yield name or "segments", _apart(_intervals(segments))
        if words := [word for segment in segments for word in segment.words]:
            yield f"{name}: words" if name else "words", _apart(_intervals(words))
        if emotions := [
            (one.start, one.end, clean(one.emotion.label)) for one in segments if one.emotion
        ]:
            yield f"{name}: emotion" if name else "emotion", _apart(sorted(emotions))
    events: dict[str, list[Interval]] = {}
    for event in transcript.events:
        label = clean(event.label)
        events.setdefault(label, []).append((event.start, event.end, label))
    for label, intervals in events.items():
        yield f"event: {label}", _apart(sorted(intervals))


def _intervals(items: Iterable[Segment | Word]) -> list[Interval]:
    return sorted((item.start, item.end, clean(item.text)) for item in items)


def _apart(intervals: Sequence[Interval]) -> list[Interval]:
    """Return one tier's intervals, each ending before the next begins, and none empty."""
    starts: list[float] = []
    for start, _, _ in intervals:
        starts.append(max(start, starts[-1] + _SHORTEST_S) if starts else start)
    limits = pairwise([*starts, float("inf")])
    return [
        (round(start, 3), round(max(min(end, following), start + _SHORTEST_S), 3), text)
        for (_, end, text), (start, following) in zip(intervals, limits, strict=True)
    ]


def _end(transcript: Transcript) -> float:
    """Return the end of the transcribed part of the recording, in seconds."""
    start = transcript.recording.clip_start or 0.0
    return round(start + transcript.recording.duration_s, 3)
