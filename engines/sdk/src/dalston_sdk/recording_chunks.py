"""Splits a long recording into overlapping chunks of equal length."""

from dataclasses import dataclass
from math import ceil

_MAX_OVERLAP_S = 60.0


@dataclass(frozen=True, kw_only=True)
class Chunk:
    """A part of a recording that goes through the pipeline at once; seconds of the recording.

    Attributes:
        start, end: The audio that is processed.
        kept_from, kept_to: The part whose turns are kept; these parts adjoin and do not overlap.
    """

    start: float
    end: float
    kept_from: float
    kept_to: float

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.end - self.start


def split_recording(duration_s: float, max_chunk_s: float) -> list[Chunk]:
    """Split a recording into chunks of at most ``max_chunk_s``; none of an empty one.

    Neighbouring chunks overlap by a minute, or by a quarter of a short chunk: the turns there link
    the speakers of both. Each chunk is kept up to the middle of the overlap.
    """
    if duration_s <= 0:
        return []
    overlap = min(_MAX_OVERLAP_S, max_chunk_s / 4)
    count = max(1, ceil((duration_s - overlap) / (max_chunk_s - overlap)))
    step = (duration_s - overlap) / count if count > 1 else duration_s
    cuts = [0.0, *(number * step + overlap / 2 for number in range(1, count)), duration_s]
    return [
        Chunk(
            start=number * step,
            end=min(duration_s, number * step + step + overlap),
            kept_from=cuts[number],
            kept_to=cuts[number + 1],
        )
        for number in range(count)
    ]
