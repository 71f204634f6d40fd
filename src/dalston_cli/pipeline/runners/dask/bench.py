"""All that a worker works with during a run: engines of its own, a decoder, the shared store."""

import asyncio
import shutil
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from dalston_cli.audio.errors import RecordingError
from dalston_cli.audio.prepare import Preparer
from dalston_cli.audio.scratch import SCRATCH_NAME, scratch_folder
from dalston_cli.catalog.load import load_catalog
from dalston_cli.catalog.machine import probe_machine
from dalston_cli.catalog.pipelines import pipeline_settings
from dalston_cli.launchers.pool.engines import RunEngines
from dalston_cli.launchers.registry import configured_launchers
from dalston_cli.pipeline.endpoints import LocalFile
from dalston_cli.pipeline.environment import Environment
from dalston_cli.pipeline.events import Event
from dalston_cli.pipeline.jobs.base import JobClaims, JobTools, Work, WorkOrder
from dalston_cli.pipeline.records.opening import teller
from dalston_cli.pipeline.records.remote_claims import RemoteClaims
from dalston_cli.pipeline.records.remote_store import RemoteStore
from dalston_cli.pipeline.records.store import STORE_NAME, FileStore, KeptResults, ResultStore
from dalston_cli.pipeline.remote.address import Address
from dalston_cli.pipeline.request import RecordingRequest
from dalston_cli.pipeline.runners.dask.claims import WorkerClaims
from dalston_cli.pipeline.runners.dask.errors import Unfit
from dalston_cli.pipeline.runners.dask.fitting import Fitting
from dalston_cli.pipeline.runners.dask.messages import Notes, Setup, Task
from dalston_cli.pipeline.runners.dask.notes import NoRefusals, NotedJournal, no_sink
from dalston_cli.pipeline.runners.dask.place import of_worker
from dalston_cli.pipeline.runners.tools import engines_and_decoder
from dalston_cli.pipeline.running.audio import RecordingAudio
from dalston_cli.pipeline.running.budget import Budget
from dalston_cli.pipeline.running.recording_bytes import RecordingBytes
from dalston_cli.pipeline.running.stage_failures import StageFailures
from dalston_cli.pipeline.running.work import RecordingWork, audio_request
from dalston_cli.settings.load import load_settings
from dalston_cli.settings.locations import Locations

_IDLE_S = 5.0
"""Without work for so long, connections and decoders are closed; engines go by their keep-alive."""


@dataclass(frozen=True, kw_only=True)
class _Means:
    """What is open while there is work."""

    stack: AsyncExitStack
    store: ResultStore
    claims: JobClaims
    engines: RunEngines
    decoder: Preparer
    fitting: Fitting
    scratch: Path


class Bench:
    """What one worker works with for one run; open while there is work.

    Attributes:
        run: The run.
    """

    def __init__(self, setup: Setup, worker: str, emit: Callable[[Event], None]) -> None:
        self.run = setup.site.run
        self.fingerprints: dict[str, str] = {}
        self._setup = setup
        self._worker = worker
        self._emit = emit
        self._means: _Means | None = None
        self._changing = asyncio.Lock()
        self._at_work = 0
        self._idle: asyncio.Task[None] | None = None
        self._batches: dict[tuple[str, str], int] = {}

    async def work(self, task: Task, notes: Notes, emit: Callable[[Event], None]) -> Work:
        """Do the engines' part of a job.

        Raises:
            Unfit: This worker cannot, and another one may.
            DalstonError: The recording cannot be used, or a required stage failed.
        """
        self._at_work += 1
        try:
            async with self._changing:
                if self._means is None:
                    self._means = await self._opened()
            return await self._worked(self._means, task, notes, emit)
        finally:
            self._at_work -= 1
            if self._at_work == 0 and self._means is not None:
                self._idle = asyncio.create_task(self._close_if_idle())

    async def _worked(
        self, means: _Means, task: Task, notes: Notes, emit: Callable[[Event], None]
    ) -> Work:
        job = replace(
            task.job,
            plan=means.fitting.fit(task.job.plan),
            recording=replace(task.job.recording, source=LocalFile(task.order.source)),
        )
        self._batches.update(task.batches)
        tools = JobTools(
            store=means.store,
            claims=means.claims,
            claims_here=means.claims,
            journal=NotedJournal(notes, self._batches),
            refusals=NoRefusals(),
            engines=means.engines,
            decoder=means.decoder,
            open_sink=no_sink,
            emit=emit,
            budget=Budget(),
            failures=StageFailures(means.scratch),
        )
        folder = means.scratch / notes.attempt
        try:
            recording = await _same_bytes(job.recording, task.order, tools, folder)
            request = audio_request(job, task.order.digest, folder)
            audio = RecordingAudio(request, task.order.prepared, tools, recording)
            work = RecordingWork(job, audio, tools, refused=task.order.refused)
            return await work.run(prepared=lambda: None)
        finally:
            self.fingerprints.update(means.engines.fingerprints)
            shutil.rmtree(folder, ignore_errors=True)

    async def _opened(self) -> _Means:
        environment = await asyncio.to_thread(worker_environment, self._setup, self._worker)
        fitting = await asyncio.to_thread(Fitting, environment)
        async with AsyncExitStack() as stack:
            scratch = stack.enter_context(
                scratch_folder(environment.locations.cache / SCRATCH_NAME)
            )
            store = self._store(environment)
            claims: JobClaims = WorkerClaims(self._setup.site.shared)
            if isinstance(store, RemoteStore):
                claims = stack.enter_context(RemoteClaims(store, teller(self._emit)))
            use = replace(self._setup.use, models_dir=environment.locations.models)
            engines, decoder = await engines_and_decoder(
                stack, environment.launchers, use, self._emit
            )
            return _Means(
                stack=stack.pop_all(),
                store=store,
                claims=claims,
                engines=engines,
                decoder=decoder,
                fitting=fitting,
                scratch=scratch,
            )

    def _store(self, environment: Environment) -> KeptResults:
        """Return the store that is shared with the command, wherever it is."""
        site = self._setup.site
        if site.store is None:
            return FileStore(site.state / STORE_NAME)
        return RemoteStore(Address(site.store), environment.locations.cache, teller(self._emit))

    async def _close_if_idle(self) -> None:
        await asyncio.sleep(_IDLE_S)
        async with self._changing:
            means = self._means
            if self._at_work == 0 and means is not None:
                self._means = None
                await means.stack.aclose()


def worker_environment(setup: Setup, worker: str) -> Environment:
    """Return this machine as a run sees it; its settings are its own but for the command's."""
    own = Locations.from_environment()
    locations = of_worker(own, worker)
    if setup.site.models.is_dir():
        locations = replace(locations, models=setup.site.models)
    resolved = load_settings(setup.settings, pipelines=pipeline_settings)
    return Environment(
        locations=locations,
        catalog=load_catalog(),
        machine=probe_machine(),
        launchers=configured_launchers(resolved, locations),
    )


async def _same_bytes(
    recording: RecordingRequest, order: WorkOrder, tools: JobTools, folder: Path
) -> RecordingBytes:
    """Make sure that the recording is here what it is for the command.

    Raises:
        Unfit: It is another one, or none.
    """
    found = RecordingBytes(recording, tools, folder, _tell_nothing)
    hint = f"recordings must lie on disks that all workers see as the command does: {order.source}"
    try:
        digest = await found.take(may_return=False)
    except RecordingError as error:
        problem = f"worker {{worker}} cannot read the recording: {error.message}"
        raise Unfit(problem, hint) from error
    if digest != order.digest:
        raise Unfit(
            f"worker {{worker}} sees other bytes in {order.source} than the command does", hint
        )
    return found


def _tell_nothing(code: str, text: str) -> None:
    """Take a warning of what comes from another machine: nothing does."""
    del code, text
