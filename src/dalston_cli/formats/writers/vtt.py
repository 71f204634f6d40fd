"""WebVTT subtitles, with each cue's speaker as a voice span.

Reference:
    W3C, WebVTT: The Web Video Text Tracks Format, sections 4.2.1 to 4.2.2.
"""

from html import escape

from dalston_cli.formats.corrections import corrections_of
from dalston_cli.formats.options import RenderOptions
from dalston_cli.formats.speakers import SpeakerNames
from dalston_cli.formats.subtitles.cues import build_cues, rendered
from dalston_cli.formats.timestamp import clock
from dalston_sdk.wire import Transcript


def render(transcript: Transcript, options: RenderOptions) -> str:
    """Return header and cues; ``>`` is escaped like ``&`` and ``<``, so no text is an arrow."""
    names = SpeakerNames.of(transcript, options)
    mark = ("<u>", "</u>") if options.subtitles.highlight_words else None
    blocks = ["WEBVTT\n"]
    if corrections := corrections_of(transcript):
        blocks.append(f"NOTE {corrections}\n")
    for cue in build_cues(transcript, options.subtitles):
        name = names.get(cue.speaker)
        voice = f"<v {_escape(name)}>" if name else ""
        blocks += (
            f"{clock(start)} --> {clock(end)}\n{voice}{text}\n"
            for start, end, text in rendered(cue, _escape, mark)
        )
    return "\n".join(blocks)


def _escape(text: str) -> str:
    return escape(text, quote=False)
