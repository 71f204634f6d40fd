"""The order in which recordings are begun."""

from collections import deque
from collections.abc import Iterator, Sequence

from dalston_cli.settings.choices import Order

SHORT_SHARE = 0.1
"""With the longest first, the shortest get so much time for each second of the longest."""


def in_order(lengths: Sequence[float], order: Order) -> Iterator[int]:
    """Yield the places of all recordings in the order in which they are to be begun.

    The longest first keeps every engine at work to the end: whatever is begun last is not long.
    Short ones are begun in between, in a small part of the time, so that they do not wait for days
    of others; both ends meet in the middle.

    Args:
        lengths: Of each recording, in seconds or any other unit.
        order: What the user wants.
    """
    if order == "given":
        yield from range(len(lengths))
        return
    if order == "shortest":
        yield from sorted(range(len(lengths)), key=lengths.__getitem__)
        return
    left = deque(sorted(range(len(lengths)), key=lambda place: -lengths[place]))
    long = short = 0.0
    while left:
        if short < SHORT_SHARE * long:
            place = left.pop()
            short += lengths[place]
        else:
            place = left.popleft()
            long += lengths[place]
        yield place
