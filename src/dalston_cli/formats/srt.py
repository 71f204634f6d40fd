"""SubRip subtitles.

SubRip has no way to escape: text that looks like a tag stays as it is, and players may read it as
one. An arrow of a time line in the text becomes ``→``, because readers search for it.
"""

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
    return text.replace("-->", "→")
