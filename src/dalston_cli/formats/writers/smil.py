"""The media overlay of a chapter of an EPUB: which clip of the recording belongs to which text.

Reference:
    W3C, EPUB 3.3, section 9.2, Media overlay documents.
"""

from pathlib import Path
from urllib.parse import quote
from xml.sax.saxutils import quoteattr

from dalston_cli.formats.options import RenderOptions
from dalston_cli.formats.overlay import Span, clips_of, text_file
from dalston_cli.formats.page.audio import audio_link
from dalston_cli.formats.timestamp import clock
from dalston_sdk.wire import Transcript

_HEAD = """\
<?xml version="1.0" encoding="UTF-8"?>
<smil xmlns="http://www.w3.org/ns/SMIL" xmlns:epub="http://www.idpf.org/2007/ops" version="3.0">
<body epub:textref=%s>
"""
_END = "</body>\n</smil>\n"


def render(transcript: Transcript, options: RenderOptions) -> str:
    """Return the document; the text is that of -f xhtml, of the same name."""
    text = quote(text_file(transcript, options), errors="surrogateescape")
    name = transcript.recording.name
    audio = audio_link(name, options.folder) or quote(Path(name).name, errors="replace")
    audio = audio.removeprefix("./")
    clips = clips_of(transcript, options)
    return _HEAD % quoteattr(text) + "".join(_clip(each, text, audio) for each in clips) + _END


def _clip(span: Span, text: str, audio: str) -> str:
    times = f'clipBegin="{clock(span.start)}" clipEnd="{clock(span.end)}"'
    return (
        f'<par id="c{span.id}"><text src={quoteattr(f"{text}#{span.id}")}/>'
        f"<audio src={quoteattr(audio)} {times}/></par>\n"
    )
