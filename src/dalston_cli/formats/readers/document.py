"""Checks of a JSON document before anything is made of it: its texts and its times."""

import re
from collections.abc import Iterator
from pathlib import Path

from dalston_cli.formats.readers.errors import LATEST_S, TOO_LATE, MalformedFileError

_SURROGATE = re.compile("[\ud800-\udfff]")
_TIMES = frozenset({"start", "end", "duration_s"})


def check_document(path: Path, document: object, *, own: bool) -> None:
    """Refuse texts that no file can hold, and times that no recording has.

    Args:
        path: For messages.
        document: What the file holds.
        own: Dalston wrote it, which never writes times that are none. Other programs do, and their
            readers know how.

    Raises:
        MalformedFileError: The message has the place, such as ``segments[0].text``.
    """
    waiting = [("", "", document)]
    while waiting:
        place, key, value = waiting.pop()
        if isinstance(value, str):
            _check_text(path, place, value)
        elif isinstance(value, dict):
            for name in value:
                _check_text(path, f"a key in {place or 'it'}", name)
            waiting += reversed(list(_members(place, value)))
            if own:
                _check_order(path, place, value)
        elif isinstance(value, list):
            each = [(f"{place}[{index}]", key, item) for index, item in enumerate(value)]
            waiting += reversed(each)
        elif key in _TIMES and isinstance(value, int | float):
            _check_time(path, place, value, own=own)


def _members(place: str, table: dict[str, object]) -> Iterator[tuple[str, str, object]]:
    for name, value in table.items():
        yield f"{place}.{name}" if place else name, name, value


def _check_time(path: Path, place: str, time_s: float, *, own: bool) -> None:
    if abs(time_s) > LATEST_S:
        raise MalformedFileError(path, None, f"{place} is {TOO_LATE}")
    if own and not time_s >= 0:  # NaN is not
        raise MalformedFileError(path, None, f"{place} is {time_s:g}, which is no time")


def _check_order(path: Path, place: str, table: dict[str, object]) -> None:
    start, end = table.get("start"), table.get("end")
    if isinstance(start, int | float) and isinstance(end, int | float) and end < start:
        raise MalformedFileError(path, None, f"{place} ends at {end:g} and starts at {start:g}")


def _check_text(path: Path, place: str, text: str) -> None:
    if not text.isascii() and _SURROGATE.search(text):
        raise MalformedFileError(path, None, f"{place} has half a character (a lone surrogate)")
