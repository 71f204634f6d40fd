"""A transcript as the markup of an ``article``, without page, style and script.

Its paragraphs have ``data-start`` and ``data-end`` in seconds, their times are ``time`` elements.
"""

from collections.abc import Iterator
from html import escape

from dalston_cli.formats.direction import is_right_to_left
from dalston_cli.formats.options import RenderOptions
from dalston_cli.formats.overview import Section, heading_of, owner_of, sections
from dalston_cli.formats.paragraphs import Paragraph, paragraphs
from dalston_cli.formats.script import clean
from dalston_cli.formats.speakers import SpeakerNames
from dalston_cli.formats.timestamp import clock
from dalston_sdk.wire import AudioEvent, Transcript


def article_of(transcript: Transcript, options: RenderOptions) -> str:
    """Return the markup; text is escaped, so that none of it becomes an element."""
    return "\n".join(_lines(transcript, options)) + "\n"


def _lines(transcript: Transcript, options: RenderOptions) -> Iterator[str]:
    names = SpeakerNames.of(transcript, options)
    times = options.timestamps is not False
    language = f' lang="{escape(transcript.language)}"' if transcript.language else ""
    yield f'<article class="dalston-transcript"{language}>'
    yield f"<h1>{_text(heading_of(transcript))}</h1>"
    yield from _overview(transcript, names)
    for section in sections(transcript):
        chapter = section.chapter
        start = f' data-start="{chapter.start:.3f}"' if chapter else ""
        yield f"<section{start}>"
        if chapter:
            yield f"<h2>{_text(chapter.title)}</h2>"
        yield from _timeline(section, names, times=times)
        yield "</section>"
    yield "</article>"


def _overview(transcript: Transcript, names: SpeakerNames) -> Iterator[str]:
    if transcript.summary:
        yield f'<p class="summary">{_text(transcript.summary)}</p>'
    if transcript.action_items:
        yield '<ul class="action-items">'
        for item in transcript.action_items:
            owner = owner_of(item, names)
            named = f"<b>{_text(owner)}:</b> " if owner else ""
            yield f'<li data-start="{item.start:.3f}">{named}{_text(item.text)}</li>'
        yield "</ul>"


def _timeline(section: Section, names: SpeakerNames, *, times: bool) -> Iterator[str]:
    timed = [
        (each.start, _paragraph(each, names, times=times)) for each in paragraphs(section.segments)
    ]
    timed += [(event.start, _event(event)) for event in section.events]
    yield from (line for _, line in sorted(timed, key=lambda entry: entry[0]))


def _paragraph(paragraph: Paragraph, names: SpeakerNames, *, times: bool) -> str:
    name = names.get(paragraph.speaker)
    parts = []
    if times:
        at = clock(paragraph.start, fraction="")
        parts.append(f'<time datetime="PT{paragraph.start:.3f}S">{at}</time>')
    if name:
        parts.append(f'<b class="speaker">{_text(name)}:</b>')
    direction = ' dir="rtl"' if is_right_to_left(paragraph.text) else ""
    parts.append(_text(paragraph.text))
    return f"<p{direction} {_times(paragraph.start, paragraph.end)}>{' '.join(parts)}</p>"


def _event(event: AudioEvent) -> str:
    return f'<p class="event" {_times(event.start, event.end)}><i>[{_text(event.label)}]</i></p>'


def _times(start: float, end: float) -> str:
    return f'data-start="{start:.3f}" data-end="{end:.3f}"'


def _text(text: str) -> str:
    return escape(clean(text))
