"""The room that decoded audio may take, over all recordings in work.

A recording waits for it before it is begun, and so before it holds anything else. What is fetched
from other machines has a room of its own.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

BYTES_PER_S = 32_000
"""Of one channel of decoded audio: 16 kHz, two bytes each."""


KEPT_FOR_SHORT = 0.1
"""Part of the room for recordings that fit into what is left of it."""


class DecodedRoom:
    """Lets recordings be begun while there is room for their audio, one after the other.

    One recording is always let in, however long it is: a run over one that does not fit says so
    when it cannot be written. A part of the room is kept for short ones, which do not wait for days
    of others: they use it in any order, and long ones lose nothing by it.

    Args:
        limit_bytes: For all of them together; None for no limit.
    """

    def __init__(self, limit_bytes: int | None = None) -> None:
        self._kept = 0 if limit_bytes is None else round(limit_bytes * KEPT_FOR_SHORT)
        self._limit = None if limit_bytes is None else limit_bytes - self._kept
        self._used = 0
        self._changed = asyncio.Event()
        self._first = asyncio.Lock()

    @asynccontextmanager
    async def held(self, seconds: float) -> AsyncIterator[None]:
        """Wait until there is room for a recording's audio, and hold it.

        Those that come later wait, too, even if there were room for them: a long one would be
        passed by for ever.
        """
        needed = round(seconds * BYTES_PER_S)
        if needed <= self._kept:
            self._kept -= needed
            try:
                yield
            finally:
                self._kept += needed
            return
        async with self._first:
            while self._limit is not None and self._used and self._used + needed > self._limit:
                self._changed.clear()
                await self._changed.wait()
            self._used += needed
        try:
            yield
        finally:
            self._used -= needed
            self._changed.set()
