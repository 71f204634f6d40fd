"""Jobs: recordings that are worked on in their turn, and whose transcripts stay until removed."""

import asyncio
import logging
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path

import msgspec
from starlette.concurrency import run_in_threadpool

from dalston_cli.errors import DalstonError
from dalston_cli.pipeline.events import ErrorInfo, JobFinished, StageFinished, StageStarted
from dalston_cli.private_file import make_private_folder
from dalston_cli.server.errors import no_such
from dalston_cli.server.fetching import Fetcher
from dalston_cli.server.paths import still_there
from dalston_cli.server.progress import Progress
from dalston_cli.server.queue import JobState, Queue, QueuedJob, QueueError
from dalston_cli.server.service import Service
from dalston_cli.server.steady import Steady
from dalston_cli.server.telling import Teller
from dalston_cli.server.upload import UPLOAD_NAME
from dalston_cli.server.work import Order, output_folder

JOBS_FOLDER = "jobs"
_FETCH = "fetch"
_STATES: dict[str, JobState] = {
    "done": "done",
    "unchanged": "done",
    "partial": "partial",
    "cancelled": "cancelled",
}
_LOG = logging.getLogger(__name__)


class Jobs:
    """The jobs of a server.

    Args:
        service: Has the turns to work.
        queue: Keeps them.
        teller: Tells callers' servers.
        steady: Asks the queue again where it fails.
        fetcher: Fetches recordings that callers name by URL.
    """

    def __init__(
        self, service: Service, queue: Queue, teller: Teller, steady: Steady, fetcher: Fetcher
    ) -> None:
        self._service = service
        self._queue = queue
        self._steady = steady
        self._teller = teller
        self._fetcher = fetcher
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
        await self._steady.ask(self._recover)
        untold = await self._steady.ask(self._queue.untold)
        takers = [asyncio.create_task(self._take()) for _ in range(self._service.limits.jobs)]
        for job in untold:
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
        waiting = self._queue.requeue()
        folders = {folder.name: folder for folder in self._folder.iterdir()}
        for name in folders.keys() - self._queue.known(folders):
            shutil.rmtree(folders[name], ignore_errors=True)  # its request, or removal, did not end
        self._service.room.used_bytes = sum(job.upload_bytes for job in waiting)

    async def check(self) -> None:
        """Make sure that jobs are taken, and can be read; see ``Steady.check``."""
        await self._steady.check()

    async def add(self, job: QueuedJob) -> QueuedJob:
        """Keep a job and begin with it in its turn; see ``Queue.add``."""
        kept = await run_in_threadpool(self._queue.add, job)
        self._wake.set()
        return kept

    async def get(self, owner: str, number: str) -> QueuedJob:
        """Return a caller's job.

        Raises:
            RequestRefusedError: It has none of this number.
        """
        job = await self.now(number)
        if job is None or job.owner != owner:
            raise no_such("job")
        return job

    async def of(self, owner: str, most: int) -> tuple[QueuedJob, ...]:
        """Return a caller's latest jobs."""
        return await run_in_threadpool(self._queue.of, owner, most=most)

    async def num_waiting(self, owner: str) -> int:
        """Return how many jobs of a caller wait."""
        return await run_in_threadpool(self._queue.num_waiting, owner)

    def progress(self, number: str) -> Progress | None:
        """Return how far a job is; None where it is not in work."""
        return self._progress.get(number)

    async def now(self, number: str) -> QueuedJob | None:
        """Return a job as it is now; None where it was removed."""
        return await run_in_threadpool(self._queue.get, number)

    @property
    def next_change(self) -> asyncio.Event:
        """What is set when the next job begins, ends or is removed."""
        return self._changed

    def _tell_change(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    async def remove(self, job: QueuedJob) -> None:
        """Forget a job and all that is kept of it; one in work is stopped first."""
        await run_in_threadpool(self._queue.remove, job.id)
        if task := self._at_work.get(job.id):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await asyncio.wait((task,))
        self._service.room.give_back(job.upload_bytes)  # 0 of one that has ended
        self._tell_change()
        await run_in_threadpool(shutil.rmtree, self.folder_of(job.id), ignore_errors=True)

    async def _take(self) -> None:
        """Take one job after the other, whatever the queue or a job meets."""
        failures, asker = 0, object()
        while True:
            self._wake.clear()
            failure: QueueError | None = None
            async with self._service.place():
                try:
                    job = await self._taken()
                except QueueError as error:
                    failure = error
                else:
                    self._steady.note_success(asker)
                    if job is not None:
                        failures = 0
                        await self._work_alone(job)
                        continue
            if failure is None:
                failures = 0
                await self._wake.wait()
            else:
                await self._steady.pause(asker, failure, failures)
                failures += 1

    async def _taken(self) -> QueuedJob | None:
        """Take a job; a server that stops meanwhile does not keep it."""
        taking = asyncio.ensure_future(run_in_threadpool(self._queue.take))
        try:
            return await asyncio.shield(taking)
        except asyncio.CancelledError:
            with suppress(QueueError):
                if (job := await taking) is not None:
                    self._give_back(job)
            raise

    async def _work_alone(self, job: QueuedJob) -> None:
        """Work on a job, as a task that ``remove`` can stop."""
        task = self._at_work[job.id] = asyncio.create_task(self._work(job))
        await asyncio.wait((task,))
        self._at_work.pop(job.id, None)
        if not task.cancelled() and (bug := task.exception()) is not None:
            _LOG.error("a job could not be ended", exc_info=bug)

    async def _work(self, job: QueuedJob) -> None:
        progress = self._progress[job.id] = Progress()
        job = msgspec.structs.replace(job, started_at=time.time())
        self._tell_change()
        try:
            if await self._steady.ask(partial(self._queue.put, job)):
                await self._end(await self._outcome(job, progress))
        except asyncio.CancelledError:
            self._give_back(job)
            raise
        finally:
            progress.end()
            self._progress.pop(job.id, None)
            self._tell_change()

    def _give_back(self, job: QueuedJob) -> None:
        """Let a job wait again; where that fails, the next server does so."""
        with suppress(QueueError):
            self._queue.put(msgspec.structs.replace(job, state="queued", started_at=None))

    async def _outcome(self, job: QueuedJob, progress: Progress) -> QueuedJob:
        """Return a job as its run leaves it."""
        folder = self.folder_of(job.id)
        try:
            options = await run_in_threadpool(
                self._service.wishes.run_options, job.options, output_folder(folder)
            )
            async with self._recording(job, progress) as source:
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

    @asynccontextmanager
    async def _recording(self, job: QueuedJob, progress: Progress) -> AsyncIterator[Path]:
        """Have a job's recording as a file, which is fetched first where that is an address."""
        upload = self.folder_of(job.id) / UPLOAD_NAME
        if job.url is None:
            yield upload if job.source is None else still_there(job.source)
            return
        begun = time.monotonic()
        progress.take(StageStarted(recording=job.name, stage=_FETCH))
        async with self._fetcher.fetched(job.url, upload) as path:
            elapsed_s = time.monotonic() - begun
            progress.take(
                StageFinished(recording=job.name, stage=_FETCH, status="done", elapsed_s=elapsed_s)
            )
            yield path

    async def _end(self, job: QueuedJob) -> None:
        """Note how a job ended, and remove what only its work needed."""
        folder, upload_bytes = self.folder_of(job.id), job.upload_bytes
        ended = msgspec.structs.replace(job, upload_bytes=0, url=None)
        if not await self._steady.ask(partial(self._queue.put, ended)):
            return  # it was removed meanwhile
        self._service.room.give_back(upload_bytes)
        (folder / UPLOAD_NAME).unlink(missing_ok=True)
        await run_in_threadpool(shutil.rmtree, folder / "state", ignore_errors=True)
        if ended.webhook is not None:
            self._teller.tell(ended, self._note_told)

    async def _note_told(self, job: QueuedJob) -> None:
        told = msgspec.structs.replace(job, told=True)
        await self._steady.ask(partial(self._queue.put, told))
