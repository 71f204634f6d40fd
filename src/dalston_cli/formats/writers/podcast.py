"""Chapters of a podcast, which its feed names as ``podcast:chapters``.

Reference:
    Podcasting 2.0, JSON Chapters Format, version 1.2.0.
"""

import msgspec

from dalston_cli.formats.options import RenderOptions
from dalston_cli.formats.script import clean
from dalston_sdk.wire import Transcript


def render(transcript: Transcript, options: RenderOptions) -> str:  # noqa: ARG001 - the signature of a writer
    """Return the JSON document; times in seconds."""
    document: dict[str, object] = {"version": "1.2.0"}
    if transcript.title:
        document["title"] = clean(transcript.title)
    document["chapters"] = [
        {
            "startTime": round(chapter.start, 3),
            "endTime": round(chapter.end, 3),
            "title": clean(chapter.title),
        }
        for chapter in transcript.chapters
    ]
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n"
