"""ELAN's annotations: a tier for each speaker, and its words below it.

Reference:
    MPI, ELAN Annotation Format 3.0.
"""

from collections.abc import Iterable, Iterator
from itertools import pairwise
from mimetypes import guess_type
from pathlib import PurePath
from typing import Any

from dalston_cli.formats.conventions import Convention, convention_of
from dalston_cli.formats.options import RenderOptions
from dalston_cli.formats.speakers import name_of
from dalston_cli.formats.utterances import marked, pieces_of
from dalston_cli.formats.xml_text import xml_text
from dalston_sdk.wire import Segment, Transcript

_NO_DATE = "1970-01-01T00:00:00+00:00"
"""The same transcript gives the same bytes."""
_NO_SPEAKER = "segments"

Span = tuple[int, int, str]
"""Start and end in milliseconds, and text."""


def render(transcript: Transcript, options: RenderOptions) -> str:
    """Return tiers ``NAME``, ``NAME: words`` and ``NAME: emotion``, and one of each event's label.

    Words are included in their segment's time. The recording is linked by its name. By a
    convention, segments have the pauses in them, and ``NAME: pauses`` has all of a speaker's.
    """
    from pympi.Elan import Eaf, to_string  # type: ignore[import-untyped]  # noqa: PLC0415 - only this format needs it; it has no types

    file = Eaf(author="Dalston")
    file.adocument["DATE"] = _NO_DATE
    file.remove_tier("default")
    file.add_linguistic_type("words", constraints="Included_In")
    name = xml_text(PurePath(transcript.recording.name).name)
    file.add_linked_file(name, relpath=f"./{name}", mimetype=guess_type(name)[0] or "audio/*")
    convention = convention_of(options)
    for speaker, segments in _by_speaker(transcript.segments).items():
        _add_speaker(file, speaker, segments, convention)
    events: dict[str, list[Span]] = {}
    for event in transcript.events:
        events.setdefault(event.label, []).append(_span(event.start, event.end, event.label))
    for label, spans in events.items():
        name = f"event: {xml_text(label)}"
        while name in file.tiers:  # a speaker has this name
            name += "'"
        _add_tier(file, name, _apart(spans))
    text: str = to_string(file, pretty=True)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text.rstrip()}\n'


def _by_speaker(segments: Iterable[Segment]) -> dict[str, list[Segment]]:
    found: dict[str, list[Segment]] = {}
    for segment in segments:
        speaker = xml_text(name_of(segment.speaker)) if segment.speaker else ""
        found.setdefault(speaker or _NO_SPEAKER, []).append(segment)
    return found or {_NO_SPEAKER: []}


def _add_speaker(
    file: Any,  # noqa: ANN401 - the library has no types
    speaker: str,
    segments: list[Segment],
    convention: Convention | None,
) -> None:
    participant = None if speaker == _NO_SPEAKER else speaker
    pieces = list(_apart(_written(each, convention) for each in segments))
    _add_tier(file, speaker, pieces, part=participant)
    if convention and (pauses := list(_apart(_pauses(segments, convention)))):
        _add_tier(file, f"{speaker}: pauses", pauses, part=participant)
    words = (
        _span(max(word.start, segment.start), min(word.end, segment.end), word.text)
        for segment in segments
        for word in segment.words
    )
    if spans := [span for span in _apart(words) if span[2]]:
        _add_tier(file, f"{speaker}: words", spans, part=participant, parent=speaker, ling="words")
    felt = (_span(each.start, each.end, each.emotion.label) for each in segments if each.emotion)
    if emotions := list(_apart(felt)):
        _add_tier(file, f"{speaker}: emotion", emotions, part=participant)


def _written(segment: Segment, convention: Convention | None) -> Span:
    text = marked(list(pieces_of([segment])), (), convention) if convention else segment.text
    return _span(segment.start, segment.end, text)


def _pauses(segments: list[Segment], convention: Convention) -> Iterator[Span]:
    """Yield the pauses of one speaker, between words where they have times."""
    for before, after in pairwise(pieces_of(segments)):
        if mark := convention.pause(after.start - before.end):
            yield _span(before.end, after.start, mark)


def _add_tier(file: Any, name: str, spans: Iterable[Span], **details: str | None) -> None:  # noqa: ANN401 - as above
    file.add_tier(name, **details)
    for start, end, text in spans:
        file.add_annotation(name, start, end, text)


def _span(start: float, end: float, text: str) -> Span:
    return round(start * 1000), round(end * 1000), xml_text(text)


def _apart(spans: Iterable[Span]) -> Iterator[Span]:
    """Yield the spans of a tier, none empty and none beginning before the last ends."""
    last = 0
    for start, end, text in sorted(spans):
        start = max(start, last)  # noqa: PLW2901 - the start that the tier has room for
        last = max(end, start + 1)
        yield start, last, text
