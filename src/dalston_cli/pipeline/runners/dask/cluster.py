"""The workers of a run: who they are, what they have, and which are given work."""

import asyncio
import pickle
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dalston_cli import __version__
from dalston_cli.catalog.machine import Gpu, Machine
from dalston_cli.pipeline.environment import Environment
from dalston_cli.pipeline.plan.model import RecordingPlan
from dalston_cli.pipeline.request import RunOptions
from dalston_cli.pipeline.runners.dask.connection import check_options, connect, start_workers
from dalston_cli.pipeline.runners.dask.errors import (
    NoGpuWorkerError,
    NoWorkerError,
    SchedulerLostError,
    WorkerUnfitError,
)
from dalston_cli.pipeline.runners.dask.messages import Introduction, Site, refusal
from dalston_cli.pipeline.runners.dask.site import shared_site

if TYPE_CHECKING:
    from distributed import Client

HERE = "this machine"
AHEAD = 1
"""Recordings in a worker beyond its engine's slots: they are decoded meanwhile."""

_FIRST_WORKER_S = 30
"""For so long a scheduler may be without any worker at the beginning."""

_INTRODUCTION_S = 30
"""For so long a worker may say nothing of itself: it may be suspended, or its machine gone."""


class Cluster:
    """Workers, on this machine or wherever a scheduler has them.

    Attributes:
        machine: Plans are made for it; a worker with a GPU, where there is one.
        address: The scheduler's, as messages name it.
        num_threads: Recordings that all workers together work on at the same time.
        unfit: Why workers are given no work that were there at the beginning.
    """

    def __init__(
        self, stack: AsyncExitStack, site: Site, options: RunOptions, machine: Machine
    ) -> None:
        self.site = site
        self.machine = machine
        self.address = options.scheduler or HERE
        self.num_threads = 0
        self._stack = stack
        self._options = options
        self._client: Client | None = None
        self._starting = asyncio.Lock()
        self.unfit: list[WorkerUnfitError] = []
        self._refused: set[str] = set()
        self._slots = 1
        self._on_gpu = False

    @classmethod
    async def join(
        cls, stack: AsyncExitStack, options: RunOptions, environment: Environment
    ) -> "Cluster":
        """Return the workers of a scheduler, or some of this machine, which start when needed.

        What has to be closed is put on ``stack``.

        Raises:
            UsageError: An option cannot be had of workers.
            UnavailableError: Dask is missing, no scheduler answers, or no worker is fit.
        """
        check_options(options)
        site = stack.enter_context(shared_site(environment, options.store))
        cluster = cls(stack, site, options, environment.machine)
        if options.scheduler is not None:
            client = await connect(stack, options.scheduler)
            cluster.machine = await cluster._meet(client)
            cluster._client = client
        return cluster

    async def plan_for(self, plans: Sequence[RecordingPlan]) -> None:
        """Take note of what workers have to do.

        Raises:
            NoGpuWorkerError: A plan needs a GPU, and no worker offers one.
        """
        self._slots = max(plan.transcribe.engine.slots for plan in plans)
        self._on_gpu = any(_wants_gpu(plan) for plan in plans)
        each = self._slots + AHEAD
        if self._client is None:
            self.num_threads = self._options.num_replicas * each
            return
        known = await self._workers(self._client)
        workers = {name: known[name] for name in known if name not in self._refused}
        self.num_threads = sum(int(one["nthreads"]) for one in workers.values())
        if self._on_gpu:
            num_gpus = sum(map(_gpus, workers.values()))
            if not num_gpus:
                raise NoGpuWorkerError(self.address, plans[0].transcribe.model.id)
            self.num_threads = min(self.num_threads, round(num_gpus * each))

    async def client(self, folder: Path) -> "Client":
        """Return the connection to the scheduler; workers of this machine start with it.

        Args:
            folder: For files of theirs.

        Raises:
            WorkerUnfitError: No worker can work for this command.
        """
        async with self._starting:
            if self._client is None:
                client = await start_workers(
                    self._stack,
                    _worker_variables(self._options, self.machine),
                    folder,
                    threads=self._slots + AHEAD,
                    gpus=self._on_gpu,
                )
                await self._meet(client)
                self._client = client
            return self._client

    def resources(self) -> dict[str, float] | None:
        """Return what a task asks of a worker: as much of a GPU as lets one be decoded ahead."""
        return {"GPU": 1 / (self._slots + AHEAD)} if self._on_gpu else None

    def refuse(self, worker: str) -> None:
        """Give a worker nothing any more."""
        self._refused.add(worker)

    async def fit_workers(self) -> list[str] | None:
        """Return the workers that may be given work; None for all that there are."""
        if not self._refused or self._client is None:
            return None
        return [one for one in await self._workers(self._client) if one not in self._refused]

    async def _workers(self, client: "Client") -> Mapping[str, Mapping[str, Any]]:
        """Return what the scheduler knows of each worker, by its address.

        Raises:
            SchedulerLostError: It does not answer any more.
        """
        try:
            about = await client.scheduler.identity(n_workers=-1)
        except (OSError, AttributeError) as error:
            raise SchedulerLostError(self.address) from error
        workers: Mapping[str, Mapping[str, Any]] = about["workers"]
        return workers

    async def _meet(self, client: "Client") -> Machine:
        """Let all workers introduce themselves; return the machine to plan for.

        Raises:
            NoWorkerError: There is none.
            WorkerUnfitError: None of them can work for this command.
        """
        try:
            await client.wait_for_workers(1, timeout=_FIRST_WORKER_S)
        except TimeoutError as error:
            raise NoWorkerError(self.address) from error
        known = tuple(await self._workers(client))
        answers = await asyncio.gather(*(self._asked(client, worker) for worker in known))
        met: dict[str, Introduction] = {}
        for worker, each in zip(known, answers, strict=True):
            try:
                met[worker] = _introduced(worker, each)
            except WorkerUnfitError as error:
                self.refuse(worker)
                self.unfit.append(error)
        if not met:
            raise self.unfit[0]
        workers = await self._workers(client)
        first = max(met, key=lambda worker: _gpus(workers.get(worker, {})))
        return met[first].machine

    async def _asked(self, client: "Client", worker: str) -> object:
        """Return what a worker says of itself, or why it says nothing."""
        from dalston_cli.pipeline.runners.dask.worker import introduce  # noqa: PLC0415 - Dask only

        site = pickle.dumps(self.site)
        try:
            async with asyncio.timeout(_INTRODUCTION_S):
                answers = await client.run(
                    introduce, __version__, site, workers=[worker], on_error="return"
                )
        except TimeoutError:
            return refusal(
                f"worker {{worker}} says nothing within {_INTRODUCTION_S} s",
                "it may be suspended, or its machine be gone: see its log, and start it again",
            )
        return answers.get(worker)


def _introduced(worker: str, answer: object) -> Introduction:
    """Return what a worker said of itself.

    Raises:
        WorkerUnfitError: It cannot work for this command.
    """
    if isinstance(answer, ImportError | AttributeError):
        raise WorkerUnfitError(
            f"worker {worker} cannot load this Dalston: {answer}",
            f"run this in its environment, and start it again: pip install "
            f"'dalston[dask]=={__version__}'",
        )
    if isinstance(answer, BaseException) and not isinstance(answer, OSError):
        raise answer
    if not isinstance(answer, dict) or "value" not in answer:
        raise unfit_error(worker, answer)
    found = pickle.loads(answer["value"])  # noqa: S301 - all that Dask sends is pickled
    if not isinstance(found, Introduction):
        raise TypeError(type(found).__name__)
    return found


def unfit_error(worker: str, answer: object) -> WorkerUnfitError:
    """Return why a worker cannot do what it was given."""
    said = answer if isinstance(answer, dict) else {}
    problem = str(said.get("problem", f"worker {worker} gave no answer that is understood"))
    hint = said.get("hint")
    return WorkerUnfitError(
        problem.replace("{worker}", worker), hint=None if hint is None else str(hint)
    )


def _wants_gpu(plan: RecordingPlan) -> bool:
    stages = (*plan.stages.values(), *plan.alternatives)
    return any(stage.device.startswith("cuda") for stage in stages)


def _gpus(worker: Mapping[str, Any]) -> float:
    resources = worker.get("resources") or {}
    return float(resources.get("GPU", 0))


def _worker_variables(options: RunOptions, machine: Machine) -> list[dict[str, str]]:
    """Return the variables of each worker on this machine; each of several GPUs is one's own."""
    wanted = options.gpus or tuple(
        int(number) for number in [options.device.partition(":")[2]] if number
    )
    chosen = [gpu for gpu in machine.gpus if gpu.index in wanted]
    return [
        {"CUDA_VISIBLE_DEVICES": _visible(chosen[number % len(chosen)])} if chosen else {}
        for number in range(options.num_replicas)
    ]


def _visible(gpu: Gpu) -> str:
    return gpu.uuid or str(gpu.index if gpu.position is None else gpu.position)
