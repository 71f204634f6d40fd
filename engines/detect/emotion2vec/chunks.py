"""Splits segments into chunks that a model can take, and groups what may be in one batch."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from dalston_sdk.engine import SAMPLE_RATE
from dalston_sdk.wire import Segment

MIN_SAMPLES = 400
"""25 ms; the model's convolutions give no frame for less."""

MAX_CHUNK_S = 20.0
"""Every frame attends to every other, so memory grows with the square of a chunk's length."""


@dataclass(frozen=True, kw_only=True)
class Chunk:
    """Part of a segment, in samples of the recording; ``end`` is exclusive."""

    segment_id: int
    start: int
    end: int

    @property
    def num_samples(self) -> int:
        """Length in samples."""
        return self.end - self.start


def split_segment(segment: Segment, num_samples: int) -> tuple[Chunk, ...]:
    """Split a segment into as few chunks of equal length as it takes.

    Args:
        segment: The segment; its times may lie outside the recording.
        num_samples: Length of the recording.

    Returns:
        The chunks; none where the segment is too short.
    """
    start = min(max(round(segment.start * SAMPLE_RATE), 0), num_samples)
    end = min(max(round(segment.end * SAMPLE_RATE), 0), num_samples)
    if end - start < MIN_SAMPLES:
        return ()
    count = math.ceil((end - start) / (MAX_CHUNK_S * SAMPLE_RATE))
    length = (end - start) // count
    return tuple(
        Chunk(segment_id=segment.id, start=start + index * length, end=start + (index + 1) * length)
        for index in range(count)
    )


def alike_chunks(chunks: Sequence[Chunk]) -> Iterator[tuple[Chunk, ...]]:
    """Group neighbouring chunks of equal length.

    Padding would change the scores, so chunks of different lengths are never in one batch.
    """
    for _, alike in groupby(chunks, key=lambda chunk: chunk.num_samples):
        yield tuple(alike)
