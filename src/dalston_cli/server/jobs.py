"""Jobs: recordings that are worked on in their turn, and whose transcripts stay until removed."""

import asyncio
import logging
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext, suppress
from functools import partial
from pathlib import Path

import msgspec
from starlette.concurrency import run_in_threadpool

from dalston_cli.errors import DalstonError
from dalston_cli.pipeline.events import ErrorInfo, JobFinished, StageFinished, StageStarted
from dalston_cli.pipeline.remote.errors import RemoteError
from dalston_cli.private_file import make_private_folder
from dalston_cli.server.fetching import Fetcher
from dalston_cli.server.job_files import JobFiles, JobFilesError
from dalston_cli.server.leases import Leases
from dalston_cli.server.paths import still_there
from dalston_cli.server.progress import Progress
from dalston_cli.server.queue import ENDED, JobState, QueuedJob, QueueError
from dalston_cli.server.service import Service
from dalston_cli.server.steady import Steady
from dalston_cli.server.stored_jobs import StoredJobs
from dalston_cli.server.telling import Teller
from dalston_cli.server.work import MachineError, Order, output_folder
from dalston_cli.threads import to_its_end

MOST_TAKES = 4
"""A job whose processes died as often is given up: it may be what they die of."""

_AWAY_S = 10.0
"""Before the next job is taken where there is no room, or the files of one cannot be had."""

_FETCH = "fetch"
_STATES: dict[str, JobState] = {
    "done": "done",
    "unchanged": "done",
    "partial": "partial",
    "cancelled": "cancelled",
}
_LOG = logging.getLogger(__name__)


class WorkersLostError(DalstonError):
    """Too many processes did not survive a recording."""

    code = "workers_lost"

    def __init__(self) -> None:
        super().__init__(
            f"{MOST_TAKES} workers died while they worked on this recording",
            hint="look whether it is what they die of: dalston transcribe RECORDING",
        )


class _AwayError(Exception):
    """What every recording needs is not there for the moment: room, or what machines share."""

    def __init__(self, error: DalstonError) -> None:
        told = error.reason if isinstance(error, JobFilesError | MachineError) else error.message
        super().__init__(told)


class Jobs(StoredJobs):
    """The jobs that this process works on; see ``StoredJobs``.

    Args:
        teller: Tells callers' servers.
        fetcher: Fetches recordings that callers name by URL.
        leases: Hold jobs of a queue that other processes take from; None for one of our own.
    """

    def __init__(
        self,
        service: Service,
        files: JobFiles,
        steady: Steady,
        teller: Teller,
        fetcher: Fetcher,
        leases: Leases | None = None,
    ) -> None:
        super().__init__(service, files, steady)
        self._teller = teller
        self._fetcher = fetcher
        self._leases = leases
        self._wake = asyncio.Event()
        self._taking = asyncio.Lock()
        self._changed = asyncio.Event()
        self._progress: dict[str, Progress] = {}
        self._at_work: dict[str, asyncio.Task[bool]] = {}

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """Work on jobs, first on those that a server did not end."""
        if self._leases is None:
            await self._steady.ask(self._recover)
        takers = [asyncio.create_task(self._take()) for _ in range(self._service.limits.jobs)]
        takers.append(asyncio.create_task(self._tell_untold()))
        try:
            yield
        finally:
            for task in takers:
                task.cancel()
            # A job that is cancelled before it begins would not be given back.
            await asyncio.sleep(0)
            for work in self._at_work.values():
                work.cancel()
            await asyncio.gather(*takers, *self._at_work.values(), return_exceptions=True)
            await self._teller.close()

    def _recover(self) -> None:
        make_private_folder(self._files.folder)
        waiting = self._queue.requeue()
        folders = {folder.name: folder for folder in self._files.folder.iterdir()}
        for name in folders.keys() - self._queue.known(folders):
            shutil.rmtree(folders[name], ignore_errors=True)  # its request, or removal, did not end
        self._counted = {job.id: job.upload_bytes for job in waiting}
        self._service.room.used_bytes = sum(self._counted.values())

    async def _tell_untold(self) -> None:
        """Tell the ends that an earlier process did not; of a shared queue, again and again."""
        while True:
            for job in await self._steady.ask(self._queue.untold):
                self._teller.tell(job, self._note_told)
            if self._leases is None:
                return
            await asyncio.sleep(self._leases.queue.lease_s / 3)

    async def add(self, job: QueuedJob) -> QueuedJob:
        """Keep a job and begin with it in its turn; see ``Queue.add``.

        Its upload is removed where it is not kept. A request that is cancelled meanwhile leaves its
        upload where it is: the next start knows whether a job has it.
        """
        self._counted[job.id] = job.upload_bytes
        try:
            kept = await to_its_end(partial(self._queue.add, job))
        except QueueError:  # nothing has changed: the file is this process's alone
            await run_in_threadpool(self._discard, job)
            raise
        finally:
            self._wake.set()
        if kept.id != job.id:
            await run_in_threadpool(self._discard, job)
        return kept

    def _discard(self, job: QueuedJob) -> None:
        """Remove what was received for a job that is not kept, and give its room back."""
        self._files.remove(job.id)
        self._settle(job.id)

    async def progress(self, number: str) -> Progress | None:
        """Return how far a job is; None where it is not in work."""
        return self._progress.get(number)

    async def follow(self, number: str, after: int) -> AsyncIterator[tuple[int, str, str]]:
        """Yield each event with its number, from the one behind ``after`` on, until the end."""
        while True:
            change, now = self._changed, await self.now(number)
            if now is None or now.state in ENDED:
                return
            if (progress := self._progress.get(number)) is None:
                await change.wait()
                continue
            async for each in progress.follow(after):
                yield each
            after = 0

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
        self._settle(job.id)
        self._tell_change()
        await run_in_threadpool(self._files.remove, job.id)

    async def _take(self) -> None:
        """Take one job after the other, whatever the queue or a job meets."""
        failures, asker = 0, object()
        while True:
            self._wake.clear()
            failure: QueueError | None = None
            async with self._service.place():
                try:
                    async with self._taking:  # it may block a thread for a moment
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
                if self._leases is None:  # else ``take`` has waited
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
                    await self._give_back(job)
            raise

    async def _work_alone(self, job: QueuedJob) -> None:
        """Work on a job, as a task that ``remove`` can stop."""
        task = self._at_work[job.id] = asyncio.create_task(self._work(job))
        await asyncio.wait((task,))
        if self._at_work.get(job.id) is task:  # else another one of this process has taken it since
            del self._at_work[job.id]
        if task.cancelled():
            return
        if (bug := task.exception()) is not None:
            _LOG.error("a job could not be ended", exc_info=bug)
        elif task.result():
            await asyncio.sleep(_AWAY_S)

    async def _work(self, job: QueuedJob) -> bool:
        """Work on a job; return True where the next one is to be taken a while later."""
        progress = self._progress[job.id] = Progress()
        job = msgspec.structs.replace(job, started_at=time.time())
        self._tell_change()
        try:
            if await self._steady.ask(partial(self._queue.put, job)):
                async with self._held(job.id, progress):
                    ended = await self._outcome(job, progress)
                await self._end(ended)
        except _AwayError as away:
            self._steady.warn(f"{away}; {job.name} waits again")
            await self._steady.ask(partial(self._queue.put, _waiting(job)))
            return True
        except asyncio.CancelledError:
            await to_its_end(self._let_go, job)
            raise
        finally:
            progress.end()
            if self._progress.get(job.id) is progress:
                del self._progress[job.id]
            self._tell_change()
        return False

    def _held(self, number: str, progress: Progress) -> AbstractAsyncContextManager[None]:
        return nullcontext() if self._leases is None else self._leases.held(number, progress)

    def _let_go(self, job: QueuedJob) -> None:
        """Let a job wait again, and leave it, in one thread: a cancel splits no thread."""
        self._files.leave(job.id)  # before another one of this process may take it
        with suppress(QueueError):  # the next server does so, or its lease ends
            if not self._queue.put(_waiting(job)):
                self._leave(job.id)

    def _leave(self, number: str) -> None:
        """Remove what this process has of a job that is not its own any more, or was removed."""
        with suppress(QueueError, JobFilesError):
            self._files.leave(number)
            if self._queue.get(number) is None:
                self._files.remove(number)

    async def _give_back(self, job: QueuedJob) -> None:
        """Let a job wait again; where that fails, the next server does so."""
        with suppress(QueueError):
            await to_its_end(partial(self._queue.put, _waiting(job)))

    async def _outcome(self, job: QueuedJob, progress: Progress) -> QueuedJob:
        """Return a job as its run leaves it."""
        try:
            finished = await self._run(job, progress)
        except (JobFilesError, MachineError, RemoteError) as error:
            raise _AwayError(error) from error
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

    async def _run(self, job: QueuedJob, progress: Progress) -> JobFinished:
        if job.takes > MOST_TAKES:
            raise WorkersLostError
        folder, files = self.folder_of(job.id), self._files
        run_options = partial(self._service.wishes.run_options, store=files.results(job.id))
        options = await run_in_threadpool(run_options, job.options, output_folder(folder))
        async with self._recording(job, progress) as source:
            order = Order(source=source, name=job.name, folder=folder, options=options)
            finished = await self._service.carry_out(order, progress.take)
            await to_its_end(files.hand_out, job.id)
            return finished

    @asynccontextmanager
    async def _recording(self, job: QueuedJob, progress: Progress) -> AsyncIterator[Path]:
        """Have a job's recording as a file, which is fetched first where it is elsewhere."""
        if job.source is not None:
            yield still_there(job.source)
            return
        if job.url is None:
            yield await self._files.bring(job.id, progress.warn)
            return
        begun = time.monotonic()
        progress.take(StageStarted(recording=job.name, stage=_FETCH))
        async with self._fetcher.fetched(job.url, self._files.upload(job.id)) as path:
            elapsed_s = time.monotonic() - begun
            progress.take(
                StageFinished(recording=job.name, stage=_FETCH, status="done", elapsed_s=elapsed_s)
            )
            yield path

    async def _end(self, job: QueuedJob) -> None:
        """Note how a job ended, and remove what only its work needed."""
        ended = msgspec.structs.replace(job, upload_bytes=0, url=None)
        is_ours = await self._steady.ask(partial(self._put_ended, ended))
        self._settle(job.id)
        if is_ours and ended.webhook is not None:
            self._teller.tell(ended, self._note_told)

    def _put_ended(self, job: QueuedJob) -> bool:
        """Note an end and remove what the work needed, in one thread: a cancel splits no thread."""
        if not self._queue.put(job):  # it was removed meanwhile, or another process has it
            self._leave(job.id)
            return False
        try:
            self._files.tidy(job.id)
        except JobFilesError as error:
            self._steady.warn(f"what {job.name} needed is not removed: {error.reason}")
        return True

    async def _note_told(self, job: QueuedJob) -> None:
        told = msgspec.structs.replace(job, told=True)
        await self._steady.ask(partial(self._queue.put, told))


def _waiting(job: QueuedJob) -> QueuedJob:
    return msgspec.structs.replace(job, state="queued", started_at=None)
