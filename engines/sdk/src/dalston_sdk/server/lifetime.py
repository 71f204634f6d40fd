"""The engine's lifetime: until it was idle for its keep-alive time, or is told to stop."""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

FIRST_REQUEST_GRACE_S = 60.0
"""Time that an engine with a keep-alive of 0 waits for its first request."""


class Lifetime:
    """Counts activities, and tells when the engine should stop.

    Args:
        keep_alive_s: Idle time after which to stop; negative for never, 0 for as soon as the first
            request has ended.
        clock: Monotonic seconds.
    """

    def __init__(self, *, keep_alive_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.keep_alive_s = keep_alive_s
        self._clock = clock
        self._idle_since = clock()
        self._active = 0
        self._served = False
        self._changed = asyncio.Event()
        self._hurried_at: float | None = None
        self.stopping = False

    @contextmanager
    def activity(self, *, serves: bool) -> Iterator[None]:
        """Keep the engine from expiring; ``serves`` is True for a client's request."""
        self.begin()
        try:
            yield
        finally:
            self.end(serves=serves)

    def begin(self) -> None:
        """Begin an activity; ``end`` must follow."""
        self._active += 1

    def end(self, *, serves: bool) -> None:
        """End an activity."""
        self._active -= 1
        self._idle_since = self._clock()
        self._served = self._served or serves
        self._changed.set()

    def idle_s(self) -> float:
        """Return the seconds since the last activity ended; 0 if there is one."""
        return 0.0 if self._active else self._clock() - self._idle_since

    def expires_in_s(self) -> float | None:
        """Return the seconds until the engine should stop; None if it is active, or for never."""
        if self.keep_alive_s < 0 or self._active:
            return None
        limit_s = self.keep_alive_s
        if limit_s == 0 and not self._served:
            limit_s = FIRST_REQUEST_GRACE_S
        return max(0.0, self._idle_since + limit_s - self._clock())

    def stop(self, *, hurry: bool = False) -> None:
        """Accept no new requests; ``hurry`` means that running ones were cancelled, too."""
        self.stopping = True
        if hurry and self._hurried_at is None:
            self._hurried_at = self._clock()
        self._changed.set()

    async def wait_for_change(self, *, timeout_s: float) -> None:
        """Wait until an activity ends or a stop is asked for, but no longer than ``timeout_s``."""
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._changed.wait(), timeout_s)
        self._changed.clear()

    async def wait_until_idle(self, *, grace_s: float) -> None:
        """Wait for all activities to end; after a hurried stop no longer than ``grace_s``."""
        while self._active:
            if self._hurried_at is not None and self._clock() - self._hurried_at > grace_s:
                return
            await self.wait_for_change(timeout_s=0.1)
