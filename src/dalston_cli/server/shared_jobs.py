"""Jobs of a server whose workers are other processes, on this machine or on others."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import msgspec
from starlette.concurrency import run_in_threadpool

from dalston_cli.private_file import make_private_folder
from dalston_cli.server.errors import RequestRefusedError
from dalston_cli.server.job_files import JobFiles, JobFilesError
from dalston_cli.server.progress import Seen
from dalston_cli.server.queue import ENDED, QueuedJob, QueueError, SharedQueue
from dalston_cli.server.service import Service
from dalston_cli.server.steady import Steady
from dalston_cli.server.stored_jobs import StoredJobs
from dalston_cli.threads import to_its_end

_NO_EVENTS = 1 << 31
_LOOK_S = 0.5
"""Between two looks at how far a job is."""

FORGOTTEN_S = 3600.0
"""An upload that no job has stays for as long after something was written to it."""

_COLLECT_S = 600.0
"""Between two looks for such."""


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
        self._adding: set[str] = set()
        self._unknown: frozenset[str] = frozenset()

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """Take jobs from callers, and remove what requests left that did not end."""
        await self._steady.ask(self._begin)
        collecting = asyncio.create_task(self._collect())
        try:
            yield
        finally:
            collecting.cancel()
            await asyncio.wait((collecting,))

    def _begin(self) -> None:
        """Note what an earlier server left that no job has so far, and count it."""
        make_private_folder(self._files.folder)
        names = {folder.name for folder in self._files.folder.iterdir()}
        known = self._queue.known(names)
        for name in known:
            self._files.leave(name)
        self._counted = {name: self._files.upload_bytes(name) for name in names - known}
        self._service.room.used_bytes = sum(self._counted.values())

    async def _collect(self) -> None:
        while True:
            await asyncio.sleep(_COLLECT_S)
            try:
                await self._steady.ask(self._clear)
            except OSError as error:
                self._steady.warn(f"what no job has is not removed: {error}")

    def _clear(self) -> None:
        """Ask for uploads that are counted here, and remove those that no job has.

        Redis may do what it was asked for a moment after it said that it knows nothing of it, so
        that it has to say so twice.
        """
        asked = self._counted.copy().keys() - self._adding
        known = self._queue.known(asked)
        forgotten = {
            number
            for number in (asked - known) & self._unknown
            if self._files.age_s(number) >= FORGOTTEN_S
        }
        for number in known | forgotten:
            with suppress(JobFilesError):  # it is tried again
                (self._files.leave if number in known else self._files.remove)(number)
                self._settle(number)
        self._unknown = frozenset(asked - known)

    async def add(self, job: QueuedJob) -> QueuedJob:
        """Let others have a job; see ``Queue.add``.

        Where Redis does not say whether it has the job, the upload stays until it is known.

        Raises:
            JobFilesError: Its recording cannot be kept where they see it.
            RequestRefusedError: There is no room for it.
        """
        self._adding.add(job.id)
        try:
            return await self._add(job)
        finally:
            self._adding.discard(job.id)

    async def _add(self, job: QueuedJob) -> QueuedJob:
        room = self._service.room
        self._counted[job.id] = job.upload_bytes
        try:
            room.elsewhere_bytes = await run_in_threadpool(self._shared.upload_bytes)
            room.take(0)
            await run_in_threadpool(self._files.hand_in, job.id)
        except (QueueError, RequestRefusedError, JobFilesError):
            self._files.drop_upload(job.id)
            room.give_back(job.upload_bytes)
            self._counted[job.id] = 0
            raise
        kept = await run_in_threadpool(self._queue.add, job)
        await run_in_threadpool(
            self._files.leave if kept.id == job.id else self._files.remove, job.id
        )
        self._settle(job.id)
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
        await to_its_end(self._remove, job.id)
        self._settle(job.id)

    def _remove(self, number: str) -> None:
        """Remove a job and its files, in one thread; a folder here marks what is not done yet."""
        make_private_folder(self._files.folder_of(number))
        self._counted.setdefault(number, 0)
        self._queue.remove(number)
        self._files.remove(number)
