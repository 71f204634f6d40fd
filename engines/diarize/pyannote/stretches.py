"""A long recording as overlapping stretches of the same length."""

from dataclasses import dataclass
from math import ceil

_MOST_OVERLAP_S = 60.0


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """A part of a recording, in seconds of the recording.

    Attributes:
        start, end: What is worked on.
        kept_from, kept_to: What is taken from it; these parts touch and do not overlap.
    """

    start: float
    end: float
    kept_from: float
    kept_to: float

    @property
    def duration_s(self) -> float:
        """Its length."""
        return self.end - self.start


def stretches_of(duration_s: float, most_s: float) -> list[Stretch]:
    """The stretches of a recording, each at most ``most_s`` long; none of an empty one.

    Two neighbours overlap by a minute, or by a quarter of a short stretch: who speaks there tells
    which speakers of both are the same. Each is taken up to the middle of the overlap.
    """
    if duration_s <= 0:
        return []
    overlap = min(_MOST_OVERLAP_S, most_s / 4)
    count = max(1, ceil((duration_s - overlap) / (most_s - overlap)))
    step = (duration_s - overlap) / count if count > 1 else duration_s
    cuts = [0.0, *(number * step + overlap / 2 for number in range(1, count)), duration_s]
    return [
        Stretch(
            start=number * step,
            end=min(duration_s, number * step + step + overlap),
            kept_from=cuts[number],
            kept_to=cuts[number + 1],
        )
        for number in range(count)
    ]
