"""Cues of subtitles become a transcript."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import unescape
from pathlib import Path

from dalston_cli.formats.readers.errors import LATEST_S, TOO_LATE, MalformedFileError
from dalston_cli.formats.readers.foreign import Spoken, transcript_of
from dalston_sdk.wire import Transcript

_TIME_LINE = re.compile(r"\s*[\d:.,]+\s*-->")
_MARKUP = re.compile(r"</?[A-Za-z0-9][^<>]*>|\{\\[^{}]*\}")
"""Tags as SubRip and WebVTT have them, inner times of WebVTT, and positions such as ``{\\an8}``."""


@dataclass(frozen=True, kw_only=True)
class Cue:
    """A subtitle: times in seconds, text with its markup."""

    start: float
    end: float
    text: str
    speaker: str | None = None


def plain_lines(text: str) -> tuple[str, ...]:
    """Return a cue's lines as they are shown, without markup.

    Raises:
        ValueError: The number of a character has thousands of digits.
    """
    return tuple(unescape(_MARKUP.sub("", line)).strip() for line in text.split("\n"))


def from_cues(path: Path, text: str, cues: Sequence[Cue]) -> Transcript:
    """Return a transcript with a segment for every cue that has text.

    Args:
        path: The file, for its name and for messages.
        text: The whole file, in which the lines of the cues are found.
        cues: In the order of the file.

    Raises:
        MalformedFileError: A cue ends too early or too late, or has an impossible character.
    """
    lines = [number for number, line in enumerate(text.split("\n"), 1) if _TIME_LINE.match(line)]
    spoken = []
    for index, cue in enumerate(cues):
        line = lines[index] if index < len(lines) else None
        if cue.end < cue.start:
            raise MalformedFileError(path, line, "the subtitle ends before it begins")
        if cue.end > LATEST_S:
            raise MalformedFileError(path, line, f"the subtitle ends {TOO_LATE}")
        try:
            plain = " ".join(unescape(_MARKUP.sub("", cue.text)).split())
        except ValueError as error:  # the number of a character has thousands of digits
            raise MalformedFileError(path, line, "the subtitle has no such character") from error
        spoken.append(Spoken(start=cue.start, end=cue.end, text=plain, speaker=cue.speaker))
    return transcript_of(path, spoken)
