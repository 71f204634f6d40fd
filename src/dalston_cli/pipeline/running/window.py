"""The order in which recordings are begun: the largest first, within what is read ahead.

The whole list is never sorted, so that a list of any length can be streamed.
"""

import heapq
from collections.abc import Iterator
from typing import Generic, TypeVar

Item = TypeVar("Item")

WINDOW_SIZE = 256


class LargestFirst(Generic[Item]):
    """Gives out items by falling size, looking a window ahead.

    Args:
        items: Pairs of size and item; a size of None counts as 0.
        window: How many items are looked at, at least 1.
    """

    def __init__(
        self, items: Iterator[tuple[int | None, Item]], *, window: int = WINDOW_SIZE
    ) -> None:
        self._items = enumerate(items)
        self._window = window
        self._heap: list[tuple[int, int, Item]] = []

    def __iter__(self) -> Iterator[Item]:
        return self

    def __next__(self) -> Item:
        while len(self._heap) < self._window:
            following = next(self._items, None)
            if following is None:
                break
            number, (size, item) = following
            heapq.heappush(self._heap, (-(size or 0), number, item))
        if not self._heap:
            raise StopIteration
        return heapq.heappop(self._heap)[2]
