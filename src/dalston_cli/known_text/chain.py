"""Anchors: runs of tokens that are once in a text and once in a recording, in the same order.

Reference:
    B. Cohen, "Patience Diff Advantages" (2010): what is unique on both sides is aligned first, by
    the longest common order; the rest between is aligned by other means.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence

Pair = tuple[int, int]
"""The places of one token: in the text, and in what was recognised."""

_LENGTHS = (5, 4, 3, 2, 1)
"""Tokens in a row, longest first: long runs are hardly ever the same by chance."""


def anchors(
    known: Sequence[int], spoken: Sequence[int], area: tuple[int, int, int, int]
) -> list[Pair]:
    """Return pairs of equal tokens in an area, each further on than the one before on both sides.

    Args:
        known: Numbers of the text's tokens.
        spoken: Numbers of the tokens that were recognised.
        area: First and last bounds in both.
    """
    first, last, begin, end = area
    for length in _LENGTHS:
        mine = _once(known, first, last, length)
        theirs = _once(spoken, begin, end, length)
        both = [(at, place) for run, at in mine.items() if (place := theirs.get(run)) is not None]
        chain = _longest_order(sorted(both))
        if chain:
            return list(_tokens_of(chain, length))
    return []


def _once(tokens: Sequence[int], first: int, last: int, length: int) -> dict[tuple[int, ...], int]:
    """Return the places of runs that are there once."""
    found: dict[tuple[int, ...], int] = {}
    often = -1
    for at in range(first, last - length + 1):
        run = tuple(tokens[at : at + length])
        found[run] = often if run in found else at
    return {run: at for run, at in found.items() if at != often}


def _longest_order(pairs: Sequence[Pair]) -> list[Pair]:
    """Return the longest part of pairs, which are in order on one side, in order on the other."""
    ends: list[int] = []
    places: list[int] = []
    before = [-1] * len(pairs)
    for number, (_, place) in enumerate(pairs):
        at = bisect_left(ends, place)
        before[number] = places[at - 1] if at else -1
        if at == len(ends):
            ends.append(place)
            places.append(number)
        else:
            ends[at], places[at] = place, number
    chain: list[Pair] = []
    number = places[-1] if places else -1
    while number >= 0:
        chain.append(pairs[number])
        number = before[number]
    return chain[::-1]


def _tokens_of(chain: Sequence[Pair], length: int) -> Iterator[Pair]:
    """Yield the tokens of runs that follow each other and may overlap."""
    next_known = next_spoken = 0
    for known, spoken in chain:
        for step in range(length):
            if known + step >= next_known and spoken + step >= next_spoken:
                yield known + step, spoken + step
                next_known, next_spoken = known + step + 1, spoken + step + 1
