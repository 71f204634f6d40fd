"""A transcript as a document for reading: title, facts, overview, and what was said, in blocks."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from dalston_cli.formats.conventions import convention_of
from dalston_cli.formats.corrections import corrections_of
from dalston_cli.formats.options import RenderOptions
from dalston_cli.formats.overview import Section, file_name_of, heading_of, owner_of, sections
from dalston_cli.formats.paragraphs import Paragraph, paragraphs
from dalston_cli.formats.script import clean
from dalston_cli.formats.speakers import SpeakerNames
from dalston_cli.formats.timestamp import clock
from dalston_cli.formats.utterances import utterances_of
from dalston_sdk.wire import Chapter, Transcript

Role = Literal["time", "place", "speaker", "emotion", "text", "event"]
"""``place`` is the time of what was said before it."""


@dataclass(frozen=True)
class Run:
    """Text of one role, on one line: what stands between runs is one space."""

    role: Role
    text: str


@dataclass(frozen=True)
class Block:
    """A paragraph of a kind; an ``item`` is one of a list."""

    kind: Literal["title", "part", "chapter", "note", "summary", "item", "speech", "event"]
    runs: tuple[Run, ...]


@dataclass(frozen=True)
class Facts:
    """A table of names and values."""

    rows: tuple[tuple[str, str], ...]


def document_of(transcript: Transcript, options: RenderOptions) -> Iterator[Block | Facts]:
    """Yield a transcript's blocks; events stand among the paragraphs, where they begin."""
    names = SpeakerNames.of(transcript, options)
    yield _block("title", heading_of(transcript))
    yield Facts(tuple(dict.fromkeys(facts_of(transcript))))  # the refining stage may be there twice
    yield from (_block("note", warning.message) for warning in transcript.warnings)
    overview = tuple(_overview(transcript, names))
    if overview:
        yield from overview
        yield _block("part", "Transcript")
    for section in sections(transcript):
        if section.chapter:
            yield _block("chapter", section.chapter.title)
        yield from _timeline(section, names, options)


def _block(kind: Literal["title", "part", "chapter", "note", "summary"], text: str) -> Block:
    return Block(kind, (Run("text", clean(text)),))


def _overview(transcript: Transcript, names: SpeakerNames) -> Iterator[Block]:
    if transcript.summary:
        yield _block("part", "Summary")
        yield _block("summary", transcript.summary)
    if transcript.action_items:
        yield _block("part", "Action items")
        for item in transcript.action_items:
            text = (Run("text", clean(item.text)), Run("place", _time(item.start).text))
            yield Block("item", (*_named(owner_of(item, names)), *text))
    if transcript.chapters:
        yield _block("part", "Chapters")
        yield from (Block("item", _listed(chapter)) for chapter in transcript.chapters)


def _listed(chapter: Chapter) -> tuple[Run, ...]:
    summary = f": {clean(chapter.summary)}" if chapter.summary else ""
    return _time(chapter.start), Run("text", f"{clean(chapter.title)}{summary}")


def _timeline(section: Section, names: SpeakerNames, options: RenderOptions) -> Iterator[Block]:
    timed: list[tuple[float, Block]]
    if convention := convention_of(options):
        said = utterances_of(section.segments, section.events, convention)
        timed = [
            (
                each.start,
                Block("speech", (*_named(names.get(each.speaker)), Run("text", each.text))),
            )
            for each in said
        ]
    else:
        timed = [
            (each.start, Block("speech", _said(each, names)))
            for each in paragraphs(section.segments)
        ]
    if convention is None or not timed:
        timed += (
            (event.start, Block("event", (Run("event", clean(event.label)),)))
            for event in section.events
        )
    for start, block in sorted(timed, key=lambda entry: entry[0]):
        shown = options.timestamps is not False
        yield Block(block.kind, (_time(start), *block.runs)) if shown else block


def _said(paragraph: Paragraph, names: SpeakerNames) -> tuple[Run, ...]:
    felt = (Run("emotion", ", ".join(paragraph.emotions)),) if paragraph.emotions else ()
    return (*_named(names.get(paragraph.speaker)), *felt, Run("text", paragraph.text))


def _named(name: str | None) -> tuple[Run, ...]:
    return (Run("speaker", name),) if name else ()


def _time(seconds: float) -> Run:
    return Run("time", clock(seconds, fraction=""))


def facts_of(transcript: Transcript) -> Iterator[tuple[str, str]]:
    """Yield names and values: the recording, the user's own columns, the models."""
    recording = transcript.recording
    yield from _of_the_file(transcript)
    yield "Duration", clock(recording.duration_s, fraction="")
    if recording.clip_start is not None or recording.clip_end is not None:
        end = "the end" if recording.clip_end is None else clock(recording.clip_end, fraction="")
        yield "Part", f"{clock(recording.clip_start or 0.0, fraction='')} to {end}"
    if recording.left_out:
        yield "Left out", ", ".join(_from_to(start, end) for start, end in recording.left_out)
    for name, value in recording.columns.items():
        yield name, str(value)
    if transcript.language:
        yield "Language", transcript.language
    for record in transcript.stages:
        if record.model:
            yield record.stage.capitalize(), f"{record.model} ({record.engine})"
    if corrections := corrections_of(transcript):
        yield "Corrections", corrections
    if transcript.status == "partial":
        yield "Status", "partial"


def _of_the_file(transcript: Transcript) -> Iterator[tuple[str, str]]:
    """Yield the recording's name, title and date, where the heading does not say them."""
    recording = transcript.recording
    if heading_of(transcript) != (name := file_name_of(transcript)):
        yield "Recording", name
    if transcript.title and recording.title:
        yield "Title", recording.title
    if recording.recorded:
        yield "Recorded", recording.recorded.at.replace("T", " ")


def _from_to(start: float, end: float) -> str:
    return f"{clock(start, fraction='')} to {clock(end, fraction='')}"
