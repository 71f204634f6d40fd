"""Advanced SubStation Alpha subtitles; each speaker is the event's actor and is named in the text.

The format has no way to escape braces and backslashes that all players understand, so they become
their full-width look-alikes.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from dalston_cli.formats.corrections import corrections_of
from dalston_cli.formats.look_alikes import OVERRIDES
from dalston_cli.formats.options import RenderOptions
from dalston_cli.formats.overview import heading_of
from dalston_cli.formats.script import clean
from dalston_cli.formats.speakers import SpeakerNames
from dalston_cli.formats.subtitles.cues import Cue, build_cues, rendered
from dalston_sdk.wire import Transcript

if TYPE_CHECKING:
    from pysubs2 import SSAEvent

_ABOVE = "Above"
_END_S = 10 * 3600
"""The format has one digit for hours, and its library writes 9:59:59.99 for whatever is later."""


def unwritable(transcript: Transcript) -> str | None:
    """Return why a transcript cannot be written; None if it can."""
    if any(segment.end >= _END_S for segment in transcript.segments):
        return "it has no times from 10:00:00 on"
    return None


def render(transcript: Transcript, options: RenderOptions, above: Transcript | None = None) -> str:
    """Return the script; times are rounded to 1/100 s, the format's resolution.

    The text of ``above`` is shown at the top of the picture, at the same time, in a style of its
    own.
    """
    from pysubs2 import Alignment, SSAFile  # noqa: PLC0415 - only this format needs it

    script = SSAFile()
    script.info["Title"] = clean(heading_of(transcript))
    if corrections := corrections_of(transcript):
        script.info["Update Details"] = corrections
    script.info["WrapStyle"] = "2"  # no automatic line breaks
    script.extend(_events(transcript, options, "Default"))
    if above is not None:
        style = script.styles["Default"].copy()
        style.alignment = Alignment.TOP_CENTER
        script.styles[_ABOVE] = style
        script.extend(_events(above, options, _ABOVE))
        script.sort()
    return script.to_string("ass", header_notice="Written by Dalston")


def _events(transcript: Transcript, options: RenderOptions, style: str) -> "Iterator[SSAEvent]":
    from pysubs2 import SSAEvent  # noqa: PLC0415 - as above

    names = SpeakerNames.of(transcript, options)
    mark = (r"{\u1}", r"{\u0}") if options.subtitles.highlight_words else None
    for cue in build_cues(transcript, options.subtitles, names.get):
        actor = _actor(cue, names)
        for start, end, text in rendered(cue, _escape, mark):
            yield SSAEvent(
                start=_hundredths(start),
                end=max(_hundredths(end), _hundredths(start) + 10),
                name=actor,
                style=style,
                text=text.replace("\n", r"\N"),
            )


def _actor(cue: Cue, names: SpeakerNames) -> str:
    """Return the name of the cue's speaker, or of all who speak at once."""
    speakers = dict.fromkeys(cue.speakers or (cue.speaker,))
    return " / ".join(name for one in speakers if (name := names.get(one))).replace(",", ";")


def _hundredths(seconds: float) -> int:
    """Return milliseconds, rounded to 10."""
    return round(seconds * 100) * 10


def _escape(text: str) -> str:
    return text.translate(OVERRIDES)
