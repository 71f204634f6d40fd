"""The order of a list's entries: the newest first, with no more of it read than that needs."""

from collections.abc import Callable, Iterator, Mapping
from itertools import chain
from typing import Any

Info = Mapping[str, Any]

SAMPLE = 50
"""A list of which so many entries more than are wanted run from new to old does so to its end."""


def newest_first(
    entries: Iterator[Info], wanted: int, tell: Callable[[int], None]
) -> Iterator[Info]:
    """Yield a list's entries by day, the newest first, if all have one; else in the list's order.

    The first entry without a day ends the search for the newest, and so do ``SAMPLE`` entries more
    than are wanted that run from new to old.

    Args:
        entries: Those of the list, each read when it is asked for.
        wanted: How many will be used; more where some of them cannot be.
        tell: Takes how many are read, after each.
    """
    read: list[Info] = []
    days: list[str] = []
    for each in entries:
        read.append(each)
        days.append(flat_day(each))
        tell(len(read))
        if not days[-1]:
            break
        if len(read) == wanted + SAMPLE and _falls(days):
            break
    else:
        order = sorted(range(len(read)), key=lambda index: days[index], reverse=True)
        read = [read[index] for index in order]
    yield from chain(read, entries)


def _falls(days: list[str]) -> bool:
    """Return True if days run from new to old; not if all are one."""
    return days == sorted(days, reverse=True) and days[0] != days[-1]


def flat_day(info: Info) -> str:
    """Return what orders an entry of a list by its day; empty where the list does not say it."""
    when = info.get("timestamp")
    return f"{int(when) // 86_400:012}" if isinstance(when, int | float) else day_of(info)


def day_of(info: Info) -> str:
    """Return the day of publication that a site says, as ``2024-05-17``; empty for none."""
    found = next(filter(None, (info.get("upload_date"), info.get("release_date"))), "")
    digits = str(found)
    is_day = len(digits) == len("20240517") and digits.isdecimal()
    return f"{digits[:4]}-{digits[4:6]}-{digits[6:]}" if is_day else ""
