"""Markdown for reading: a table, then paragraphs with times, speakers and emotions.

Events stand among the paragraphs, where they begin. A language model's summary, action items and
chapters have headings of their own.
"""

import re
from collections.abc import Iterator

from dalston_cli.formats.options import RenderOptions
from dalston_cli.formats.overview import Section, owner_of, sections
from dalston_cli.formats.paragraphs import Paragraph, paragraphs
from dalston_cli.formats.script import clean
from dalston_cli.formats.speakers import SpeakerNames
from dalston_cli.formats.timestamp import clock
from dalston_sdk.wire import ActionItem, Chapter, Transcript

_SPECIAL = re.compile(r"([\\`*_\[\]{}<>|~#$])")
_LIST_LIKE = re.compile(r"^(\d+)([.)])(?=\s|$)|^([-+=])")


def render(transcript: Transcript, options: RenderOptions) -> str:
    """Return title, table, warnings and paragraphs; Markdown's own marks in text are escaped."""
    names = SpeakerNames.of(transcript, options)
    heading = transcript.title or transcript.recording.name
    blocks = [f"# {_escape(heading)}", _table(transcript)]
    blocks += (f"> {_escape(warning.message)}" for warning in transcript.warnings)
    overview = list(_overview(transcript, names))
    if overview:
        blocks += (*overview, "## Transcript")
    for section in sections(transcript):
        if section.chapter:
            blocks.append(f"### {_escape(section.chapter.title)}")
        blocks += _timeline(section, names)
    return "\n\n".join(blocks) + "\n"


def _timeline(section: Section, names: SpeakerNames) -> Iterator[str]:
    texts = [(one.start, _paragraph(one, names)) for one in paragraphs(section.segments)]
    events = [(one.start, f"*[{_escape(one.label)}]*") for one in section.events]
    for start, text in sorted([*texts, *events], key=lambda entry: entry[0]):
        yield f"{_time(start)} {text}"


def _paragraph(paragraph: Paragraph, names: SpeakerNames) -> str:
    name = names.get(paragraph.speaker)
    parts = [f"**{_escape(name)}:**"] if name else []
    if paragraph.emotions:
        parts.append(f"*({_escape(', '.join(paragraph.emotions))})*")
    return " ".join([*parts, _escape(paragraph.text)])


def _overview(transcript: Transcript, names: SpeakerNames) -> Iterator[str]:
    if transcript.summary:
        yield "## Summary"
        yield _escape(transcript.summary)
    if transcript.action_items:
        yield "## Action items"
        yield "\n".join(_item(each, names) for each in transcript.action_items)
    if transcript.chapters:
        yield "## Chapters"
        yield "\n".join(_chapter(each) for each in transcript.chapters)


def _item(item: ActionItem, names: SpeakerNames) -> str:
    owner = owner_of(item, names)
    prefix = f"**{_escape(owner)}:** " if owner else ""
    return f"- {prefix}{_escape(item.text)} ({_time(item.start)})"


def _chapter(chapter: Chapter) -> str:
    summary = f": {_escape(chapter.summary)}" if chapter.summary else ""
    return f"- {_time(chapter.start)} {_escape(chapter.title)}{summary}"


def _time(seconds: float) -> str:
    return f"`{clock(seconds, fraction='')}`"


def _from_to(start: float, end: float) -> str:
    return f"{clock(start, fraction='')} to {clock(end, fraction='')}"


def _table(transcript: Transcript) -> str:
    facts = dict.fromkeys(_facts(transcript))  # the refining stage may be there twice
    rows = "\n".join(f"| {_escape(name)} | {_escape(value)} |" for name, value in facts)
    return f"| | |\n|---|---|\n{rows}"


def _facts(transcript: Transcript) -> Iterator[tuple[str, str]]:
    recording = transcript.recording
    if transcript.title:
        yield "Recording", recording.name
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
    if transcript.status == "partial":
        yield "Status", "partial"


def _escape(text: str) -> str:
    escaped = _SPECIAL.sub(r"\\\1", clean(text).replace("&", "&amp;"))
    return _LIST_LIKE.sub(_escape_list, escaped)


def _escape_list(match: re.Match[str]) -> str:
    number, mark, bullet = match.groups()
    return f"\\{bullet}" if bullet else f"{number}\\{mark}"
