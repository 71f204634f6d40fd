"""Markdown for reading: what the recording is, then paragraphs with times, speakers and emotions.

Events stand among the paragraphs, where they begin.
"""

import re
from collections.abc import Iterator

from dalston_cli.formats.options import RenderOptions
from dalston_cli.formats.paragraphs import Paragraph, paragraphs
from dalston_cli.formats.script import clean
from dalston_cli.formats.speakers import SpeakerNames
from dalston_cli.formats.timestamp import clock
from dalston_sdk.wire import Transcript

_SPECIAL = re.compile(r"([\\`*_\[\]{}<>|~#])")
_LIST_LIKE = re.compile(r"^(\d+)([.)])(?=\s|$)|^([-+=])")


def render(transcript: Transcript, options: RenderOptions) -> str:
    """A title, a table, warnings, paragraphs; Markdown's own marks in the text are escaped."""
    names = SpeakerNames.of(transcript, options)
    blocks = [f"# {_escape(transcript.recording.name)}", _table(transcript)]
    blocks += (f"> {_escape(warning.message)}" for warning in transcript.warnings)
    said = [(one.start, _said(one, names)) for one in paragraphs(transcript.segments)]
    heard = [(one.start, f"*[{_escape(one.label)}]*") for one in transcript.events]
    timeline = sorted([*said, *heard], key=lambda entry: entry[0])
    blocks += (f"`{clock(start, fraction='')}` {text}" for start, text in timeline)
    return "\n\n".join(blocks) + "\n"


def _said(paragraph: Paragraph, names: SpeakerNames) -> str:
    name = names.get(paragraph.speaker)
    parts = [f"**{_escape(name)}:**"] if name else []
    if paragraph.emotions:
        parts.append(f"*({_escape(', '.join(paragraph.emotions))})*")
    return " ".join([*parts, _escape(paragraph.text)])


def _table(transcript: Transcript) -> str:
    rows = "\n".join(f"| {name} | {_escape(value)} |" for name, value in _facts(transcript))
    return f"| | |\n|---|---|\n{rows}"


def _facts(transcript: Transcript) -> Iterator[tuple[str, str]]:
    recording = transcript.recording
    yield "Duration", clock(recording.duration_s, fraction="")
    if recording.clip_start is not None or recording.clip_end is not None:
        end = "the end" if recording.clip_end is None else clock(recording.clip_end, fraction="")
        yield "Part", f"{clock(recording.clip_start or 0.0, fraction='')} to {end}"
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
