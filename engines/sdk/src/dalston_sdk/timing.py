"""Puts times in order: what a recogniser says about time is not always possible."""

from collections.abc import Sequence
from itertools import pairwise

Span = tuple[float, float]


def in_order(spans: Sequence[Span], *, low: float, high: float, least: float = 0.01) -> list[Span]:
    """Spans that follow each other inside ``[low, high]``, moved as little as that needs.

    Args:
        spans: Start and end in seconds, meant to be in time order; finite numbers.
        low: No span starts before; seconds.
        high: No span ends after; seconds, at least 2 ms per span after ``low``.
        least: How long every span is at least where there is room; seconds.

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
    """``count`` spans of the same length that fill ``[low, high]``."""
    edges = [round(low + (high - low) * index / count, 3) for index in range(count + 1)]
    return list(pairwise(edges))
