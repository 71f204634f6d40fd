"""Events from shares: where a sound begins, where it ends, and what is too short to tell."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class EventRules:
    """When a sound is an event.

    Attributes:
        threshold: It has to reach this share somewhere.
        off_threshold: It lasts for as long as it has this share.
        min_duration_ms: Shorter events are left out.
        max_gap_ms: Events of one sound with no more between them are one.
    """

    threshold: float = 0.3
    off_threshold: float = 0.15
    min_duration_ms: int = 300
    max_gap_ms: int = 650


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """A sound from one step to before another, and its highest share between them."""

    label: int
    start: int
    end: int
    peak: float


@dataclass(kw_only=True)
class EventFinder:
    """Finds events in shares as they come; keeps one stretch and one event per sound.

    Attributes:
        rules: When a sound is an event.
        labels: The sounds to look for, by their place.
        step_s: Seconds between two shares.
        steps: Shares taken so far.
    """

    rules: EventRules
    labels: Sequence[int]
    step_s: float
    steps: int = field(default=0, init=False)
    _lasting: dict[int, Stretch] = field(default_factory=dict, init=False)
    _found: dict[int, Stretch] = field(default_factory=dict, init=False)

    def add(self, shares: NDArray[np.float32]) -> Iterator[Stretch]:
        """Take the next shares, shape (num_steps, 527), and give the events that are over."""
        chosen = shares[:, list(self.labels)]
        above = chosen >= self.rules.off_threshold
        heard = {
            label: column
            for column, label in enumerate(self.labels)
            if label in self._lasting or above[:, column].any()
        }
        for label, column in heard.items():
            yield from self._follow(label, chosen[:, column], above[:, column])
        self.steps += len(shares)

    def finish(self) -> Iterator[Stretch]:
        """Give what lasts until the end, and what was only waiting to be continued."""
        for label in list(self._lasting):
            yield from self._end(label)
        for event in self._found.values():
            yield from self._long_enough(event)
        self._found.clear()

    def _follow(
        self, label: int, shares: NDArray[np.float32], above: NDArray[np.bool_]
    ) -> Iterator[Stretch]:
        changes = np.flatnonzero(np.diff(above, prepend=False, append=False)).tolist()
        if label in self._lasting and not above[0]:
            yield from self._end(label)
        for start, end in zip(changes[::2], changes[1::2], strict=True):
            peak = float(shares[start:end].max())
            before = self._lasting.pop(label, None)
            self._lasting[label] = Stretch(
                label=label,
                start=before.start if before else self.steps + start,
                end=self.steps + end,
                peak=max(peak, before.peak) if before else peak,
            )
            if end < len(shares):
                yield from self._end(label)

    def _end(self, label: int) -> Iterator[Stretch]:
        """A stretch is over; it is an event where it was sure somewhere."""
        stretch = self._lasting.pop(label)
        if stretch.peak < self.rules.threshold:
            return
        before = self._found.get(label)
        if before is None:
            self._found[label] = stretch
        elif (stretch.start - before.end) * self.step_s * 1000 <= self.rules.max_gap_ms:
            self._found[label] = replace(
                before, end=stretch.end, peak=max(before.peak, stretch.peak)
            )
        else:
            self._found[label] = stretch
            yield from self._long_enough(before)

    def _long_enough(self, event: Stretch) -> Iterator[Stretch]:
        if (event.end - event.start) * self.step_s * 1000 >= self.rules.min_duration_ms:
            yield event
