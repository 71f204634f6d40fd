"""Holds jobs that this process took from a shared queue, and passes on how far they are."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from starlette.concurrency import run_in_threadpool

from dalston_cli.server.progress import Progress
from dalston_cli.server.queue import News, QueueError, SharedQueue
from dalston_cli.server.steady import Steady

BEAT_S = 1.0
"""Between two signs of life of a job: so soon one that was removed is stopped, too."""


class Leases:
    """What this process holds.

    Args:
        queue: Where it took jobs from.
        steady: Asks that again where it fails; the work goes on meanwhile.
    """

    def __init__(self, queue: SharedQueue, steady: Steady) -> None:
        self.queue = queue
        self._steady = steady

    @asynccontextmanager
    async def held(self, number: str, progress: Progress) -> AsyncIterator[None]:
        """Hold a job; the task that does so is cancelled where the job is held no more."""
        work = asyncio.current_task()
        if work is None:
            raise AssertionError(number)
        sender = _Sender(self.queue, number, progress)
        keeping = asyncio.create_task(self._keep(sender, work))
        try:
            yield
        finally:
            keeping.cancel()
            await asyncio.wait((keeping,))
        with suppress(QueueError):
            await run_in_threadpool(sender.send)

    async def _keep(self, sender: "_Sender", work: asyncio.Task[None]) -> None:
        while True:
            if not await self._steady.ask(sender.send):
                work.cancel()
                return
            await asyncio.sleep(BEAT_S)


class _Sender:
    """Tells the queue of one job; what was told once is not told again."""

    def __init__(self, queue: SharedQueue, number: str, progress: Progress) -> None:
        self._queue = queue
        self._number = number
        self._progress = progress
        self._num_told = 0

    def send(self) -> bool:
        """Hold the job for longer; return False where it is held no more."""
        told = self._progress.told(after=self._num_told)
        news = News(state=self._progress.state(), told=told)
        is_held = self._queue.renew(self._number, news)
        self._num_told += len(told)
        return is_held
