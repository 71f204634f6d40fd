"""Worker threads for an engine's own methods."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


class Threads:
    """A fixed number of worker threads.

    Args:
        count: Number of threads, at least 1.
        name: Prefix of the threads' names.
    """

    def __init__(self, count: int, *, name: str) -> None:
        self._executor = ThreadPoolExecutor(count, thread_name_prefix=name)
        self.busy = 0

    async def run(self, work: Callable[[], T]) -> T:
        """Run ``work`` in a thread and wait for its end.

        A thread cannot be stopped from outside, so a cancelled caller still waits until the work
        returns: it holds its slot and its model for as long as they are in use.
        """
        self.busy += 1
        future = asyncio.get_running_loop().run_in_executor(self._executor, work)
        future.add_done_callback(self._ended)
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            await asyncio.wait([future])
            # No caller asks for its error any more, which asyncio would log as lost.
            future.exception()
            raise

    def close(self) -> None:
        """Accept no more work; do not wait."""
        self._executor.shutdown(wait=False)

    def _ended(self, _future: object) -> None:
        self.busy -= 1
