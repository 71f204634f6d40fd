"""Emissions of a part of a recording: the model's log probabilities per frame and token.

A long part goes through the model in chunks that overlap, a few at a time.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from dalston_sdk.batch_fitting import BatchFitter
from dalston_sdk.engine import SAMPLE_RATE, Samples

_CORE_S = 24.0
"""The part of a chunk whose frames are kept; attention grows with the square of its length."""
_CONTEXT_S = 0.5
"""Audio on both sides of it, so that words across the edge are recognised."""
_MIN_CHUNK_S = 1.0
"""Much shorter chunks would not have a single frame."""

Emissions = NDArray[np.float32]
"""float32, shape (num_frames, num_tokens), natural logarithms of probabilities."""


class EmissionModel(Protocol):
    """A model as this module uses it.

    Attributes:
        stride: Samples from frame to frame.
    """

    stride: int

    def emissions(self, batch: Samples) -> Emissions:
        """Shape (num_chunks, num_samples) to (num_chunks, num_frames, num_tokens)."""


@dataclass(frozen=True, kw_only=True)
class Chunk:
    """A part of a recording that goes through the model at once.

    Attributes:
        first, last: Its samples; ``last`` is exclusive.
        keep: Its frames that are kept, first and last, exclusive; the others are context.
    """

    first: int
    last: int
    keep: tuple[int, int]


def split_span(start: float, end: float, *, num_samples: int, stride: int) -> list[Chunk]:
    """Split a part of a recording into chunks whose kept frames together are its frames.

    Args:
        start: Seconds; the first frame begins here, rounded down to a frame.
        end: Seconds.
        num_samples: Length of the recording.
        stride: Samples from frame to frame.
    """
    first = int(start * SAMPLE_RATE) // stride * stride
    last = min(num_samples, round(end * SAMPLE_RATE))
    core, context, shortest = (
        round(seconds * SAMPLE_RATE) // stride * stride
        for seconds in (_CORE_S, _CONTEXT_S, _MIN_CHUNK_S)
    )
    chunks = []
    for core_first in range(first, max(last, first + 1), core):
        core_last = min(core_first + core, last)
        chunk_first = max(0, core_first - context)
        chunk_last = min(num_samples, max(core_last + context, chunk_first + shortest))
        keep = (
            (core_first - chunk_first) // stride,
            max(1, (core_last - chunk_first) // stride),
        )
        chunks.append(Chunk(first=chunk_first, last=chunk_last, keep=keep))
    return chunks


def compute_emissions(
    model: EmissionModel, audio: Samples, chunks: Sequence[Chunk], fitter: BatchFitter
) -> Iterator[Emissions]:
    """Yield the kept frames of each chunk in turn.

    The chunks of a batch are extended to the longest of them with the audio that follows, because
    padding with silence would change the output of some models.
    """

    def compute(batch: Sequence[Chunk]) -> Emissions:
        longest = max(chunk.last - chunk.first for chunk in batch)
        return model.emissions(np.stack([_samples(audio, each, longest) for each in batch]))

    for batch, output in fitter.each_batch(chunks, compute):
        for chunk, frames in zip(batch, output, strict=True):
            yield frames[chunk.keep[0] : chunk.keep[1]]


def _samples(audio: Samples, chunk: Chunk, length: int) -> Samples:
    samples = audio[chunk.first : chunk.first + length]
    return np.pad(samples, (0, length - len(samples)))
