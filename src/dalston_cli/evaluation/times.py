"""Errors in the times of words that both have, found by an alignment of the texts."""

import statistics
from collections.abc import Iterator, Sequence

from msgspec import Struct

from dalston_cli.evaluation.counts import count_words
from dalston_cli.evaluation.material import Span
from dalston_cli.evaluation.normalising import Normalise


class TimeErrors(Struct, frozen=True, kw_only=True):
    """Differences of starts and of ends in ms, without sign, each in the order of the words."""

    starts_ms: tuple[float, ...]
    ends_ms: tuple[float, ...]

    def __add__(self, other: "TimeErrors") -> "TimeErrors":
        """Return the errors of both together."""
        starts, ends = self.starts_ms + other.starts_ms, self.ends_ms + other.ends_ms
        return TimeErrors(starts_ms=starts, ends_ms=ends)


def time_errors(
    reference: Sequence[Span], hypothesis: Sequence[Span], normalise: Normalise
) -> TimeErrors:
    """Compare the times of words that were recognised."""
    pairs = list(_same_words(_single(reference, normalise), _single(hypothesis, normalise)))
    return TimeErrors(
        starts_ms=tuple(1000 * abs(here.start - there.start) for there, here in pairs),
        ends_ms=tuple(1000 * abs(here.end - there.end) for there, here in pairs),
    )


def quantile(values: Sequence[float], per_cent: int) -> float | None:
    """Return the value below which so many in a hundred of all lie; None for none."""
    if not values[1:]:  # two are the least that the library takes before Python 3.13
        return values[0] if values else None
    return statistics.quantiles(values, n=100, method="inclusive")[per_cent - 1]


def _single(spans: Sequence[Span], normalise: Normalise) -> list[Span]:
    """Return words in the normaliser's form, without those that become none or several."""
    normal = (Span(start=one.start, end=one.end, name=normalise(one.name)) for one in spans)
    return [one for one in normal if one.name and " " not in one.name]


def _same_words(reference: list[Span], hypothesis: list[Span]) -> Iterator[tuple[Span, Span]]:
    names = [" ".join(one.name for one in side) for side in (reference, hypothesis)]
    there, here = 0, 0
    for step in count_words(*names)[1]:
        if step.kind == "equal":
            yield from zip(
                reference[there : there + len(step.reference)],
                hypothesis[here : here + len(step.hypothesis)],
                strict=True,
            )
        there, here = there + len(step.reference), here + len(step.hypothesis)
