"""A language model's summary of a transcript, as formats for reading show it."""

from collections.abc import Iterator, Sequence
from pathlib import PurePath

from msgspec import Struct

from dalston_cli.formats.script import clean
from dalston_cli.formats.speakers import SpeakerNames
from dalston_cli.formats.timestamp import clock
from dalston_sdk.wire import ActionItem, AudioEvent, Chapter, Segment, Transcript


class Section(Struct, frozen=True, kw_only=True):
    """Segments and events under a chapter's heading; None before the first chapter."""

    chapter: Chapter | None
    segments: tuple[Segment, ...]
    events: tuple[AudioEvent, ...]


def has_overview(transcript: Transcript) -> bool:
    """Return True if a language model wrote about the transcript, or its file has chapters."""
    return bool(
        transcript.title or transcript.summary or transcript.chapters or transcript.action_items
    )


def heading_of(transcript: Transcript) -> str:
    """Return the title: a language model's, or the file's, or else the file's name."""
    return transcript.title or transcript.recording.title or file_name_of(transcript)


def file_name_of(transcript: Transcript) -> str:
    """Return the recording's name without folders, which are not a reader's business."""
    name = transcript.recording.name
    return PurePath(name).name or name


def sections(transcript: Transcript) -> Iterator[Section]:
    """Yield segments and events by the chapter in which they begin; the first may have none."""
    chapters: Sequence[Chapter | None] = (None, *transcript.chapters)
    starts = [chapter.start for chapter in transcript.chapters]
    limits = zip((float("-inf"), *starts), (*starts, float("inf")), strict=True)
    for chapter, (start, end) in zip(chapters, limits, strict=True):
        segments = tuple(each for each in transcript.segments if start <= each.start < end)
        events = tuple(each for each in transcript.events if start <= each.start < end)
        if chapter or segments or events:
            yield Section(chapter=chapter, segments=segments, events=events)


def chapter_line(chapter: Chapter) -> str:
    """Return ``0:00:00 Title``, as video players read it."""
    return f"{clock(chapter.start, fraction='')} {clean(chapter.title)}"


def owner_of(item: ActionItem, names: SpeakerNames) -> str | None:
    """Return the name of the item's owner as the text shows it."""
    return clean(names.names.get(item.owner, item.owner)) if item.owner else None
