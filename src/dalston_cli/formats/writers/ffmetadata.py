"""Chapters for ffmpeg: ``ffmpeg -i talk.m4a -i talk.ffmetadata -map_metadata 1 -c copy out.m4a``.

Reference:
    FFmpeg Formats Documentation, section Metadata.
"""

import re

from dalston_cli.formats.options import RenderOptions
from dalston_cli.formats.script import clean
from dalston_sdk.wire import Transcript

_SPECIAL = re.compile(r"([=;#\\])")


def render(transcript: Transcript, options: RenderOptions) -> str:  # noqa: ARG001 - the signature of a writer
    """Return the title, and every chapter with start and end in milliseconds."""
    lines = [";FFMETADATA1"]
    if transcript.title:
        lines.append(f"title={_escape(transcript.title)}")
    for chapter in transcript.chapters:
        start, end = round(chapter.start * 1000), round(chapter.end * 1000)
        lines += ("[CHAPTER]", "TIMEBASE=1/1000", f"START={start}", f"END={max(end, start + 1)}")
        lines.append(f"title={_escape(chapter.title)}")
    return "\n".join(lines) + "\n"


def _escape(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", clean(text))
