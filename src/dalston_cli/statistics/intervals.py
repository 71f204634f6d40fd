"""Sets of intervals of time, in seconds; pure.

Reference:
    pyannote.core, ``Timeline.support`` and ``Timeline.duration``, for the same results.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple


class Interval(NamedTuple):
    """Time from ``start`` to ``end``."""

    start: float
    end: float

    @property
    def length_s(self) -> float:
        """Its length."""
        return self.end - self.start


def merged(intervals: Iterable[Interval], *, gap_s: float = 0.0) -> list[Interval]:
    """Return the union of intervals in time order; shorter gaps than ``gap_s`` are closed.

    Empty intervals are left out.
    """
    united: list[Interval] = []
    for one in sorted(each for each in intervals if each.end > each.start):
        if united and (one.start <= united[-1].end or one.start - united[-1].end < gap_s):
            united[-1] = Interval(united[-1].start, max(united[-1].end, one.end))
        else:
            united.append(one)
    return united


def total_s(intervals: Iterable[Interval]) -> float:
    """Return the sum of lengths; of the union, where they are merged."""
    return sum(each.length_s for each in intervals)


def common(first: Sequence[Interval], second: Sequence[Interval]) -> list[Interval]:
    """Return the intersection of two merged sets."""
    shared = []
    i = j = 0
    while i < len(first) and j < len(second):
        start = max(first[i].start, second[j].start)
        end = min(first[i].end, second[j].end)
        if start < end:
            shared.append(Interval(start, end))
        if first[i].end < second[j].end:
            i += 1
        else:
            j += 1
    return shared


def covered_twice(sets: Iterable[Sequence[Interval]]) -> list[Interval]:
    """Return the time that lies in at least two of several merged sets."""
    changes = sorted(
        change for one in sets for each in one for change in ((each.start, 1), (each.end, -1))
    )
    found: list[Interval] = []
    depth, since = 0, 0.0
    for time, step in changes:
        if depth == 1 and step == 1:
            since = time
        elif depth == 2 and step == -1 and time > since:  # noqa: PLR2004 - two at a time
            found.append(Interval(since, time))
        depth += step
    return merged(found)


def without(first: Sequence[Interval], second: Sequence[Interval]) -> list[Interval]:
    """Return what is in the first of two merged sets and not in the second."""
    left: list[Interval] = []
    for start, end in first:
        place = start
        for taken in second:
            if taken.start < end and taken.end > place:
                if taken.start > place:
                    left.append(Interval(place, taken.start))
                place = taken.end
        if place < end:
            left.append(Interval(place, end))
    return left
