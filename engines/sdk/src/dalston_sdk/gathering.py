"""Gathers what requests that run side by side ask of one model into batches.

A model decodes several inputs in one call with less work than one after the other, but only if
each result is what it would be alone; an engine that uses this has to see to that. Each request
runs in a thread of its own and asks for one input at a time. The thread that finds a batch due
computes it for all; the others wait.
"""

import threading
import time
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Item = TypeVar("Item")
Outcome = TypeVar("Outcome")

_HOLD_S = 0.05
"""Time that an input waits for others while the model has nothing to do."""

_LOOK_S = 0.2
"""Seconds between two looks of a waiting request whether it was cancelled."""


@dataclass(eq=False)
class _Asked(Generic[Item, Outcome]):
    """One input; it is done when it has outcomes, or an error."""

    kind: Hashable
    item: Item
    length: int
    since: float
    outcomes: list[Outcome] = field(default_factory=list)
    error: BaseException | None = None

    @property
    def is_done(self) -> bool:
        return bool(self.outcomes) or self.error is not None


class Gatherer(Generic[Item, Outcome]):
    """Puts inputs of several requests into one call.

    A batch is due when it is full, or when the model has room for another call and no request that
    takes part will ask soon. So a request that is alone never waits, and none waits long for one
    that is busy with something else.

    Args:
        compute: Computes inputs of one kind together and returns their outcomes in order.
        max_items: Inputs in one call, at least 1.
        max_calls: Calls that the model works on at the same time, at least 1.
        is_strict: True if there are never more calls; otherwise a full batch does not wait.
        fits: Returns True if inputs of these lengths may go together.
    """

    def __init__(
        self,
        compute: Callable[[Sequence[Item]], Sequence[Outcome]],
        *,
        max_items: int,
        max_calls: int,
        is_strict: bool = False,
        fits: Callable[[Sequence[int]], bool] = lambda _: True,
    ) -> None:
        self._compute = compute
        self._max_items = max_items
        self._max_calls = max_calls
        self._is_strict = is_strict
        self._fits = fits
        self._changed = threading.Condition()
        self._waiting: list[_Asked[Item, Outcome]] = []
        self._num_taking_part = 0
        self._num_calls = 0
        self._num_computed = 0

    @property
    def num_waiting(self) -> int:
        """Number of inputs that wait for a call."""
        return len(self._waiting)

    @contextmanager
    def taking_part(self) -> Iterator[None]:
        """Count the request of this thread among those that may ask."""
        self._add(taking_part=1)
        try:
            yield
        finally:
            self._add(taking_part=-1)

    @contextmanager
    def pausing(self) -> Iterator[None]:
        """Do not count the request of this thread while it waits for other threads."""
        self._add(taking_part=-1)
        try:
            yield
        finally:
            self._add(taking_part=1)

    @contextmanager
    def calling(self) -> Iterator[None]:
        """Count a call of the model that does not go through ``ask``."""
        self._add(calls=1)
        try:
            yield
        finally:
            self._add(calls=-1)

    @contextmanager
    def turn(self, check: Callable[[], None]) -> Iterator[None]:
        """Wait until the model has room for a call that does not go through ``ask``, and count it.

        Args:
            check: Called again and again while it waits; may raise.
        """
        with self._changed:
            while self._num_calls >= self._max_calls:
                self._changed.wait(_LOOK_S)
                check()
            self._num_calls += 1
        try:
            yield
        finally:
            self._add(calls=-1)

    def ask(self, kind: Hashable, item: Item, *, length: int, check: Callable[[], None]) -> Outcome:
        """Return the outcome of one input, computed alone or with others.

        Args:
            kind: Only inputs of the same kind are computed together.
            item: The input.
            length: Of the input, in any unit; inputs of similar length are put together.
            check: Called again and again while the input waits; may raise to take it back.

        Raises:
            Exception: What ``compute`` raised for this input alone.
        """
        asked = _Asked[Item, Outcome](kind, item, length, time.monotonic())
        with self._changed:
            self._waiting.append(asked)
            self._changed.notify_all()
        while not asked.is_done:
            batch = self._due_batch(asked, check)
            if batch:
                self._run(batch)
        if asked.error is not None:
            raise asked.error
        return asked.outcomes[0]

    def _due_batch(
        self, asked: _Asked[Item, Outcome], check: Callable[[], None]
    ) -> list[_Asked[Item, Outcome]]:
        """Take the next batch if it is due; otherwise wait a while and return none."""
        with self._changed:
            if asked.is_done:
                return []
            batch = self._next_batch()
            if batch:
                self._num_calls += 1
                self._num_computed += len(batch)
                self._waiting = [each for each in self._waiting if each not in batch]
                return batch
            self._changed.wait(_HOLD_S if self._num_calls < self._max_calls else _LOOK_S)
            if asked in self._waiting:
                try:
                    check()
                except BaseException:
                    self._waiting.remove(asked)
                    self._changed.notify_all()
                    raise
        return []

    def _next_batch(self) -> list[_Asked[Item, Outcome]]:
        """Return the oldest input with those of its kind that are nearest in length, if due."""
        if not self._waiting:
            return []
        oldest = self._waiting[0]
        alike = [each for each in self._waiting if each.kind == oldest.kind]
        alike.sort(key=lambda each: abs(each.length - oldest.length))
        batch, is_full = self._fitting(alike)
        has_room = self._num_calls < self._max_calls
        if is_full and (has_room or not self._is_strict):
            return batch
        if not has_room:
            return []
        are_all_here = len(self._waiting) + self._num_computed >= self._num_taking_part
        if are_all_here or time.monotonic() - oldest.since >= _HOLD_S:
            return batch
        return []

    def _fitting(
        self, alike: Sequence[_Asked[Item, Outcome]]
    ) -> tuple[list[_Asked[Item, Outcome]], bool]:
        """Return the first input with those that fit to it, and True if no other would."""
        batch = [alike[0]]
        lengths = [alike[0].length]
        for each in alike[1:]:
            if len(batch) < self._max_items and self._fits([*lengths, each.length]):
                batch.append(each)
                lengths.append(each.length)
        is_full = len(batch) == self._max_items or not self._fits([*lengths, max(lengths)])
        return batch, is_full

    def _run(self, batch: list[_Asked[Item, Outcome]]) -> None:
        try:
            self._compute_halving(sorted(batch, key=lambda each: each.length))
        finally:
            with self._changed:
                self._num_calls -= 1
                self._num_computed -= len(batch)
                self._changed.notify_all()

    def _compute_halving(self, batch: Sequence[_Asked[Item, Outcome]]) -> None:
        """Compute a batch; one that fails is halved, so that each input has its own error."""
        try:
            outcomes = list(self._compute([each.item for each in batch]))
        except BaseException as error:  # noqa: BLE001 - raised again by the request that it is of
            if len(batch) == 1:
                batch[0].error = error
                return
            middle = len(batch) // 2
            self._compute_halving(batch[:middle])
            self._compute_halving(batch[middle:])
            return
        for asked, outcome in zip(batch, outcomes, strict=True):
            asked.outcomes.append(outcome)

    def _add(self, *, taking_part: int = 0, calls: int = 0) -> None:
        with self._changed:
            self._num_taking_part += taking_part
            self._num_calls += calls
            self._changed.notify_all()
