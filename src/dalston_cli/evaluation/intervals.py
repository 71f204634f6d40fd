"""Intervals of error rates by the bootstrap over recordings.

Reference:
    Bisani and Ney, Bootstrap Estimates for Confidence Intervals in ASR Performance Evaluation
    (2004): recordings are drawn with replacement, and two systems are compared on the same draws.
"""

import random
from collections.abc import Sequence

from msgspec import Struct

from dalston_cli.evaluation.counts import Counts

LEAST_RECORDINGS = 5
"""With fewer, draws say nothing of other recordings."""

DRAWS = 1000
_SEED = 1
_TAIL = 0.025


class Interval(Struct, frozen=True, kw_only=True):
    """Where a figure lies in 95 of 100 draws."""

    low: float
    high: float


def interval(counts: Sequence[Counts]) -> Interval | None:
    """Return that of an error rate over recordings; None with too few of them."""
    return _interval([(each.errors, 0, each.length) for each in counts])


def difference(counts: Sequence[Counts], others: Sequence[Counts]) -> Interval | None:
    """Return that of one model's rate less another's, on the same recordings in the same order."""
    pairs = zip(counts, others, strict=True)
    return _interval([(one.errors, other.errors, one.length) for one, other in pairs])


def _interval(rows: Sequence[tuple[int, int, int]]) -> Interval | None:
    """Return the interval of errors, less the other errors, over length."""
    if len(rows) < LEAST_RECORDINGS:
        return None
    draw = random.Random(_SEED)  # noqa: S311 - no secret; the same figures each time
    rates = []
    for _ in range(DRAWS):
        drawn = draw.choices(rows, k=len(rows))
        if length := sum(row[2] for row in drawn):
            rates.append(sum(row[0] - row[1] for row in drawn) / length)
    if not rates:
        return None
    rates.sort()
    last = len(rates) - 1
    return Interval(low=rates[round(_TAIL * last)], high=rates[round((1 - _TAIL) * last)])
