"""SubRip subtitles, as any program writes them."""

from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path

from dalston_cli.formats.readers.cues import Cue, from_cues
from dalston_cli.formats.readers.errors import MalformedFileError
from dalston_sdk.wire import Transcript

_LONGEST_NUMBER = 1000
"""Digits; the parser takes ages over more."""
_NO_SUBTITLE = "no subtitle as SubRip has them begins here"


def read(path: Path, text: str) -> Transcript:
    """Return a transcript with a segment for every subtitle.

    Raises:
        MalformedFileError: Something is no subtitle; the error has its line.
    """
    import srt  # type: ignore[import-untyped]  # it has none  # noqa: PLC0415 - only while such a file is read

    lines = _without_gaps(text)
    for number, line in lines:
        if len(line) > _LONGEST_NUMBER and line[:_LONGEST_NUMBER].isdigit():
            raise MalformedFileError(path, number, _NO_SUBTITLE)
    try:
        cues = [
            Cue(start=each.start.total_seconds(), end=each.end.total_seconds(), text=each.content)
            for each in srt.parse("\n".join(line for _, line in lines))
        ]
    except srt.SRTParseError as error:
        place = error.expected_start + len(error.unmatched_content)
        place -= len(error.unmatched_content.lstrip())
        raise MalformedFileError(path, _line_at(place, lines), _NO_SUBTITLE) from error
    except ValueError as error:
        raise MalformedFileError(path, None, f"no SubRip subtitles: {error}") from error
    if not cues and text.strip():
        raise MalformedFileError(path, 1, _NO_SUBTITLE)
    return from_cues(path, text, cues)


def _without_gaps(text: str) -> list[tuple[int, str]]:
    """Return numbers and lines, one for several empty ones: the parser takes ages over many."""
    kept: list[tuple[int, str]] = []
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip() or (kept and kept[-1][1]):
            kept.append((number, line.rstrip()))
    return kept


def _line_at(place: int, lines: Sequence[tuple[int, str]]) -> int:
    """Return the number, in the file, of the line with the character at ``place``."""
    ends = accumulate(len(line) + 1 for _, line in lines)
    return next((lines[i][0] for i, end in enumerate(ends) if place < end), lines[-1][0])
