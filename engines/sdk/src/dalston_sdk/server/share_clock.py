"""The time of requests that run side by side, shared among them."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Share:
    """The seconds of one request: complete when it has ended."""

    seconds = 0.0


class ShareClock:
    """Divides each moment equally among the requests that run in it.

    So the times of all requests add up to the time in which the engine worked, and audio seconds
    per such a second are the speed of the engine, however many requests ran at once.

    Args:
        clock: Monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._running: list[Share] = []
        self._since = clock()

    @contextmanager
    def running(self) -> Iterator[Share]:
        """Count a request as running, and yield its share."""
        share = Share()
        self._divide()
        self._running.append(share)
        try:
            yield share
        finally:
            self._divide()
            self._running.remove(share)

    def _divide(self) -> None:
        now = self._clock()
        for share in self._running:
            share.seconds += (now - self._since) / len(self._running)
        self._since = now
