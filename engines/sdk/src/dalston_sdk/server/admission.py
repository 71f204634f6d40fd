"""Admission of requests: one queue for a free slot and for the model that each of them needs.

Belongs to the event loop and is not safe to call from another thread.
"""

import asyncio
import math
from collections import deque
from dataclasses import dataclass

from dalston_sdk.errors import EngineError
from dalston_sdk.wire import ErrorCode, ModelRef


@dataclass(frozen=True, eq=False)
class _Waiter:
    model: ModelRef | None
    exclusive: bool
    audio_s: float
    admitted: "asyncio.Future[None]"


class AdmissionQueue:
    """Admits requests in the order in which they came.

    Requests for the loaded model run at the same time, up to the number of slots. One that needs
    another model, or the engine for itself, waits until no other runs; all requests behind it wait
    as well, so that a stream of requests for one model cannot starve another.

    Args:
        slots: Requests that may run at the same time, at least 1.
        max_waiting: Requests that may wait, at least 1.
        max_audio_s: Seconds of audio of requests that run at the same time; a request with more
            runs alone.
    """

    def __init__(self, *, slots: int, max_waiting: int, max_audio_s: float = math.inf) -> None:
        self._slots = slots
        self._max_audio_s = max_audio_s
        self._audio_s = 0.0
        self._max_waiting = max_waiting
        self._queue: deque[_Waiter] = deque()
        self._exclusive = False
        self.running = 0
        self.loaded: ModelRef | None = None

    @property
    def waiting(self) -> int:
        """Number of requests in the queue."""
        return len(self._queue)

    def refuse_if_full(self) -> None:
        """Raise EngineError ``busy`` if the queue is full."""
        if len(self._queue) >= self._max_waiting:
            raise EngineError(
                ErrorCode.BUSY,
                f"{self.running} requests are running and {len(self._queue)} are waiting",
                hint="try again later, or start another replica of the engine",
            )

    async def acquire(
        self, model: ModelRef | None, *, exclusive: bool = False, audio_s: float = 0.0
    ) -> None:
        """Wait for a slot; ``release`` must follow.

        A request that is admitted while another model is loaded has the engine for itself: it must
        load its model and then call ``share``.

        Args:
            model: The weights needed; None with ``exclusive``.
            exclusive: Wait until no other request runs, and admit none until ``share`` or
                ``release``.
            audio_s: Seconds of audio that the request keeps in memory; ``release`` gets the same.

        Raises:
            EngineError: ``busy`` if the queue is full.
        """
        self.refuse_if_full()
        waiter = _Waiter(model, exclusive, audio_s, asyncio.get_running_loop().create_future())
        self._queue.append(waiter)
        self._admit()
        try:
            await waiter.admitted
        except asyncio.CancelledError:
            if not waiter.admitted.cancelled():
                self.release(audio_s=audio_s)
            elif waiter in self._queue:
                self._queue.remove(waiter)
                self._admit()
            raise

    def share(self, loaded: ModelRef | None) -> None:
        """Record which model is loaded now, and admit the requests that wait for it."""
        self.loaded = loaded
        self._exclusive = False
        self._admit()

    def release(self, *, audio_s: float = 0.0) -> None:
        """Give the slot back."""
        self.running -= 1
        self._audio_s -= audio_s
        if self.running == 0:
            self._exclusive = False
        self._admit()

    def _admit(self) -> None:
        while self._queue and self._fits(self._queue[0]):
            waiter = self._queue.popleft()
            if waiter.admitted.cancelled():
                # Its request was cancelled, and its task has not run since.
                continue
            self.running += 1
            self._audio_s += waiter.audio_s
            self._exclusive = waiter.exclusive or waiter.model != self.loaded
            waiter.admitted.set_result(None)

    def _fits(self, waiter: _Waiter) -> bool:
        if self._exclusive:
            return False
        if self.running == 0:
            return True
        needs_loaded_model = not waiter.exclusive and waiter.model == self.loaded
        has_room = self._audio_s + waiter.audio_s <= self._max_audio_s
        return needs_loaded_model and has_room and self.running < self._slots
