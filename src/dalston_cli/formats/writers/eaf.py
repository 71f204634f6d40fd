"""ELAN's annotations: a tier for each speaker, and its words below it.

Reference:
    MPI, ELAN Annotation Format 3.0.
"""

from collections.abc import Iterable, Iterator
from mimetypes import guess_type
from pathlib import PurePath
from typing import Any

from dalston_cli.formats.options import RenderOptions
from dalston_cli.formats.speakers import name_of
from dalston_cli.formats.xml_text import xml_text
from dalston_sdk.wire import Segment, Transcript

_NO_DATE = "1970-01-01T00:00:00+00:00"
"""The same transcript gives the same bytes."""
_NO_SPEAKER = "segments"

Span = tuple[int, int, str]
"""Start and end in milliseconds, and text."""


def render(transcript: Transcript, options: RenderOptions) -> str:  # noqa: ARG001 - the signature of a writer
    """Return tiers ``NAME``, ``NAME: words`` and ``NAME: emotion``, and one of each event's label.

    Words are included in their segment's time. The recording is linked by its name.
    """
    from pympi.Elan import Eaf, to_string  # type: ignore[import-untyped]  # noqa: PLC0415 - only this format needs it; it has no types

    file = Eaf(author="Dalston")
    file.adocument["DATE"] = _NO_DATE
    file.remove_tier("default")
    file.add_linguistic_type("words", constraints="Included_In")
    name = xml_text(PurePath(transcript.recording.name).name)
    file.add_linked_file(name, relpath=f"./{name}", mimetype=guess_type(name)[0] or "audio/*")
    for speaker, segments in _by_speaker(transcript.segments).items():
        _add_speaker(file, speaker, segments)
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


def _add_speaker(file: Any, speaker: str, segments: list[Segment]) -> None:  # noqa: ANN401 - the library has no types
    participant = None if speaker == _NO_SPEAKER else speaker
    pieces = list(_apart(_span(each.start, each.end, each.text) for each in segments))
    _add_tier(file, speaker, pieces, part=participant)
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
