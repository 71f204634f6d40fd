"""The day of a recording, and spans of days, as the index has them.

A day is kept as three words, for its year, month and day, so that a span of years is a few words.
"""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Literal, NamedTuple

from dalston_cli.errors import UsageError
from dalston_sdk.wire import RecordingInfo

_IN_NAME = re.compile(r"(?<!\d)((?:19|20)\d\d)([-_.]?)(0[1-9]|1[0-2])\2(0[1-9]|[12]\d|3[01])(?!\d)")
_GIVEN = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?")
_FIRST, _LAST = date(1900, 1, 1), date(2199, 12, 31)
_LAST_MONTH = 12
_LATEST_S = 2**63 / 1e9
"""The year 2262; a later time of change is an error of a clock or a disk."""

DaySource = Literal["column", "name", "recording", "file"]


class DateFilterError(UsageError):
    """A date of a query cannot be understood."""

    code = "query_date"

    def __init__(self, given: str) -> None:
        super().__init__(
            f"date:{given} is no date",
            hint="write date:2024, date:2024-05, date:2024-05-17 or date:2024-05..2024-07;"
            " one side of .. may be empty",
        )


class Day(NamedTuple):
    """The day of a recording, and how it is known.

    Attributes:
        source: ``column`` for the manifest's column ``date``; ``name`` for a date in the name of
            the recording; ``recording`` for its file's metadata; ``file`` for the day on which the
            transcript was written.
    """

    day: date
    source: DaySource


def day_of(recording: RecordingInfo, written_at_s: float) -> Day:
    """Return the day of a recording.

    Args:
        recording: What the transcript says of it.
        written_at_s: The time of change of the transcript's file, in seconds since 1970.
    """
    column = {name.lower(): value for name, value in recording.columns.items()}.get("date")
    if isinstance(column, str) and (day := _iso(column.strip()[:10])):
        return Day(day, "column")
    for found in reversed(list(_IN_NAME.finditer(recording.name))):
        if day := _iso("-".join(found.group(1, 3, 4))):
            return Day(day, "name")
    if recording.recorded and (day := _iso(recording.recorded.at[:10])):
        return Day(day, "recording")
    at_s = min(max(written_at_s, -_LATEST_S), _LATEST_S)
    return Day(datetime.fromtimestamp(at_s, UTC).date(), "file")


def words_of(day: date) -> str:
    """Return the words that stand for a day in the index."""
    return f"{day:%Y} {day:%Y%m} {day:%Y%m%d}"


def words_of_span(given: str) -> tuple[str, ...]:
    """Return the words of which a day in a span has one.

    Raises:
        DateFilterError: It is no span.
    """
    first_text, dots, last_text = given.partition("..")
    if not (first_text or last_text):
        raise DateFilterError(given)
    first = _bounds(first_text, given)[0] if first_text else _FIRST
    last = _bounds(last_text if dots else first_text, given)[1] if last_text or not dots else _LAST
    if first > last:
        raise DateFilterError(given)
    return tuple(_words_between(first, last))


def _words_between(first: date, last: date) -> Iterator[str]:
    day = first
    while day <= last:
        year_end = date(day.year, _LAST_MONTH, 31)
        month_end = _month_end(day)
        if (day.month, day.day) == (1, 1) and year_end <= last:
            yield f"{day:%Y}"
            day = year_end
        elif day.day == 1 and month_end <= last:
            yield f"{day:%Y%m}"
            day = month_end
        else:
            yield f"{day:%Y%m%d}"
        day += timedelta(days=1)


def _bounds(text: str, given: str) -> tuple[date, date]:
    found = _GIVEN.fullmatch(text)
    if found is None:
        raise DateFilterError(given)
    year, month, day = (None if each is None else int(each) for each in found.groups())
    try:
        first = date(year or 0, month or 1, day or 1)
    except ValueError as error:
        raise DateFilterError(given) from error
    if not _FIRST <= first <= _LAST:
        raise DateFilterError(given)
    if day:
        return first, first
    return first, _month_end(first) if month else date(first.year, _LAST_MONTH, 31)


def _month_end(day: date) -> date:
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def _iso(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
