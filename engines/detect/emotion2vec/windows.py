"""Segments cut into windows that a model can hear at once."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dalston_sdk.engine import SAMPLE_RATE
from dalston_sdk.wire import Segment

LEAST_SAMPLES = 400
"""25 ms; of less the model's convolutions have nothing left."""

LONGEST_S = 20.0
"""Every part of a window looks at every other, so that memory grows with its square."""


@dataclass(frozen=True, kw_only=True)
class Window:
    """A part of a segment.

    Attributes:
        segment_id: Whose part.
        start, end: Samples of the recording.
    """

    segment_id: int
    start: int
    end: int

    @property
    def num_samples(self) -> int:
        """Its length."""
        return self.end - self.start


def windows_of(segment: Segment, num_samples: int) -> tuple[Window, ...]:
    """The segment in as few parts of one length as it takes; none where it is too short.

    Args:
        segment: Its times may lie outside of the recording.
        num_samples: Of the recording.
    """
    start = min(max(round(segment.start * SAMPLE_RATE), 0), num_samples)
    end = min(max(round(segment.end * SAMPLE_RATE), 0), num_samples)
    if end - start < LEAST_SAMPLES:
        return ()
    count = math.ceil((end - start) / (LONGEST_S * SAMPLE_RATE))
    length = (end - start) // count
    return tuple(
        Window(segment_id=segment.id, start=start + part * length, end=start + (part + 1) * length)
        for part in range(count)
    )


def batches_of(windows: Sequence[Window], size: int) -> Iterator[tuple[Window, ...]]:
    """Windows that follow each other and are of one length, ``size`` at most.

    Padding would change what the model hears, so windows of different lengths do not go together.
    """
    first = 0
    while first < len(windows):
        last = first + 1
        while (
            last < min(first + size, len(windows))
            and windows[last].num_samples == windows[first].num_samples
        ):
            last += 1
        yield tuple(windows[first:last])
        first = last
