"""How much work something is: a count, which no other process on the machine changes."""

import sys
from collections.abc import Callable
from types import FrameType


def calls_of(work: Callable[[], object]) -> int:
    """Return the number of functions that are called in this thread while something is done."""
    number = 0

    def count(frame: FrameType, event: str, argument: object) -> None:
        nonlocal number
        del frame, argument
        number += event in {"call", "c_call"}

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(before)
    return number
