"""SubRip subtitles.

SubRip has no way to escape, so what players would read as a tag or an override becomes its
full-width look-alikes. An arrow of a time line in the text becomes ``→``, because readers search
for it.
"""

from dalston_cli.formats.look_alikes import OVERRIDES_AND_TAGS
from dalston_cli.formats.options import RenderOptions
from dalston_cli.formats.speakers import SpeakerNames
from dalston_cli.formats.subtitles.cues import build_cues, rendered
from dalston_cli.formats.timestamp import clock
from dalston_sdk.wire import Transcript


def render(transcript: Transcript, options: RenderOptions) -> str:
    """Return numbered cues, with a speaker's name before the first words after another's."""
    names = SpeakerNames.of(transcript, options)
    mark = ("<u>", "</u>") if options.subtitles.highlight_words else None
    blocks = (
        f"{clock(start, fraction=',')} --> {clock(end, fraction=',')}\n{text}\n"
        for cue in build_cues(transcript, options.subtitles, names.get)
        for start, end, text in rendered(cue, _escape, mark)
    )
    return "\n".join(f"{number}\n{block}" for number, block in enumerate(blocks, start=1))


def _escape(text: str) -> str:
    return text.replace("-->", "→").translate(OVERRIDES_AND_TAGS)
