"""Plain text: one paragraph per line, blank lines between, speakers by name where they help."""

from dalston_cli.formats.options import RenderOptions
from dalston_cli.formats.paragraphs import paragraphs
from dalston_cli.formats.speakers import SpeakerNames
from dalston_sdk.wire import Transcript


def render(transcript: Transcript, options: RenderOptions) -> str:
    """Paragraphs, each ``NAME: text`` where speakers are shown; empty without any text."""
    names = SpeakerNames.of(transcript, options)
    texts = [
        f"{name}: {paragraph.text}" if (name := names.get(paragraph.speaker)) else paragraph.text
        for paragraph in paragraphs(transcript.segments)
    ]
    return "\n\n".join(texts) + "\n" if texts else ""
