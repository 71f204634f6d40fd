"""WebVTT subtitles, with each cue's speaker as a voice span.

Reference:
    W3C, WebVTT: The Web Video Text Tracks Format, sections 4.2.1 to 4.2.2.
"""

from html import escape
from itertools import groupby
from operator import itemgetter

from dalston_cli.formats.corrections import corrections_of
from dalston_cli.formats.options import RenderOptions
from dalston_cli.formats.speakers import SpeakerNames
from dalston_cli.formats.subtitles.cues import Cue, build_cues, rendered
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
        blocks += (
            f"{clock(start)} --> {clock(end)}\n{_voiced(cue, text, names)}\n"
            for start, end, text in rendered(cue, _escape, mark)
        )
    return "\n".join(blocks)


def _voiced(cue: Cue, text: str, names: SpeakerNames) -> str:
    """Return a cue's text in its speaker's voice; several at once have a voice for their lines."""
    if not cue.speakers:
        return f"{_voice(cue.speaker, names)}{text}"
    lines = zip(cue.speakers, text.split("\n"), strict=True)
    return "\n".join(
        f"{voice}{said}</v>" if (voice := _voice(speaker, names)) else said
        for speaker, group in groupby(lines, key=itemgetter(0))
        for said in ["\n".join(line for _, line in group)]
    )


def _voice(speaker: str | None, names: SpeakerNames) -> str:
    name = names.get(speaker)
    return f"<v {_escape(name)}>" if name else ""


def _escape(text: str) -> str:
    return escape(text, quote=False)
