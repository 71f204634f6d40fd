"""The state of the engine's device, checked seldom enough to keep ``GET /health`` cheap."""

import asyncio
import logging
import time

from dalston_sdk.engine import Engine
from dalston_sdk.errors import EngineError
from dalston_sdk.server.failures import to_engine_error
from dalston_sdk.server.threads import Threads
from dalston_sdk.wire import ErrorCode

log = logging.getLogger("dalston.engine")


class DeviceCheck:
    """Calls the engine's ``check_device`` in a thread of its own and remembers the answer.

    Args:
        engine: The engine that uses the device.
        max_age_s: An older answer is renewed.
        timeout_s: A device that answered before and does not answer in this time counts as lost.
    """

    def __init__(self, engine: Engine, *, max_age_s: float = 5.0, timeout_s: float = 5.0) -> None:
        self._engine = engine
        self._max_age_s = max_age_s
        self._timeout_s = timeout_s
        self._checked_at: float | None = None
        self._task: asyncio.Task[None] | None = None
        self.threads = Threads(1, name="device")
        self.name = engine.device
        self.error: EngineError | None = None

    @property
    def starting(self) -> bool:
        """True until the first answer."""
        return self._checked_at is None

    def begin(self) -> "asyncio.Task[None]":
        """Start a check, unless one is running."""
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._ask())
        return self._task

    async def refresh(self) -> None:
        """Renew an answer that is too old; do not wait for the first one."""
        if self._checked_at is None:
            self.begin()
            return
        if time.monotonic() - self._checked_at < self._max_age_s:
            return
        done, _ = await asyncio.wait([self.begin()], timeout=self._timeout_s)
        if not done:
            self.error = EngineError(
                ErrorCode.DEVICE_LOST, f"{self.name} has not answered for {self._timeout_s:g} s"
            )

    async def require(self) -> None:
        """Wait for the first answer, and for another one if the device was lost.

        Raises:
            EngineError: ``device_lost``, or what the check raised.
        """
        if self._checked_at is None:
            await asyncio.shield(self.begin())
        if self.error is not None:
            await self.refresh()
        if self.error is not None:
            raise self.error

    async def _ask(self) -> None:
        error: EngineError | None = None
        try:
            self.name = await self.threads.run(self._engine.check_device)
        except EngineError as raised:
            error = raised
        except (Exception, SystemExit) as raised:  # noqa: BLE001 - a library's own, of any type
            error = to_engine_error(self._engine, raised, otherwise=ErrorCode.DEVICE_LOST)
        if error is not None and self.error is None:
            log.warning("device %s: %s", self._engine.device, error.message)
        self.error = error
        self._checked_at = time.monotonic()
