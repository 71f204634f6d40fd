"""WebVTT subtitles, with each cue's speaker as a voice span.

Reference:
    W3C, WebVTT: The Web Video Text Tracks Format, sections 4.2.1 to 4.3.
"""

from collections.abc import Iterator
from html import escape
from itertools import groupby
from operator import itemgetter

from dalston_cli.formats.corrections import corrections_of
from dalston_cli.formats.options import RenderOptions
from dalston_cli.formats.speakers import SpeakerNames
from dalston_cli.formats.subtitles.cues import Cue, build_cues, rendered
from dalston_cli.formats.timestamp import clock
from dalston_sdk.wire import Transcript

_AT_THE_TOP = " line:0"
"""Setting of a cue, section 4.3."""


def render(transcript: Transcript, options: RenderOptions, above: Transcript | None = None) -> str:
    """Return header and cues; ``>`` is escaped like ``&`` and ``<``, so no text is an arrow.

    The cues of ``above`` are shown at the top of the picture, at the same time.
    """
    blocks = ["WEBVTT\n"]
    if corrections := corrections_of(transcript):
        blocks.append(f"NOTE {corrections}\n")
    cues = list(_cues(transcript, options, ""))
    if above is not None:
        cues = sorted([*cues, *_cues(above, options, _AT_THE_TOP)], key=itemgetter(0))
    return "\n".join([*blocks, *(text for _, text in cues)])


def _cues(
    transcript: Transcript, options: RenderOptions, setting: str
) -> Iterator[tuple[float, str]]:
    """Yield the start of each cue in seconds, and its block."""
    names = SpeakerNames.of(transcript, options)
    mark = ("<u>", "</u>") if options.subtitles.highlight_words else None
    for cue in build_cues(transcript, options.subtitles):
        for start, end, text in rendered(cue, _escape, mark):
            times = f"{clock(start)} --> {clock(end)}{setting}"
            yield start, f"{times}\n{_voiced(cue, text, names)}\n"


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
