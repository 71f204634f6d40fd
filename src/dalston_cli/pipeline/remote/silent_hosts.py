"""Hosts that do not answer: they are not asked anew for each of many recordings.

Asking patiently takes half a minute. After a host gave no answer at all several times in a row, the
same failure is told at once, and the host is asked again a while later.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from dalston_cli.pipeline.remote.address import Address
from dalston_cli.pipeline.remote.errors import RemoteError, RemoteUnreachableError

FAILURES = 2
"""So many in a row, each after all that is done to reach a host, are no accident."""

REST_S = 30.0


@dataclass
class _Silence:
    """The failures of a host since its last answer; ``until`` it is left alone."""

    failures: int
    until: float
    reason: str


class SilentHosts:
    """The hosts that did not answer lately; may be used from any thread.

    Args:
        clock: Seconds from any beginning.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._silent: dict[str, _Silence] = {}

    @contextmanager
    def asked(self, address: Address) -> Iterator[None]:
        """Ask a host with all patience, unless it is known not to answer.

        Raises:
            RemoteUnreachableError: It did not answer lately, for the reason that it had then.
        """
        self._check(address)
        try:
            yield
        except RemoteError as error:
            if isinstance(error, RemoteUnreachableError) and error.is_silent:
                self._failed(address, error.reason)
            else:
                self._answered(address)
            raise
        self._answered(address)

    def forget(self) -> None:
        """Ask every host again."""
        with self._lock:
            self._silent.clear()

    def _check(self, address: Address) -> None:
        with self._lock:
            silence = self._silent.get(address.top.shown)
            if silence is None or silence.failures < FAILURES:
                return
            if self._clock() >= silence.until:
                silence.until = self._clock() + REST_S  # one asks, and the others do not wait
                return
        raise RemoteUnreachableError(address, silence.reason, is_silent=True)

    def _failed(self, address: Address, reason: str) -> None:
        with self._lock:
            silence = self._silent.setdefault(address.top.shown, _Silence(0, 0.0, reason))
            silence.failures += 1
            silence.until, silence.reason = self._clock() + REST_S, reason

    def _answered(self, address: Address) -> None:
        with self._lock:
            self._silent.pop(address.top.shown, None)


HOSTS = SilentHosts()
"""Those of this process."""
