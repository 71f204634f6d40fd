"""Whose turn it is: requests wait in one line for a free slot and for their model.

Belongs to the event loop and is not safe to call from another thread.
"""

import asyncio
from collections import deque
from dataclasses import dataclass

from dalston_sdk.errors import EngineError
from dalston_sdk.wire import ErrorCode, ModelRef


@dataclass(frozen=True, eq=False)
class _Waiter:
    model: ModelRef | None
    alone: bool
    granted: "asyncio.Future[None]"


class Turns:
    """Lets requests in, in the order they came.

    Requests for the loaded model run side by side, up to the number of slots. One that needs
    another model, or the engine for itself, waits until nobody runs; everyone behind it waits as
    well, so that no stream of requests for one model can starve another.

    Args:
        slots: Requests that may run at the same time, at least 1.
        max_waiting: Requests that may wait for their turn, at least 1.
    """

    def __init__(self, *, slots: int, max_waiting: int) -> None:
        self._slots = slots
        self._max_waiting = max_waiting
        self._line: deque[_Waiter] = deque()
        self._alone = False
        self.running = 0
        self.loaded: ModelRef | None = None

    @property
    def waiting(self) -> int:
        """Requests in the line."""
        return len(self._line)

    def refuse_if_full(self) -> None:
        """Raise EngineError ``busy`` when the line has no place left."""
        if len(self._line) >= self._max_waiting:
            raise EngineError(
                ErrorCode.BUSY,
                f"{self.running} requests are running and {len(self._line)} are waiting",
                hint="try again later, or start another replica of the engine",
            )

    async def enter(self, model: ModelRef | None, *, alone: bool = False) -> None:
        """Wait for a turn; whoever entered must leave.

        The one who gets the turn while another model is loaded has the engine alone, and must
        load and then call ``share``.

        Args:
            model: The weights needed; None with ``alone``.
            alone: Wait until nobody else runs, and let nobody in until ``share`` or ``leave``.

        Raises:
            EngineError: ``busy`` when the line has no place left.
        """
        self.refuse_if_full()
        waiter = _Waiter(model, alone, asyncio.get_running_loop().create_future())
        self._line.append(waiter)
        self._grant()
        try:
            await waiter.granted
        except asyncio.CancelledError:
            if not waiter.granted.cancelled():
                self.leave()
            elif waiter in self._line:
                self._line.remove(waiter)
                self._grant()
            raise

    def share(self, loaded: ModelRef | None) -> None:
        """Say which model is loaded now, and let those in who wait for it."""
        self.loaded = loaded
        self._alone = False
        self._grant()

    def leave(self) -> None:
        """Give the turn back."""
        self.running -= 1
        if self.running == 0:
            self._alone = False
        self._grant()

    def _grant(self) -> None:
        while self._line and self._fits(self._line[0]):
            waiter = self._line.popleft()
            if waiter.granted.cancelled():
                # Its request has not noticed yet.
                continue
            self.running += 1
            self._alone = waiter.alone or waiter.model != self.loaded
            waiter.granted.set_result(None)

    def _fits(self, waiter: _Waiter) -> bool:
        if self._alone:
            return False
        if self.running == 0:
            return True
        wants_this_model = not waiter.alone and waiter.model == self.loaded
        return wants_this_model and self.running < self._slots
