"""Jobs of a server whose workers are other processes, on this machine or on others."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import msgspec
from starlette.concurrency import run_in_threadpool

from dalston_cli.private_file import make_private_folder
from dalston_cli.server.job_files import JobFiles, JobFilesError
from dalston_cli.server.progress import Seen
from dalston_cli.server.queue import ENDED, QueuedJob, SharedQueue
from dalston_cli.server.service import Service
from dalston_cli.server.steady import Steady
from dalston_cli.server.stored_jobs import StoredJobs

_NO_EVENTS = 1 << 31
_LOOK_S = 0.5
"""Between two looks at how far a job is."""


class SharedJobs(StoredJobs):
    """Jobs that are handed in here and worked on elsewhere; see ``StoredJobs``.

    Args:
        queue: That of ``steady``, which others take from.
    """

    def __init__(
        self, service: Service, queue: SharedQueue, files: JobFiles, steady: Steady
    ) -> None:
        super().__init__(service, files, steady)
        self._shared = queue

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """Take jobs from callers; requests that an earlier server did not end are forgotten."""
        await self._steady.ask(self._clear)
        yield

    def _clear(self) -> None:
        make_private_folder(self._files.folder)
        names = {folder.name for folder in self._files.folder.iterdir()}
        known = self._queue.known(names)
        for name in names:
            with suppress(JobFilesError):
                (self._files.leave if name in known else self._files.remove)(name)

    async def add(self, job: QueuedJob) -> QueuedJob:
        """Let others have a job; see ``Queue.add``.

        Raises:
            JobFilesError: Its recording cannot be kept where they see it.
            RequestRefusedError: There is no room for it.
        """
        room = self._service.room
        room.elsewhere_bytes = await run_in_threadpool(self._shared.upload_bytes)
        room.take(0)
        await run_in_threadpool(self._files.hand_in, job.id)
        kept = await run_in_threadpool(self._queue.add, job)
        if kept.id == job.id:
            room.give_back(job.upload_bytes)
        else:
            await run_in_threadpool(self._files.remove, job.id)
        return kept

    async def progress(self, number: str) -> Seen | None:
        """Return how far a job is; None where it is not in work."""
        news = await run_in_threadpool(self._shared.news, number, after=_NO_EVENTS)
        return msgspec.json.decode(news.state, type=Seen) if news.state else None

    async def follow(self, number: str, after: int) -> AsyncIterator[tuple[int, str, str]]:
        """Yield each event with its number, from the one behind ``after`` on, until the end."""
        while True:
            now = await self.now(number)
            news = await run_in_threadpool(self._shared.news, number, after=after)
            for kind, data in news.told:
                after += 1
                yield after, kind, data
            if now is None or now.state in ENDED:
                return
            await asyncio.sleep(_LOOK_S)

    async def remove(self, job: QueuedJob) -> None:
        """Forget a job and all that is kept of it; who works on it notices, and stops."""
        await run_in_threadpool(self._queue.remove, job.id)
        await run_in_threadpool(self._files.remove, job.id)
