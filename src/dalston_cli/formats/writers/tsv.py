"""Tab-separated segments as whisper writes them: start and end in milliseconds, text.

For programs, so the text is exact; the spreadsheet's format is csv.
"""

from dalston_cli.formats.options import RenderOptions
from dalston_cli.formats.script import clean
from dalston_sdk.wire import Transcript


def render(transcript: Transcript, options: RenderOptions) -> str:  # noqa: ARG001 - the signature of a writer
    """Return a header, then one line per segment; tabs and line breaks in text become blanks."""
    rows = (
        f"{round(segment.start * 1000)}\t{round(segment.end * 1000)}\t{clean(segment.text)}\n"
        for segment in transcript.segments
    )
    return "start\tend\ttext\n" + "".join(rows)
