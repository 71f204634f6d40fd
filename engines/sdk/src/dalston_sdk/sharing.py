"""One loaded model for several requests: each decodes chunk by chunk, some chunks go together.

An engine whose library decodes batches, but is used by one thread at a time, gives all its calls
to a ``SharedModel``. Chunks of several requests go into one batch only where the model was seen to
give each of them what it gives it alone, and only with others of about their length: the padding
of short ones takes time.
"""

from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from dalston_sdk.batch_fitting import BatchFitter
from dalston_sdk.engine import SAMPLE_RATE, Engine, Samples
from dalston_sdk.gathering import Gatherer
from dalston_sdk.wire import ModelRef, TranscribeRequest

Item = TypeVar("Item")
Settings = TypeVar("Settings", bound=Hashable)
Outcome = TypeVar("Outcome")

SLOTS = 8
"""Requests at once on a CPU: with fewer there are seldom chunks of one length."""

MAX_AUDIO_S = 1800.0
"""Seconds of audio that they have together."""

_MAX_CHUNKS = 8
_MAX_BATCH_S = 30
"""A batch with its padding; a single chunk may be as long, so that batches take no more memory."""

_MIN_FILLED = 0.93
"""Two chunks of 2 s take a quarter less time together than alone, of 4 s an eighth."""

_TOLERANCE = 1e-3
"""Sums in another order differ by a hundredth of it, 8 bits by a hundred times as much."""


class SharedModel(Generic[Item, Settings, Outcome]):
    """Decodes for several requests, in one call at a time.

    Args:
        decode: Decodes a batch of chunks with the same settings; one outcome for each.
        length: Returns the number of samples of a chunk.
        fitter: Computes batches of several requests' chunks that fit into memory; None if there
            must be none.
    """

    def __init__(
        self,
        decode: Callable[[Sequence[Item], Settings], Sequence[Outcome]],
        length: Callable[[Item], int],
        *,
        fitter: BatchFitter | None,
    ) -> None:
        self._decode = decode
        self._length = length
        self._fitter = fitter
        self._gatherer = Gatherer[tuple[Item, Settings], Outcome](
            self._decode_together,
            max_items=_MAX_CHUNKS,
            max_calls=1,
            is_strict=True,
            fits=_fits,
        )

    @property
    def num_waiting(self) -> int:
        """Number of chunks that wait for a batch."""
        return self._gatherer.num_waiting

    @contextmanager
    def taking_part(self) -> Iterator[None]:
        """Count the request of this thread among those that may decode."""
        with self._gatherer.taking_part():
            yield

    @contextmanager
    def turn(self, check: Callable[[], None]) -> Iterator[None]:
        """Have the model alone; ``check`` may raise while it is waited for."""
        with self._gatherer.turn(check):
            yield

    def decode(
        self, chunks: Sequence[Item], settings: Settings, check: Callable[[], None]
    ) -> Sequence[Outcome]:
        """Decode chunks of one request: several in a batch of their own, one maybe with others.

        Args:
            chunks: At least one.
            settings: Of the request; only chunks with the same ones go together.
            check: Called again and again while the chunks wait; may raise to take them back.
        """
        if self._fitter is not None and len(chunks) == 1:
            length = self._length(chunks[0])
            asked = (chunks[0], settings)
            return [self._gatherer.ask(settings, asked, length=length, check=check)]
        with self.turn(check):
            return self._decode(chunks, settings)

    def _decode_together(self, asked: Sequence[tuple[Item, Settings]]) -> Sequence[Outcome]:
        items, settings = [item for item, _ in asked], asked[0][1]
        if self._fitter is None:
            return self._decode(items, settings)
        return list(self._fitter.run(items, lambda batch: self._decode(batch, settings)))


def shared_fitter(engine: Engine, model: ModelRef) -> BatchFitter:
    """Return the fitter of an engine's ``SharedModel`` that transcribes with a model."""
    return engine.fitter(TranscribeRequest(model=model), _MAX_CHUNKS, step="together")


def is_same_together(
    encode: Callable[[Sequence[Samples]], Sequence[NDArray[np.floating]]],
) -> bool:
    """Return True if a model encodes sounds in a batch as it does each alone.

    It does not where padding is not masked, or where numbers are turned into 8 bits by the largest
    one in the whole batch.

    Args:
        encode: Encodes a batch; returns the frames of each sound, without those of its padding.
    """
    noise = np.random.default_rng(0).standard_normal(2 * SAMPLE_RATE).astype(np.float32)
    sounds = [0.2 * noise, 0.02 * noise[: SAMPLE_RATE + SAMPLE_RATE // 7]]
    together = encode(sounds)
    alone = [encode([sound])[0] for sound in sounds]
    return all(
        one.shape == other.shape
        and bool(np.abs(one - other).max(initial=0.0) <= _TOLERANCE * np.abs(one).max(initial=1.0))
        for one, other in zip(alone, together, strict=True)
    )


def _fits(lengths: Sequence[int]) -> bool:
    """Return True if a batch is neither too long nor too much of it padding."""
    padded = len(lengths) * max(lengths)
    return padded <= _MAX_BATCH_S * SAMPLE_RATE and sum(lengths) >= _MIN_FILLED * padded
