"""The workers of a run: who they are, what they have, and which are given work."""

import contextlib
import pickle
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dalston_cli import __version__
from dalston_cli.catalog.machine import Gpu, Machine
from dalston_cli.pipeline.environment import Environment
from dalston_cli.pipeline.plan.model import RecordingPlan
from dalston_cli.pipeline.records.journal_errors import StateFolderError
from dalston_cli.pipeline.request import RunOptions
from dalston_cli.pipeline.runners.dask.connection import check_options, connect, start_workers
from dalston_cli.pipeline.runners.dask.errors import (
    NoGpuWorkerError,
    NoWorkerError,
    WorkerUnfitError,
)
from dalston_cli.pipeline.runners.dask.messages import Introduction, Site
from dalston_cli.private_file import make_private_file, make_private_folder

if TYPE_CHECKING:
    from distributed import Client

HERE = "this machine"
_FIRST_WORKER_S = 30
"""For so long a scheduler may be without any worker at the beginning."""


class Cluster:
    """Workers, on this machine or wherever a scheduler has them.

    Attributes:
        machine: Plans are made for it; a worker with a GPU, where there is one.
        address: The scheduler's, as messages name it.
        num_threads: Recordings that all workers together work on at the same time.
    """

    def __init__(self, site: Site, options: RunOptions, machine: Machine) -> None:
        self.site = site
        self.machine = machine
        self.address = options.scheduler or HERE
        self.num_threads = 0
        self._options = options
        self._client: Client | None = None
        self._refused: set[str] = set()
        self._share = 1.0
        self._on_gpu = False

    @classmethod
    async def join(
        cls, stack: AsyncExitStack, options: RunOptions, environment: Environment
    ) -> "Cluster":
        """Return the workers of a scheduler, or the plan of some on this machine.

        Raises:
            UsageError: An option cannot be had of workers.
            UnavailableError: Dask is missing, no scheduler answers, or a worker is not fit.
        """
        check_options(options)
        site = stack.enter_context(_shared_site(environment))
        cluster = cls(site, options, environment.machine)
        if options.scheduler is not None:
            cluster._client = await connect(stack, options.scheduler)
            cluster.machine = await cluster._meet()
        return cluster

    @property
    def client(self) -> "Client":
        """The connection to the scheduler."""
        if self._client is None:
            raise AssertionError("workers are used before they are there")
        return self._client

    async def begin(self, stack: AsyncExitStack, plans: Sequence[RecordingPlan]) -> None:
        """Have workers for these plans: start those of this machine, look at those elsewhere.

        Raises:
            NoGpuWorkerError: A plan needs a GPU, and no worker offers one.
        """
        slots = max(plan.transcribe.engine.slots for plan in plans)
        self._on_gpu = any(_wants_gpu(plan) for plan in plans)
        if self._client is None:
            offers = _worker_variables(self._options, self.machine)
            threads, gpus = slots + 1, self._on_gpu
            self._client = await start_workers(stack, offers, threads=threads, gpus=gpus)
            await self._meet()
        self._share = 1 / (slots + 1)
        workers = await self._workers()
        self.num_threads = sum(int(one["nthreads"]) for one in workers.values())
        if self._on_gpu:
            gpus_there = sum(_gpus(one) for one in workers.values())
            if not gpus_there:
                raise NoGpuWorkerError(self.address, plans[0].transcribe.model.id)
            self.num_threads = min(self.num_threads, round(gpus_there * (slots + 1)))

    def resources(self) -> dict[str, float] | None:
        """Return what a task asks of a worker: as much of a GPU as lets one be decoded ahead."""
        return {"GPU": self._share} if self._on_gpu else None

    def refuse(self, worker: str) -> None:
        """Give a worker nothing any more."""
        self._refused.add(worker)

    async def fit_workers(self) -> list[str] | None:
        """Return the workers that may be given work; None for all that there are."""
        if not self._refused:
            return None
        return [one for one in await self._workers() if one not in self._refused]

    async def _workers(self) -> Mapping[str, Mapping[str, Any]]:
        workers: Mapping[str, Mapping[str, Any]] = (
            await self.client.scheduler.identity(n_workers=-1)
        )["workers"]
        return workers

    async def _meet(self) -> Machine:
        """Let all workers introduce themselves; return the machine to plan for.

        Raises:
            NoWorkerError: There is none.
            WorkerUnfitError: One cannot work for this command.
        """
        from dalston_cli.pipeline.runners.dask.worker import introduce  # noqa: PLC0415 - Dask only

        try:
            await self.client.wait_for_workers(1, timeout=_FIRST_WORKER_S)
        except TimeoutError as error:
            raise NoWorkerError(self.address) from error
        answers = await self.client.run(
            introduce, __version__, pickle.dumps(self.site), on_error="return"
        )
        met = {worker: _introduced(worker, each) for worker, each in answers.items()}
        workers = await self._workers()
        first = max(met, key=lambda worker: _gpus(workers.get(worker, {})))
        return met[first].machine


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
    if isinstance(answer, BaseException):
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


@contextlib.contextmanager
def _shared_site(environment: Environment) -> Iterator[Site]:
    """Leave a file in the state folder by which workers know that they share it.

    Raises:
        StateFolderError: The folder cannot be written.
    """
    locations = environment.locations
    site = Site(run=secrets.token_hex(16), state=locations.state, models=locations.models)
    try:
        make_private_folder(site.shared)
        make_private_file(site.shared / site.run)
    except OSError as error:
        raise StateFolderError(locations.state, error.strerror or str(error)) from error
    try:
        yield site
    finally:
        Path(site.shared / site.run).unlink(missing_ok=True)


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
