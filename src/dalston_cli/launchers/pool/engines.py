"""The engines of one run: each is acquired once, when it is first needed, and shared by all jobs.

An engine that cannot be started is not tried again for every recording: later requests of the
same run get the same error at once.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from dalston_cli.catalog.device import spread_over
from dalston_cli.catalog.schema import EngineEntry
from dalston_cli.errors import UnavailableError
from dalston_cli.launchers.base import EngineSpec
from dalston_cli.launchers.pool.notices import Taken, taken_by
from dalston_cli.launchers.pool.pool import EngineHandle, Pool
from dalston_cli.launchers.pool.slot import EngineSlot
from dalston_sdk.wire import Stage


@dataclass(frozen=True, kw_only=True)
class EngineUse:
    """Settings of a run for all its engines; see ``EngineSpec``.

    Attributes:
        replicas: Number of replicas of engines that transcribe; other engines have one.
        gpus: GPUs that the replicas are spread over, each as N of ``cuda:N``.
    """

    models_dir: Path
    keep_alive_s: float = 300.0
    replicas: int = 1
    gpus: tuple[int, ...] = ()
    weights: Mapping[str, tuple[Path, ...]] = field(default_factory=dict)
    needed: Mapping[str, tuple[Path, ...]] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)


class RunEngines:
    """The engines of one run.

    Args:
        pool: Has them.
        use: How they are started.
        measures: Ask at the end of the run what memory they take.

    Attributes:
        fingerprints: The fingerprint of each engine that was acquired, by its name.
    """

    def __init__(self, pool: Pool, use: EngineUse, *, measures: bool = True) -> None:
        self._pool = pool
        self._measures = measures
        self._use = use
        self._acquiring: dict[tuple[str, str], asyncio.Task[EngineHandle]] = {}
        self._forgotten: list[asyncio.Task[EngineHandle]] = []
        self._taken: dict[tuple[str, str], Taken] = {}
        self.fingerprints: dict[str, str] = {}

    @asynccontextmanager
    async def slot(self, engine: EngineEntry, device: str) -> AsyncIterator[EngineSlot]:
        """Wait for a free slot of ``engine`` on ``device``, and hold it.

        Raises:
            UnavailableError: The engine cannot be started; the same error for every caller.
        """
        key = (engine.name, device)
        if key not in self._acquiring:
            self._acquiring[key] = asyncio.create_task(self._acquire(engine, device))
        # All jobs share the task, so the cancellation of one must not reach it.
        handle = await asyncio.shield(self._acquiring[key])
        async with handle.slot() as slot:
            yield slot

    def failure(self, engine: EngineEntry, device: str) -> UnavailableError | None:
        """Return why ``engine`` cannot be acquired; None if it can, or was never asked for."""
        task = self._acquiring.get((engine.name, device))
        if task is None or not task.done() or task.cancelled():
            return None
        error = task.exception()
        return error if isinstance(error, UnavailableError) else None

    def forget(self) -> None:
        """Acquire every engine anew when it is next needed, as after the loss of a launcher."""
        self._forgotten += self._acquiring.values()
        self._acquiring.clear()
        self._pool.forget_looks()

    async def stop(self, idle: Sequence[tuple[EngineEntry, str]]) -> None:
        """Stop engines, each on its device, that nothing uses; return when they have ended."""
        for engine, device in idle:
            await self._look(engine.name, device)
            task = self._acquiring.pop((engine.name, device), None)
            if task is not None:
                task.cancel()
                self._forgotten.append(task)
            await self._pool.stop(engine, spread_over(device, self._gpus(engine)))

    async def taken(self) -> tuple[Taken, ...]:
        """Return what the engines that were used take now, or took before they were stopped."""
        for name, device in self._acquiring if self._measures else ():
            await self._look(name, device)
        return tuple(self._taken.values())

    async def _look(self, name: str, device: str) -> None:
        """Note what an engine takes, if it was acquired and answers."""
        task = self._acquiring.get((name, device))
        if task is None or not task.done() or task.cancelled() or task.exception() is not None:
            return
        if taken := taken_by(name, device, await task.result().health()):
            self._taken[name, device] = taken

    def _gpus(self, engine: EngineEntry) -> tuple[int, ...]:
        return self._use.gpus if Stage.TRANSCRIBE in engine.stages else ()

    async def close(self) -> None:
        """Stop acquiring; engines that run go on until their keep-alive is over."""
        tasks = [*self._acquiring.values(), *self._forgotten]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _acquire(self, engine: EngineEntry, device: str) -> EngineHandle:
        several = Stage.TRANSCRIBE in engine.stages
        replicas = self._use.replicas if several else 1
        first, *more = spread_over(device, self._gpus(engine))
        spec = EngineSpec(
            engine=engine,
            device=first,
            also_on=tuple(more),
            keep_alive_s=self._use.keep_alive_s,
            models_dir=self._use.models_dir,
            weights=self._use.weights.get(engine.name, ()),
            needed=self._use.needed.get(engine.name, ()),
            environment=self._use.environment,
            replicas=replicas,
        )
        handle = await self._pool.acquire(spec, replicas=replicas)
        self.fingerprints[engine.name] = handle.fingerprint
        return handle
