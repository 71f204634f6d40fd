"""The order in which recordings are begun."""

import heapq
from collections.abc import Iterator
from typing import TypeVar

WINDOW_SIZE = 256
"""Recordings among which the largest is begun first."""

Item = TypeVar("Item")


def largest_first(
    items: Iterator[tuple[int | None, Item]], *, window: int = WINDOW_SIZE
) -> Iterator[Item]:
    """Yield items by falling size, looking a window ahead, so that a list of any length streams.

    Args:
        items: Pairs of size and item; a size of None counts as 0.
        window: How many items are looked at, at least 1.
    """
    heap: list[tuple[int, int, Item]] = []
    for number, (size, item) in enumerate(items):
        heapq.heappush(heap, (-(size or 0), number, item))
        if len(heap) >= window:
            yield heapq.heappop(heap)[2]
    while heap:
        yield heapq.heappop(heap)[2]
