"""Jobs whose engines' part Dask does; everything else of them happens here."""

import asyncio
import pickle
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from dalston_cli import __version__
from dalston_cli.catalog.schema import EngineEntry
from dalston_cli.errors import UnavailableError
from dalston_cli.pipeline.events import EngineTaken, Event, JobFinished, JobWaiting, WarningRaised
from dalston_cli.pipeline.jobs.base import Job, JobTools, Work, WorkOrder
from dalston_cli.pipeline.jobs.done import finished_before
from dalston_cli.pipeline.runners.dask.cluster import Cluster, unfit_error
from dalston_cli.pipeline.runners.dask.errors import (
    SchedulerLostError,
    WorkerUnfitError,
    work_error,
)
from dalston_cli.pipeline.runners.dask.messages import Report, Setup, Task, topic_of
from dalston_cli.pipeline.running.job import RecordingJob

if TYPE_CHECKING:
    from distributed import Client

_LATE_S = 2.0
"""For so long events of a job are waited for that come after its result."""

_EVENT = msgspec.json.Decoder(Event)


class WorkersEngines:
    """The engines of workers: known by what the workers report.

    Attributes:
        fingerprints: The fingerprint of each engine that was used, by its name.
    """

    def __init__(self) -> None:
        self.fingerprints: dict[str, str] = {}

    def failure(self, engine: EngineEntry, device: str) -> UnavailableError | None:
        """Return None: what one worker cannot have, another one may."""
        del engine, device
        return None

    def forget(self) -> None:
        """Do nothing: workers see to their engines."""

    async def stop(self, idle: Sequence[tuple[EngineEntry, str]]) -> None:
        """Do nothing, likewise."""
        del idle

    async def taken(self) -> tuple[EngineTaken, ...]:
        """Return nothing: what engines take elsewhere says nothing about this machine."""
        return ()


@dataclass(kw_only=True)
class _Followed:
    """The events of one job.

    Attributes:
        attempt: The try that is believed; an earlier one's worker is gone.
        num_events: Those that came of it.
        worker: Where it is done.
    """

    name: str
    attempt: str = ""
    num_events: int = 0
    worker: str = ""
    came: asyncio.Event = field(default_factory=asyncio.Event)


class DaskRunner:
    """Runs jobs of which workers do the engines' part.

    Args:
        tools: Those of the command: its journal, store and outputs.
        scratch: For a recording that has to be made a file.
        cluster: The workers.
        setup: All that they are told about the run.
        engines: Notes what they report.
    """

    def __init__(
        self,
        tools: JobTools,
        scratch: Path,
        cluster: Cluster,
        setup: Setup,
        engines: WorkersEngines,
    ) -> None:
        self._tools = tools
        self._scratch = scratch
        self._cluster = cluster
        self._setup = pickle.dumps(setup)
        self._run = setup.site.run
        self._engines = engines
        self._followed: dict[int, _Followed] = {}
        self._num_tasks = 0
        self._listens = False

    def finished_before(self, job: Job) -> JobFinished | None:
        """Return the report of a recording that is known to be done; see ``Runner``."""
        return finished_before(job, self._tools)

    async def run(self, job: Job) -> JobFinished | JobWaiting:
        """Do what has to be done for one recording; see ``Runner``."""
        folder = self._scratch / str(job.number)
        recording = RecordingJob(job, self._tools, folder, partial(self._worked, job))
        try:
            while True:
                async with recording.reread():
                    return await recording.run()
        finally:
            self._followed.pop(job.number, None)
            shutil.rmtree(folder, ignore_errors=True)

    async def _worked(
        self, job: Job, order: WorkOrder, check_unchanged: Callable[[], None]
    ) -> Work:
        """Have a worker do the engines' part; another one where it cannot.

        Raises:
            RecordingChangedError: The recording was replaced meanwhile.
            RunnerLostError: The scheduler is gone, or no worker can do it.
            DalstonError: What went wrong in the worker.
        """
        task = pickle.dumps(Task(job=job, order=order, batches=self._batches(job)))
        async with self._tools.claims_here.held(order.prepared):
            while True:
                followed = self._followed[job.number] = _Followed(name=job.recording.name)
                answer = await self._answer(job, task)
                if "value" in answer:
                    report: Report = pickle.loads(answer["value"])  # noqa: S301 - Dask pickles all
                    await self._noted(job, report, followed)
                    if report.error is not None:
                        raise report.error
                    if report.work is None:
                        raise AssertionError(report)
                    return report.work
                check_unchanged()
                await self._go_on_without(followed.worker, answer)

    async def _answer(self, job: Job, task: bytes) -> dict[str, Any]:
        """Give a task to Dask, and return what a worker answers."""
        client, name = await self._client(), job.recording.name
        from distributed import KilledWorker  # noqa: PLC0415 - asked for Dask only
        from distributed.client import FutureCancelledError  # noqa: PLC0415 - likewise
        from distributed.comm import CommClosedError  # noqa: PLC0415 - likewise

        from dalston_cli.pipeline.runners.dask.worker import work  # noqa: PLC0415 - likewise

        self._num_tasks += 1
        key = f"dalston-{self._run}-{self._num_tasks}"
        if client.status != "running":
            raise SchedulerLostError(self._cluster.address)
        future = client.submit(
            work,
            __version__,
            self._setup,
            task,
            key,
            key=key,
            pure=False,
            workers=await self._cluster.fit_workers(),
            resources=self._cluster.resources(),
        )
        try:
            answer: dict[str, Any] = await future
        except (FutureCancelledError, KilledWorker, CommClosedError) as error:
            is_lost = client.status != "running"
            raise work_error(error, name, self._cluster.address, is_lost=is_lost) from error
        finally:
            future.release()  # a task that is not wanted any more is given up by its worker
        return answer

    async def _client(self) -> "Client":
        """Return the connection to the workers, who tell what they do from then on."""
        client = await self._cluster.client(self._scratch)
        while self._cluster.unfit:
            self._warn(self._cluster.unfit.pop(0))
        if not self._listens:
            self._listens = True
            client.subscribe_topic(topic_of(self._run), self._take)
        return client

    async def _go_on_without(self, worker: str, answer: dict[str, Any]) -> None:
        """Give nothing more to a worker that cannot do the work.

        Raises:
            WorkerUnfitError: It was the last one.
        """
        address = worker.partition(" ")[0]
        unfit = unfit_error(address, answer)
        self._cluster.refuse(address)
        if not await self._cluster.fit_workers():
            raise unfit
        self._warn(unfit)

    def _warn(self, unfit: WorkerUnfitError) -> None:
        message = f"{unfit.message}; it is given no work"
        self._tools.emit(WarningRaised(code=unfit.code, message=message, hint=unfit.hint))

    def _batches(self, job: Job) -> dict[tuple[str, str], int]:
        """Return the batch sizes that are known to fit, for the models of a job."""
        stages = (*job.plan.stages.values(), *job.plan.alternatives)
        return {
            (stage.model.id, stage.device): size
            for stage in stages
            if (size := self._tools.journal.batch_size(stage.model.id, stage.device)) is not None
        }

    async def _noted(self, job: Job, report: Report, followed: _Followed) -> None:
        """Write into the journal what a worker would have written, after its last event."""
        followed.attempt = report.notes.attempt
        try:
            async with asyncio.timeout(_LATE_S):
                while followed.num_events < report.num_events:
                    followed.came.clear()
                    await followed.came.wait()
        except TimeoutError:
            pass  # it is the screen's loss, and nothing else's
        journal = self._tools.journal
        self._engines.fingerprints.update(report.fingerprints)
        for attempt in report.notes.attempts:
            journal.add_attempt(job.number, attempt)
        for key, outcome, recording in report.notes.outcomes:
            journal.remember_outcome(key, outcome, recording=recording)
        for (model, device), size in report.notes.batches.items():
            journal.remember_batch_size(model, device, size)

    def _take(self, message: tuple[float, dict[str, Any]]) -> None:
        """Take what a worker tells while it works; Dask adds the worker's address."""
        _, told = message
        if not told["job"]:
            if self._followed:  # after the last job its report stands
                self._tools.emit(_EVENT.decode(told["event"]))
            return
        followed = self._followed.get(told["job"])
        if followed is None:
            return  # of a job that ended
        if "host" in told:
            self._begins(followed, told["attempt"], f"{told['worker']} on {told['host']}")
        elif told["attempt"] == followed.attempt:
            followed.num_events += 1
            followed.came.set()
            self._tools.emit(_EVENT.decode(told["event"]))

    def _begins(self, followed: _Followed, attempt: str, worker: str) -> None:
        """Note who works on a job; tell that another one did who is gone."""
        before, followed.worker = followed.worker, worker
        followed.attempt, followed.num_events = attempt, 0
        if before:
            self._tools.emit(
                WarningRaised(
                    code="worker_lost",
                    message=f"worker {before} is gone; {worker} begins anew",
                    recording=followed.name,
                )
            )
