"""SubRip subtitles, as any program writes them."""

import re
from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path

from dalston_cli.formats.readers.cues import Cue, from_cues
from dalston_cli.formats.readers.errors import MalformedFileError
from dalston_sdk.wire import Transcript

_NO_SUBTITLE = "no subtitle as SubRip has them begins here"
_MARK = "[,.:\uff0c\uff0e\u3002\uff1a]"
_TIME = rf"[0-9]{{1,9}}{_MARK}[0-9]{{1,9}}{_MARK}[0-9]{{1,9}}(?:{_MARK}[0-9]{{0,9}})?"
_TIMES = re.compile(rf"\s*{_TIME} *-[ -] *> *{_TIME}(?![0-9])")
_LIKE_A_TIME = re.compile(rf"[0-9]+{_MARK}[0-9]+{_MARK}[0-9]")
_INDEX = re.compile(r"\s*-?[0-9]{1,30}(?:\.[0-9]*)?")
_LONG_NUMBER = re.compile(r"\s*-?[0-9]{31}")
"""The parser takes ages over more."""


def read(path: Path, text: str) -> Transcript:
    """Return a transcript with a segment for every subtitle.

    Raises:
        MalformedFileError: Something is no subtitle; the error has its line.
    """
    return from_cues(path, text, cues_of(path, text))


def cues_of(path: Path, text: str) -> list[Cue]:
    """Return every subtitle, in the order of the file.

    Raises:
        MalformedFileError: Something is no subtitle; the error has its line.
    """
    import srt  # type: ignore[import-untyped]  # it has none  # noqa: PLC0415 - only while such a file is read

    lines = _without_gaps(text)
    _check(path, lines)
    try:
        cues = [
            Cue(start=each.start.total_seconds(), end=each.end.total_seconds(), text=each.content)
            for each in srt.parse("\n".join(line for _, line in lines))
        ]
    except srt.SRTParseError as error:
        place = error.expected_start + len(error.unmatched_content)
        place -= len(error.unmatched_content.lstrip())
        raise MalformedFileError(path, _line_at(place, lines), _NO_SUBTITLE) from error
    except (ValueError, OverflowError) as error:
        raise MalformedFileError(path, None, f"no SubRip subtitles: {error}") from error
    if not cues and text.strip():
        raise MalformedFileError(path, 1, _NO_SUBTITLE)
    return cues


def _check(path: Path, lines: Sequence[tuple[int, str]]) -> None:
    """Refuse what the parser would search a subtitle in, character by character, for hours.

    It finds the next one at once where every place that looks like the beginning of a subtitle
    is one.
    """
    may_begin = True
    for place, (number, line) in enumerate(lines):
        begins = _TIMES.match(line) is not None
        if _LONG_NUMBER.match(line) or (may_begin and not begins and _LIKE_A_TIME.match(line)):
            raise MalformedFileError(path, number, _NO_SUBTITLE)
        is_index = _INDEX.fullmatch(line) is not None
        if place == 0 and not begins and not (is_index and _follows(lines)):
            raise MalformedFileError(path, number, _NO_SUBTITLE)
        may_begin = is_index or not line


def _follows(lines: Sequence[tuple[int, str]]) -> bool:
    """Return True if times follow the first line."""
    following = next((line for _, line in lines[1:3] if line), "")
    return _TIMES.match(following) is not None and following[:1].isdigit()


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
