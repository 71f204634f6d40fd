"""Asks a queue again until it answers, and says when it fails and when that is over."""

import asyncio
from collections.abc import Callable, Sequence
from typing import TypeVar

from starlette.concurrency import run_in_threadpool

from dalston_cli.server.queue import Queue, QueueError
from dalston_cli.threads import to_its_end

T = TypeVar("T")

PAUSES_S: Sequence[float] = (0.5, 1, 2, 5, 10)
"""Between two tries; the last one again and again."""


class Steady:
    """What is known of whether a queue answers.

    Args:
        queue: The queue; an attribute, too.
        warn: Takes what a person has to know; an attribute, too.
        pauses_s: Between two tries.
    """

    def __init__(
        self, queue: Queue, warn: Callable[[str], None], pauses_s: Sequence[float] = PAUSES_S
    ) -> None:
        self.queue = queue
        self.warn = warn
        self._pauses_s = pauses_s
        self._failing: dict[object, QueueError] = {}

    async def ask(self, do: Callable[[], T]) -> T:
        """Return what ``do`` returns, once the queue lets it."""
        asker, number = object(), 0
        try:
            while True:
                try:
                    found = await to_its_end(do)
                except QueueError as error:
                    await self.pause(asker, error, number)
                    number += 1
                else:
                    self.note_success(asker)
                    return found
        finally:
            self._failing.pop(asker, None)

    async def pause(self, asker: object, error: QueueError, number: int) -> None:
        """Note a failure, and wait before the next try.

        Args:
            asker: Who met it; it tries again until ``note_success``.
            error: The failure.
            number: How many there were before it, one after the other.
        """
        if not self._failing:
            self.warn(f"{self.queue.place}: {error.message}; it is tried again until it works")
        self._failing[asker] = error
        await asyncio.sleep(self._pauses_s[min(number, len(self._pauses_s) - 1)])

    def note_success(self, asker: object) -> None:
        """Note that the queue has answered one that it failed before."""
        if self._failing.pop(asker, None) is not None and not self._failing:
            self.warn(f"{self.queue.place}: jobs can be read and kept again")

    async def check(self) -> None:
        """Make sure that jobs are taken, and can be read.

        Raises:
            QueueError: They are not, or cannot.
        """
        for failure in self._failing.values():
            raise QueueError(failure.problem)
        await run_in_threadpool(self.queue.check)
