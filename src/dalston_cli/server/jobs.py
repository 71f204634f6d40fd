"""Jobs: recordings that are worked on in their turn, and whose transcripts stay until removed."""

import asyncio
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import msgspec
from starlette.concurrency import run_in_threadpool

from dalston_cli.errors import DalstonError
from dalston_cli.pipeline.events import ErrorInfo, JobFinished
from dalston_cli.private_file import make_private_folder
from dalston_cli.server.errors import no_such
from dalston_cli.server.paths import still_there
from dalston_cli.server.progress import Progress
from dalston_cli.server.queue import JobState, Queue, QueuedJob
from dalston_cli.server.service import Service
from dalston_cli.server.telling import Teller
from dalston_cli.server.upload import UPLOAD_NAME
from dalston_cli.server.work import Order, output_folder

JOBS_FOLDER = "jobs"
_STATES: dict[str, JobState] = {
    "done": "done",
    "unchanged": "done",
    "partial": "partial",
    "cancelled": "cancelled",
}


class Jobs:
    """The jobs of a server.

    Args:
        service: Has the turns to work.
        queue: Keeps them.
        teller: Tells callers' servers.
    """

    def __init__(self, service: Service, queue: Queue, teller: Teller) -> None:
        self._service = service
        self._queue = queue
        self._teller = teller
        self._folder = service.folder / JOBS_FOLDER
        self._wake = asyncio.Event()
        self._changed = asyncio.Event()
        self._progress: dict[str, Progress] = {}
        self._at_work: dict[str, asyncio.Task[None]] = {}

    def folder_of(self, number: str) -> Path:
        """Return where what a job has is kept."""
        return self._folder / number

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """Work on jobs, first on those that a server did not end."""
        await run_in_threadpool(self._recover)
        takers = [asyncio.create_task(self._take()) for _ in range(self._service.limits.jobs)]
        for job in self._queue.untold():
            self._teller.tell(job, self._note_told)
        try:
            yield
        finally:
            for task in (*takers, *self._at_work.values()):
                task.cancel()
            await asyncio.gather(*takers, *self._at_work.values(), return_exceptions=True)
            await self._teller.close()

    def _recover(self) -> None:
        make_private_folder(self._folder)
        known = {job.id: job for job in self._queue.requeue()}
        for folder in self._folder.iterdir():
            if folder.name not in known:  # its request, or its removal, was not ended
                shutil.rmtree(folder, ignore_errors=True)
        for job in known.values():
            self._service.room.used_bytes += job.upload_bytes

    def add(self, job: QueuedJob) -> QueuedJob:
        """Keep a job and begin with it in its turn; see ``Queue.add``."""
        kept = self._queue.add(job)
        self._wake.set()
        return kept

    def get(self, owner: str, number: str) -> QueuedJob:
        """Return a caller's job.

        Raises:
            RequestRefusedError: It has none of this number.
        """
        job = self._queue.get(number)
        if job is None or job.owner != owner:
            raise no_such("job")
        return job

    def of(self, owner: str, most: int) -> tuple[QueuedJob, ...]:
        """Return a caller's latest jobs."""
        return self._queue.of(owner, most=most)

    def num_waiting(self, owner: str) -> int:
        """Return how many jobs of a caller wait."""
        return self._queue.num_waiting(owner)

    def progress(self, number: str) -> Progress | None:
        """Return how far a job is; None where it is not in work."""
        return self._progress.get(number)

    def now(self, number: str) -> QueuedJob | None:
        """Return a job as it is now; None where it was removed."""
        return self._queue.get(number)

    async def changed(self) -> None:
        """Wait until a job begins, ends or is removed."""
        await self._changed.wait()

    def _tell_change(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    async def remove(self, job: QueuedJob) -> None:
        """Forget a job and all that is kept of it; one in work is stopped first."""
        self._queue.remove(job.id)
        if task := self._at_work.get(job.id):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await asyncio.wait((task,))
        self._service.room.give_back(job.upload_bytes)  # 0 of one that has ended
        self._tell_change()
        await run_in_threadpool(shutil.rmtree, self.folder_of(job.id), ignore_errors=True)

    async def _take(self) -> None:
        """Take one job after the other."""
        while True:
            async with self._service.place():
                job = self._queue.take()
                if job is not None:
                    task = asyncio.create_task(self._work(job))
                    self._at_work[job.id] = task
                    await asyncio.wait((task,))
                    self._at_work.pop(job.id, None)
                    continue
                self._wake.clear()
            await self._wake.wait()

    async def _work(self, job: QueuedJob) -> None:
        progress = self._progress[job.id] = Progress()
        job = msgspec.structs.replace(job, started_at=time.time())
        self._tell_change()
        try:
            if self._queue.put(job):
                await self._end(await self._outcome(job, progress))
        except asyncio.CancelledError:
            self._queue.put(msgspec.structs.replace(job, state="queued", started_at=None))
            raise
        finally:
            progress.end()
            self._progress.pop(job.id, None)
            self._tell_change()

    async def _outcome(self, job: QueuedJob, progress: Progress) -> QueuedJob:
        """Return a job as its run leaves it."""
        folder = self.folder_of(job.id)
        try:
            options = await run_in_threadpool(
                self._service.wishes.run_options, job.options, output_folder(folder)
            )
            source = folder / UPLOAD_NAME if job.source is None else still_there(job.source)
            order = Order(source=source, name=job.name, folder=folder, options=options)
            finished = await self._service.carry_out(order, progress.take)
        except DalstonError as error:
            info = ErrorInfo(code=error.code, message=error.message, hint=error.hint)
            finished = JobFinished(recording=job.name, status="failed", error=info)
        except Exception as error:  # noqa: BLE001 - a bug that one job meets costs only it
            info = ErrorInfo(code="bug", message=f"{type(error).__name__}: {error}")
            finished = JobFinished(recording=job.name, status="failed", error=info)
        return msgspec.structs.replace(
            job,
            state=_STATES.get(finished.status, "failed"),
            ended_at=time.time(),
            duration_s=finished.duration_s,
            error=finished.error,
            warnings=finished.warnings,
        )

    async def _end(self, job: QueuedJob) -> None:
        """Note how a job ended, and remove what only its work needed."""
        folder, upload_bytes = self.folder_of(job.id), job.upload_bytes
        ended = msgspec.structs.replace(job, upload_bytes=0)
        if not self._queue.put(ended):
            return  # it was removed meanwhile
        self._service.room.give_back(upload_bytes)
        (folder / UPLOAD_NAME).unlink(missing_ok=True)
        await run_in_threadpool(shutil.rmtree, folder / "state", ignore_errors=True)
        if ended.webhook is not None:
            self._teller.tell(ended, self._note_told)

    def _note_told(self, job: QueuedJob) -> None:
        self._queue.put(msgspec.structs.replace(job, told=True))
