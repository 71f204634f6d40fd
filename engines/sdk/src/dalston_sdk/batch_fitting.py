"""Computes in batches that fit into memory: half a batch where a whole one does not.

Every engine that computes several inputs in one call of its library does it through
``BatchFitter``. What did not fit is computed again in smaller batches, so that a request loses
nothing but time, and later requests begin with what fitted.
"""

import gc
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from dalston_sdk.batch_sizes import BatchSizes
from dalston_sdk.errors import EngineError
from dalston_sdk.free_memory import free_mb
from dalston_sdk.memory_errors import is_out_of_memory
from dalston_sdk.wire import ErrorCode, Notice, Stage

log = logging.getLogger("dalston.engine")

T = TypeVar("T")
Item = TypeVar("Item")
Outcome = TypeVar("Outcome")

_MAX_REASON = 160


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where batches are computed: what a figure is remembered for.

    Attributes:
        device: ``cpu`` or ``cuda:N``.
        model: The model with its number format.
        stage: The stage, with the step of it where a stage has several.
    """

    device: str
    model: str
    stage: str

    @property
    def key(self) -> str:
        """One text of it all."""
        return f"{self.device} {self.model} {self.stage}"


@dataclass
class BatchFitter:
    """Batches of one request.

    Attributes:
        asked: The batch size that was asked for, at least 1.
        sizes: Where figures are remembered.
        place: What they are remembered for.
        unit: What a batch consists of, for messages: ``chunk``.
        is_memory_error: Recognises the library's errors.
        release: Gives memory that the library keeps back to the system.
        smallest: The smallest batch size that was taken because of memory.
    """

    asked: int
    sizes: BatchSizes
    place: Place
    unit: str = "chunk"
    is_memory_error: Callable[[Exception], bool] = is_out_of_memory
    release: Callable[[], None] = field(default=lambda: None)
    smallest: int = 0
    _proven: int = 1

    def __post_init__(self) -> None:
        """Look up what is known."""
        self.sizes.begin(self.place.key, free_mb(self.place.device))
        self.smallest = self.size

    @property
    def size(self) -> int:
        """The size of the next batch."""
        limit = self.sizes.limit(self.place.key)
        return self.asked if limit is None else min(self.asked, limit)

    def run(
        self, items: Sequence[Item], compute: Callable[[Sequence[Item]], Sequence[Outcome]]
    ) -> Iterator[Outcome]:
        """Yield the outcome of each item, in order; ``compute`` returns one for each it gets.

        Raises:
            EngineError: As ``each_batch``.
        """
        for _, outcomes in self.each_batch(items, compute):
            yield from outcomes

    def each_batch(
        self, items: Sequence[Item], compute: Callable[[Sequence[Item]], T]
    ) -> Iterator[tuple[Sequence[Item], T]]:
        """Yield each batch with what ``compute`` returned for it, in order.

        Args:
            items: The inputs of any number of batches.
            compute: Computes a batch. It may be called again with fewer of its items, so it must
                leave nothing behind when it fails.

        Raises:
            EngineError: ``out_of_memory`` if a single item does not fit.
        """
        rest = items

        def work(size: int) -> tuple[Sequence[Item], T]:
            return rest[:size], compute(rest[:size])

        while len(rest):
            batch, outcome = self.attempt(work, most=len(rest))
            yield batch, outcome
            rest = rest[len(batch) :]

    def attempt(self, work: Callable[[int], T], *, most: int | None = None) -> T:
        """Return what ``work`` returns for a batch size that fits.

        Args:
            work: Computes with batches of the size that it gets.
            most: The largest size that makes sense; None for any.

        Raises:
            EngineError: ``out_of_memory`` if a batch of one does not fit.
        """
        while True:
            size = self.size if most is None else min(self.size, most)
            if size > self._proven:
                self.sizes.trying(self.place.key, size)
            try:
                outcome = work(size)
            except Exception as error:
                if isinstance(error, EngineError) or not self.is_memory_error(error):
                    raise
                # Only the text is kept: the exception's frames hold what is to be freed.
                reason = _text(error)
            else:
                self.sizes.fits(self.place.key, size)
                self._proven = max(self._proven, size)
                return outcome
            self._make_smaller(size, reason)

    @property
    def notices(self) -> tuple[Notice, ...]:
        """Return what the user should know: which size was taken instead of the one asked for."""
        if self.smallest >= self.asked:
            return ()
        reason = self.sizes.reason(self.place.key)
        return (
            Notice(
                code="batch_reduced",
                message=f"Batches of {self.asked} do not fit into the memory of "
                f"{self.place.device}, and batches of {self.smallest} were computed"
                f"{f' ({reason})' if reason else ''}.",
                stage=Stage(self.place.stage.split()[0]).value,
            ),
        )

    def _make_smaller(self, size: int, reason: str) -> None:
        """Remember that a batch did not fit.

        Raises:
            EngineError: ``out_of_memory`` if it cannot be smaller.
        """
        gc.collect()
        self.release()
        free = free_mb(self.place.device)
        if size == 1:
            raise self._too_large(reason, free)
        self.sizes.does_not_fit(self.place.key, size, reason=reason, free_mb=free)
        self.smallest = min(self.smallest, self.size)
        log.warning(
            "a batch of %d does not fit on %s, trying %d: %s",
            *(size, self.place.device, self.size, reason),
        )

    def _too_large(self, reason: str, free: float | None) -> EngineError:
        where = "" if free is None else f" ({free:.0f} MiB are free)"
        on_gpu = self.place.device != "cpu"
        return EngineError(
            ErrorCode.OUT_OF_MEMORY,
            f"one {self.unit} alone does not fit into the memory of {self.place.device}{where}: "
            f"{reason}",
            hint="use a smaller model, or end what else uses the memory: dalston engines stop --all"
            + (", or --device cpu" if on_gpu else ""),
            is_final=True,
        )


def _text(error: Exception) -> str:
    text = " ".join(f"{type(error).__name__}: {error}".split())
    return text if len(text) <= _MAX_REASON else f"{text[:_MAX_REASON]}…"
