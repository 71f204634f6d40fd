"""Sends webhooks, again for a while where they are not taken."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

import msgspec

from dalston_cli.errors import DalstonError
from dalston_cli.pipeline.endpoints import in_daemon_thread
from dalston_cli.server.addresses import destination
from dalston_cli.server.queue import QueuedJob
from dalston_cli.server.views import job_view
from dalston_cli.server.webhooks import post

Told = Callable[[QueuedJob], Awaitable[None]]

PAUSES_S: Sequence[float] = (0, 5, 30, 300, 1800)
"""Before each try."""


@dataclass
class Teller:
    """Tells callers' servers that jobs have ended.

    Attributes:
        allowed: Hosts of the own networks that may be told, as ``HOST:PORT``.
    """

    allowed: frozenset[str] = frozenset()
    pauses_s: Sequence[float] = PAUSES_S
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def tell(self, job: QueuedJob, told: Told) -> None:
        """Begin to tell the end of a job; ``told`` is called when that was taken or given up."""
        task = asyncio.create_task(self._try(job, told))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Stop; what was not taken is tried again by the next server."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _try(self, job: QueuedJob, told: Told) -> None:
        for pause_s in self.pauses_s:
            await asyncio.sleep(pause_s)
            # A thread of its own: those of requests must not wait for other people's servers.
            if await in_daemon_thread(partial(self._was_taken, job)):
                break
        await told(job)

    def _was_taken(self, job: QueuedJob) -> bool:
        if job.webhook is None:
            return True
        message = {"type": f"job.{job.state}", "data": job_view(job, None)}
        try:
            where = destination(job.webhook.url, "webhook.url", allowed=self.allowed)
        except DalstonError:
            return False
        return post(where, job.webhook.secret, f"job_{job.id}", msgspec.json.encode(message))
