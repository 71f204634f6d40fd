"""The order of a list's entries, and how much of the list is read for it."""

from collections.abc import Iterator
from itertools import count, islice
from typing import Any

import pytest

from dalston_cli.pipeline.remote.pages.newest import SAMPLE, newest_first

LONG = 3 * SAMPLE


class Listed:
    """Entries of a list, by their days; counts those that were read."""

    def __init__(self, *days: str) -> None:
        self.days = days
        self.read = 0

    def __iter__(self) -> Iterator[dict[str, Any]]:
        for place, day in enumerate(self.days):
            self.read += 1
            yield {"id": place, "upload_date": day}


def day(number: int) -> str:
    return f"{2000 + number // 300}{1 + number // 28 % 12:02}{1 + number % 28:02}"


def first(listed: Listed, wanted: int) -> list[int]:
    told: list[int] = []
    entries = newest_first(iter(listed), wanted, told.append)
    found = [each["id"] for each in islice(entries, wanted)]
    assert told == list(islice(count(1), len(told)))
    return found


FALLING = sorted(map(day, range(LONG)), reverse=True)


@pytest.mark.parametrize(
    ("days", "found", "read"),
    [
        pytest.param(FALLING, [0, 1], SAMPLE + 2, id="from new to old"),
        pytest.param(FALLING[::-1], [LONG - 1, LONG - 2], LONG, id="from old to new"),
        pytest.param([*FALLING[1:], FALLING[0]], [0, 1], SAMPLE + 2, id="new ones far behind"),
        pytest.param([FALLING[9], *FALLING], [1, 2], LONG + 1, id="an old one on top"),
        pytest.param(["20240517"] * LONG, [0, 1], LONG, id="all of one day"),
        pytest.param(["", *FALLING[::-1]], [0, 1], 2, id="without a day"),
        pytest.param(["20240101", "20240301", "", "20240501"], [0, 1], 3, id="one without a day"),
        pytest.param(["20240101", "20240301", "20240201"], [1, 2], 3, id="a short list"),
        pytest.param([], [], 0, id="an empty list"),
    ],
)
def test_the_newest_come_first_and_no_more_is_read_than_that_needs(
    days: list[str], found: list[int], read: int
) -> None:
    listed = Listed(*days)
    assert first(listed, 2) == found
    assert listed.read == read


def test_all_entries_come_once() -> None:
    for days in (FALLING, FALLING[::-1], ["", *FALLING]):
        found = [each["id"] for each in newest_first(iter(Listed(*days)), 2, lambda _: None)]
        assert sorted(found) == list(range(len(days)))
