"""WebVTT subtitles, as any program writes them; voices become speakers.

Reference:
    W3C, WebVTT: The Web Video Text Tracks Format, sections 4.1 and 6.1.
"""

import re
from pathlib import Path

from dalston_cli.formats.readers.cues import Cue, from_cues
from dalston_cli.formats.readers.errors import MalformedFileError
from dalston_sdk.wire import Transcript

_TIME = r"(?:\d{2,10}:)?[0-5]\d:[0-5]\d\.\d{3}"
_TIMES = re.compile(rf"\s*{_TIME}\s*-->\s*{_TIME}(?:\s|$)")


def read(path: Path, text: str) -> Transcript:
    """Return a transcript with a segment for every cue.

    Raises:
        MalformedFileError: The header is missing, or a cue is malformed; the error has the line.
    """
    return from_cues(path, text, cues_of(path, text))


def cues_of(path: Path, text: str) -> list[Cue]:
    """Return every cue, in the order of the file.

    Raises:
        MalformedFileError: The header is missing, or a cue is malformed; the error has the line.
    """
    import webvtt  # noqa: PLC0415 - only while such a file is read
    from webvtt import errors  # noqa: PLC0415 - the same

    if not text.startswith("WEBVTT"):
        raise MalformedFileError(path, 1, "WebVTT begins with the word WEBVTT")
    for number, line in enumerate(text.split("\n"), start=1):
        if "-->" in line and not line.startswith("NOTE") and not _TIMES.match(line):
            problem = "no times as WebVTT has them: 00:00:01.000 --> 00:00:02.000"
            raise MalformedFileError(path, number, problem)
    try:
        captions = webvtt.from_string(text)
    except (errors.MalformedCaptionError, errors.MalformedFileError, ValueError) as error:
        raise MalformedFileError(path, None, f"no WebVTT: {error}") from error
    return [
        Cue(
            start=each.start_time.in_milliseconds() / 1000,
            end=each.end_time.in_milliseconds() / 1000,
            text=each.raw_text,
            speaker=each.voice,
        )
        for each in captions.captions
    ]
