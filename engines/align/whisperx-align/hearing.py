"""What a model hears in a stretch of a recording: windows of equal length, a few at a time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from dalston_sdk.engine import SAMPLE_RATE, Samples

_CORE_S = 24.0
"""How much of a long stretch goes through the model at once; attention grows with its square."""
_CONTEXT_S = 0.5
"""Heard on both sides of it, so that what is said across a cut is understood."""
_LEAST_S = 1.0
"""A window is at least this long; far shorter ones have not a single frame."""

LogProbs = NDArray[np.float32]


class Hears(Protocol):
    """A model as this module needs it."""

    stride: int

    def log_probs(self, batch: Samples) -> LogProbs:
        """Shape (num_windows, num_samples) to (num_windows, num_frames, num_columns)."""


@dataclass(frozen=True, kw_only=True)
class Window:
    """A part of a recording that goes through the model by itself.

    Attributes:
        first, last: Samples that are heard, ``last`` exclusive.
        keep: The frames that count, first and last, exclusive; the rest is context.
    """

    first: int
    last: int
    keep: tuple[int, int]


def windows_of(start: float, end: float, *, num_samples: int, stride: int) -> list[Window]:
    """The windows whose kept frames together are the frames from ``start`` to ``end``; seconds.

    The first frame begins at ``start`` rounded down to a frame.
    """
    first = int(start * SAMPLE_RATE) // stride * stride
    last = min(num_samples, round(end * SAMPLE_RATE))
    core, context, least = (
        round(seconds * SAMPLE_RATE) // stride * stride
        for seconds in (_CORE_S, _CONTEXT_S, _LEAST_S)
    )
    windows = []
    for begin in range(first, max(last, first + 1), core):
        finish = min(begin + core, last)
        heard_from = max(0, begin - context)
        heard_to = min(num_samples, max(finish + context, heard_from + least))
        kept = ((begin - heard_from) // stride, max(1, (finish - heard_from) // stride))
        windows.append(Window(first=heard_from, last=heard_to, keep=kept))
    return windows


def hear(
    model: Hears, audio: Samples, windows: Sequence[Window], batch_size: int
) -> Iterator[LogProbs]:
    """The kept frames of each window in turn.

    All windows of a batch are made as long as its longest with the sound that follows, because
    padding with silence would change what some models hear.
    """
    for index in range(0, len(windows), batch_size):
        batch = windows[index : index + batch_size]
        longest = max(window.last - window.first for window in batch)
        heard = model.log_probs(np.stack([_piece(audio, each, longest) for each in batch]))
        for window, frames in zip(batch, heard, strict=True):
            yield frames[window.keep[0] : window.keep[1]]


def _piece(audio: Samples, window: Window, length: int) -> Samples:
    piece = audio[window.first : window.first + length]
    return np.pad(piece, (0, length - len(piece)))
