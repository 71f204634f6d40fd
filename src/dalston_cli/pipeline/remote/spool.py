"""Room for what is fetched from other machines, shared by the jobs of a run.

A job waits for room before it holds anything else, and lets go of it once its audio is decoded, so
that jobs never wait for each other in a circle.
"""

import asyncio
from collections import deque
from collections.abc import Callable

from dalston_cli.pipeline.remote.errors import SpoolLimitError

DEFAULT_LIMIT = 20_000_000_000


class Spool:
    """A number of bytes that jobs share; who waits longest is served first.

    Attributes:
        most_used: The highest number of bytes that was taken at once.
    """

    def __init__(self, limit: int = DEFAULT_LIMIT) -> None:
        self.limit = limit
        self.used = 0
        self.most_used = 0
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    async def take(self, size: int | None, name: str) -> Callable[[], None]:
        """Wait until there is room for a recording; return what gives it back, once.

        Args:
            size: Bytes; None where they are not known: then nothing else lies there meanwhile.
            name: The recording's, for messages.

        Raises:
            SpoolLimitError: There is never room for so much.
        """
        wanted = self.limit if size is None else size
        if wanted > self.limit:
            raise SpoolLimitError(name, wanted, self.limit)
        ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        entry = (wanted, ready)
        self._waiting.append(entry)
        self._serve()
        held = [wanted]

        def give_back() -> None:
            if held:
                self.used -= held.pop()
                self._serve()

        try:
            await ready
        except asyncio.CancelledError:
            if entry in self._waiting:
                self._waiting.remove(entry)
                self._serve()
            else:
                give_back()
            raise
        return give_back

    def _serve(self) -> None:
        while self._waiting and self.used + self._waiting[0][0] <= self.limit:
            wanted, ready = self._waiting.popleft()
            self.used += wanted
            self.most_used = max(self.most_used, self.used)
            if not ready.done():
                ready.set_result(None)
