"""The threads in which an engine's own methods run."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


class Threads:
    """A fixed number of worker threads, each of which does one thing at a time.

    Args:
        count: Number of threads, at least 1.
        name: What the threads are called in a debugger.
    """

    def __init__(self, count: int, *, name: str) -> None:
        self._executor = ThreadPoolExecutor(count, thread_name_prefix=name)
        self.busy = 0

    async def run(self, work: Callable[[], T]) -> T:
        """Do ``work`` in a thread and wait for its end.

        A thread cannot be ended from outside, so a cancelled caller goes on waiting until the
        work has returned: what it holds stays held for as long as it is really in use.
        """
        self.busy += 1
        future = asyncio.get_running_loop().run_in_executor(self._executor, work)
        future.add_done_callback(self._ended)
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            await asyncio.wait([future])
            raise

    def close(self) -> None:
        """Take no more work; does not wait."""
        self._executor.shutdown(wait=False)

    def _ended(self, _future: object) -> None:
        self.busy -= 1
