"""Turns scores into events: hysteresis thresholds, closed gaps, a shortest duration."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class EventRules:
    """Limits that make a sound an event.

    Attributes:
        threshold: The highest score of an event is at least this.
        off_threshold: An event lasts for as long as the score is at least this.
        min_duration_ms: Shorter events are dropped, after gaps are closed.
        max_gap_ms: Events of one sound with no longer gap between them are one.
    """

    threshold: float = 0.3
    off_threshold: float = 0.15
    min_duration_ms: int = 300
    max_gap_ms: int = 650


@dataclass(frozen=True, kw_only=True)
class Event:
    """A sound from one step to another, exclusive, and its highest score between them."""

    label: int
    start: int
    end: int
    peak: float


@dataclass(kw_only=True)
class EventFinder:
    """Finds events in scores as they come.

    It keeps two events per sound: one that still lasts, and one that the next may be joined to.

    Attributes:
        rules: When a sound counts as an event.
        labels: The sounds to look for, as columns of the scores.
        step_s: Seconds from one row of scores to the next.
        steps: Rows taken so far.
    """

    rules: EventRules
    labels: Sequence[int]
    step_s: float
    steps: int = field(default=0, init=False)
    _open: dict[int, Event] = field(default_factory=dict, init=False)
    _closed: dict[int, Event] = field(default_factory=dict, init=False)

    def add(self, scores: NDArray[np.float32]) -> Iterator[Event]:
        """Take the next scores, shape (num_steps, 527), and yield the events that are over."""
        chosen = scores[:, list(self.labels)]
        above = chosen >= self.rules.off_threshold
        active = {
            label: column
            for column, label in enumerate(self.labels)
            if label in self._open or above[:, column].any()
        }
        for label, column in active.items():
            yield from self._extend(label, chosen[:, column], above[:, column])
        self.steps += len(scores)

    def finish(self) -> Iterator[Event]:
        """Yield the events that are left at the end of the recording."""
        for label in list(self._open):
            yield from self._close(label)
        for event in self._closed.values():
            yield from self._long_enough(event)
        self._closed.clear()

    def _extend(
        self, label: int, scores: NDArray[np.float32], above: NDArray[np.bool_]
    ) -> Iterator[Event]:
        changes = np.flatnonzero(np.diff(above, prepend=False, append=False)).tolist()
        if label in self._open and not above[0]:
            yield from self._close(label)
        for start, end in zip(changes[::2], changes[1::2], strict=True):
            peak = float(scores[start:end].max())
            before = self._open.pop(label, None)
            self._open[label] = Event(
                label=label,
                start=before.start if before else self.steps + start,
                end=self.steps + end,
                peak=max(peak, before.peak) if before else peak,
            )
            if end < len(scores):
                yield from self._close(label)

    def _close(self, label: int) -> Iterator[Event]:
        """End the open event of a sound: drop it, join it to the one before, or keep it."""
        event = self._open.pop(label)
        if event.peak < self.rules.threshold:
            return
        before = self._closed.get(label)
        if before is None:
            self._closed[label] = event
        elif (event.start - before.end) * self.step_s * 1000 <= self.rules.max_gap_ms:
            self._closed[label] = replace(before, end=event.end, peak=max(before.peak, event.peak))
        else:
            self._closed[label] = event
            yield from self._long_enough(before)

    def _long_enough(self, event: Event) -> Iterator[Event]:
        if (event.end - event.start) * self.step_s * 1000 >= self.rules.min_duration_ms:
            yield event
