"""Puts times in order: those of a recogniser may overlap, or lie outside of the recording."""

from collections.abc import Sequence
from itertools import pairwise

Span = tuple[float, float]


def in_order(spans: Sequence[Span], *, low: float, high: float, least: float = 0.01) -> list[Span]:
    """Move spans as little as needed for them to follow each other inside ``[low, high]``.

    Args:
        spans: Start and end in seconds, meant to be in time order; finite numbers.
        low: No span starts before; seconds.
        high: No span ends after; seconds, at least 2 ms per span after ``low``.
        least: The shortest length of a span, if there is room for it; seconds.

    Returns:
        As many spans, rounded to milliseconds, each ``start < end <= next start``.
    """
    low, high = round(low, 3), round(high, 3)
    if len(spans) * least > high - low:
        return _spread(len(spans), low, high)
    forward: list[Span] = []
    earliest = low
    for start, end in spans:
        placed = max(start, earliest)
        earliest = max(end, placed + least)
        forward.append((placed, earliest))
    backward: list[Span] = []
    latest = high
    for start, end in reversed(forward):
        bounded = min(end, latest)
        latest = min(start, bounded - least)
        backward.append((round(latest, 3), round(bounded, 3)))
    return backward[::-1]


def _spread(count: int, low: float, high: float) -> list[Span]:
    """Return ``count`` spans of the same length that fill ``[low, high]``."""
    edges = [round(low + (high - low) * index / count, 3) for index in range(count + 1)]
    return list(pairwise(edges))
