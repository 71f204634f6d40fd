"""A runner whose engines and decoders only wait, for as long as real ones would work."""

import asyncio
from collections.abc import Collection, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from dalston_cli.catalog.schema import EngineEntry
from dalston_cli.errors import UnavailableError
from dalston_cli.launchers.base import EngineInstance
from dalston_cli.launchers.pool.provisioner import Provisioner
from dalston_cli.launchers.pool.readiness import Replica
from dalston_cli.launchers.pool.replicas import ReplicaSet
from dalston_cli.pipeline.events import EngineTaken, JobFinished
from dalston_cli.pipeline.jobs.base import Job
from dalston_sdk.client import EngineClient
from dalston_sdk.wire import Health

RTFX = 100.0
"""Seconds of audio that a GPU transcribes in a second."""

DECODE_RTFX = 700.0
"""Seconds of audio that a core decodes in a second."""

PER_REQUEST_S = 0.05
"""What a request costs beside its audio."""


@dataclass(eq=False)
class _Gpu:
    """One replica's work: seconds that it was busy, and when it was last."""

    busy_s: float = 0.0
    last_s: float = 0.0


class _Warm:
    """Gives replicas that are ready, in place of the pool's provisioner."""

    def __init__(self, slots: int) -> None:
        self._slots = slots

    async def take(self, missing: int, *, taken: Collection[str]) -> list[Replica]:
        """Return as many as are missing."""
        first = len(taken)
        return [self._replica(first + number) for number in range(missing)]

    def _replica(self, number: int) -> Replica:
        health = Health(
            status="ready",
            engine="simulated",
            version="0",
            protocol=1,
            oldest_protocol=1,
            fingerprint="",
            device=f"cuda:{number}",
            pid=0,
            slots=self._slots,
            running=0,
            rss_mb=0.0,
            uptime_s=0.0,
        )
        return Replica(
            instance=cast("EngineInstance", None),
            client=cast("EngineClient", None),
            health=health,
            connection=AsyncExitStack(),
        )


class SimulatedEngines:
    """What a run asks of its engines besides slots: none of them is ever missing."""

    def __init__(self) -> None:
        self.fingerprints: dict[str, str] = {}

    def failure(self, engine: EngineEntry, device: str) -> UnavailableError | None:
        """Return None: every engine can be had."""
        del engine, device
        return None

    def forget(self) -> None:
        """Do nothing: no launcher is lost."""

    async def stop(self, idle: Sequence[tuple[EngineEntry, str]]) -> None:
        """Do nothing: memory is not simulated."""
        del idle

    async def taken(self) -> tuple[EngineTaken, ...]:
        """Return nothing, likewise."""
        return ()


@dataclass(kw_only=True)
class SimulatedRunner:
    """Runs jobs by waiting: first for a core that decodes, then for a slot of a GPU.

    Attributes:
        lengths_s: Of the recordings, whose names are their places in it.
        most_held_s: The most audio that was decoded and not yet done, in seconds.
    """

    lengths_s: Sequence[float]
    num_gpus: int
    slots: int
    cores: int
    gpus: dict[Replica, _Gpu] = field(default_factory=dict)
    most_held_s: float = 0.0
    _held_s: float = 0.0

    def __post_init__(self) -> None:
        self._cores = asyncio.Semaphore(self.cores)
        self._replicas = ReplicaSet(cast("Provisioner", _Warm(self.slots)))

    async def start(self) -> None:
        """Have every replica ready."""
        await self._replicas.grow(self.num_gpus)
        self.gpus = {replica: _Gpu() for replica in self._replicas.replicas}

    def finished_before(self, job: Job) -> JobFinished | None:
        """Return None: nothing was done before."""
        del job
        return None

    async def run(self, job: Job) -> JobFinished:
        """Wait as long as the work on a recording would take."""
        length_s = self.lengths_s[int(Path(job.recording.name).stem)]
        async with self._cores:
            self._hold(length_s)
            await asyncio.sleep(length_s / DECODE_RTFX)
        reservation = await self._replicas.reserve(alone=False)
        try:
            work_s = length_s / RTFX + PER_REQUEST_S
            await asyncio.sleep(work_s)
        finally:
            self._replicas.release(reservation)
            self._hold(-length_s)
        gpu = self.gpus[reservation.replica]
        gpu.busy_s += work_s / self.slots
        gpu.last_s = asyncio.get_running_loop().time()
        return JobFinished(
            recording=job.recording.name, status="done", duration_s=length_s, rtfx=RTFX
        )

    def _hold(self, seconds: float) -> None:
        self._held_s += seconds
        self.most_held_s = max(self.most_held_s, self._held_s)
