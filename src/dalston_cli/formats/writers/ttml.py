"""TTML subtitles in the text profile of IMSC, as broadcasters and streaming services take them.

Reference:
    W3C, TTML Profiles for Internet Media Subtitles and Captions 1.1, Text Profile.
"""

from collections.abc import Iterator
from xml.sax.saxutils import escape, quoteattr

from dalston_cli.formats.corrections import corrections_of
from dalston_cli.formats.options import RenderOptions
from dalston_cli.formats.overview import heading_of
from dalston_cli.formats.speakers import SpeakerNames
from dalston_cli.formats.subtitles.cues import build_cues, rendered
from dalston_cli.formats.timestamp import clock
from dalston_cli.formats.xml_text import xml_text
from dalston_sdk.wire import Transcript

_TT = "http://www.w3.org/ns/ttml"
_HEAD = f"""\
<?xml version="1.0" encoding="UTF-8"?>
<tt xmlns="{_TT}" xmlns:ttp="{_TT}#parameter" xmlns:tts="{_TT}#styling"
    xmlns:ttm="{_TT}#metadata" xml:lang=%s
    ttp:timeBase="media" ttp:contentProfiles="{_TT}/profile/imsc1.1/text">
<head>
<metadata><ttm:title>%s</ttm:title>%s</metadata>
<styling>
<initial tts:fontFamily="proportionalSansSerif" tts:color="white"/>
</styling>
<layout>
<region xml:id="bottom" tts:origin="10%% 10%%" tts:extent="80%% 80%%" tts:displayAlign="after"
        tts:textAlign="center" tts:showBackground="whenActive"/>
</layout>
</head>
<body region="bottom">
<div>
"""
_END = "</div>\n</body>\n</tt>\n"
_UNDERLINED = ('<span tts:textDecoration="underline">', "</span>")


def render(transcript: Transcript, options: RenderOptions) -> str:
    """Return the document; each cue is a paragraph in one region at the bottom."""
    title = escape(xml_text(heading_of(transcript)))
    corrections = corrections_of(transcript)
    about = f"<ttm:desc>{escape(corrections)}</ttm:desc>" if corrections else ""
    head = _HEAD % (quoteattr(xml_text(transcript.language or "")), title, about)
    return head + "".join(_paragraphs(transcript, options)) + _END


def _paragraphs(transcript: Transcript, options: RenderOptions) -> Iterator[str]:
    names = SpeakerNames.of(transcript, options)
    mark = _UNDERLINED if options.subtitles.highlight_words else None
    for cue in build_cues(transcript, options.subtitles, names.get):
        for start, end, text in rendered(cue, _escape, mark):
            lines = text.replace("\n", "<br/>")
            yield f'<p begin="{clock(start)}" end="{clock(end)}"><span>{lines}</span></p>\n'


def _escape(text: str) -> str:
    return escape(xml_text(text))
