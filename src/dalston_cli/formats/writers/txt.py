"""Plain text: one paragraph per line, blank lines between, speakers by name if that helps.

A language model's title, summary, chapters and action items come first, under their names.
"""

from collections.abc import Iterator

from dalston_cli.formats.conventions import convention_of
from dalston_cli.formats.layouts import layout_text
from dalston_cli.formats.options import RenderOptions
from dalston_cli.formats.overview import chapter_line, has_overview, owner_of
from dalston_cli.formats.paragraphs import Paragraph, paragraphs
from dalston_cli.formats.script import clean
from dalston_cli.formats.speakers import SpeakerNames
from dalston_cli.formats.timestamp import clock
from dalston_cli.formats.utterances import Utterance, utterances_of
from dalston_sdk.wire import ActionItem, Transcript


def render(transcript: Transcript, options: RenderOptions) -> str:
    """Return paragraphs, each ``NAME: text`` if speakers are shown; empty without any text.

    With the layout of a program for research, only what it imports.
    """
    if options.layout != "plain":
        return layout_text(transcript, options)
    names = SpeakerNames.of(transcript, options)
    blocks = list(_overview(transcript, names))
    for paragraph in _said(transcript, options):
        time = f"[{clock(paragraph.start, fraction='')}] " if options.timestamps else ""
        name = names.get(paragraph.speaker)
        blocks.append(f"{time}{f'{name}: ' if name else ''}{paragraph.text}")
    return "\n\n".join(blocks) + "\n" if blocks else ""


def _said(
    transcript: Transcript, options: RenderOptions
) -> Iterator[Paragraph] | Iterator[Utterance]:
    """Return the paragraphs, with pauses and events in them if a convention is asked for."""
    convention = convention_of(options)
    if convention is None:
        return paragraphs(transcript.segments)
    return utterances_of(transcript.segments, transcript.events, convention)


def _overview(transcript: Transcript, names: SpeakerNames) -> Iterator[str]:
    if not has_overview(transcript):
        return
    if transcript.title:
        yield clean(transcript.title)
    if transcript.summary:
        yield f"Summary\n{clean(transcript.summary)}"
    if transcript.chapters:
        yield "\n".join(("Chapters", *(chapter_line(each) for each in transcript.chapters)))
    if transcript.action_items:
        yield "\n".join(("Action items", *(_item(each, names) for each in transcript.action_items)))
    yield "Transcript"


def _item(item: ActionItem, names: SpeakerNames) -> str:
    owner = owner_of(item, names)
    return f"- {clean(item.text)}{f' ({owner})' if owner else ''}"
