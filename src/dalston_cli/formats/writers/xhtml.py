"""The text of a chapter of an EPUB, in which each sentence, or word, has the id of its clip.

Reference:
    W3C, EPUB 3.3, sections 6.1, XHTML content documents, and 9.
"""

from xml.sax.saxutils import escape, quoteattr

from dalston_cli.formats.direction import is_right_to_left
from dalston_cli.formats.options import RenderOptions
from dalston_cli.formats.overlay import Span, paragraphs_of
from dalston_cli.formats.xml_text import xml_text
from dalston_sdk.wire import Transcript

_HEAD = """\
<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE html>
<html xmlns="http://www.w3.org/1999/xhtml"%s>
<head>
<meta charset="utf-8"/>
<title>%s</title>
<style>.-epub-media-overlay-active { background: #ffe680; color: #000; }</style>
</head>
<body>
"""
_END = "</body>\n</html>\n"


def render(transcript: Transcript, options: RenderOptions) -> str:
    """Return the page; -f smil has the times for it."""
    language = quoteattr(xml_text(transcript.language or "und"))
    attributes = f" lang={language} xml:lang={language}"
    if is_right_to_left(transcript.text):
        attributes += ' dir="rtl"'
    title = escape(xml_text(transcript.title or transcript.recording.name))
    blocks = (
        f"<p>{''.join(map(_marked, sentences))}</p>\n"
        for sentences in paragraphs_of(transcript, options)
    )
    return _HEAD % (attributes, title) + "".join(blocks) + _END


def _marked(span: Span) -> str:
    inner = "".join(map(_marked, span.parts)) or escape(xml_text(span.text))
    return f'{span.lead}<span id="{span.id}">{inner}</span>'
