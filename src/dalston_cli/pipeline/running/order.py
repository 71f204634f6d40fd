"""The order in which recordings are begun."""

from collections import deque
from collections.abc import Iterator, Sequence

from dalston_cli.settings.choices import Order

SHORT_ONE_IN = 4
"""With the longest first, so many recordings are begun for each of the shortest."""


def in_order(lengths: Sequence[float], order: Order) -> Iterator[int]:
    """Yield the places of all recordings in the order in which they are to be begun.

    The longest first keeps every engine at work to the end: whatever is begun last is short. A
    short one is begun now and then, so that it does not wait for days of others; both ends meet
    in the middle. Of equal ones the first comes first.

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
    begun = 0
    while left:
        begun += 1
        yield left.popleft() if begun % SHORT_ONE_IN else left.pop()
