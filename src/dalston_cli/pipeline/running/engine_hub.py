"""The engines of one run: each is acquired once, when it is first needed, and shared by all jobs.

An engine that could not be started is not tried again for every recording: whoever asks for it
later in the same run gets the same error at once.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from dalston_cli.catalog.device import spread_over
from dalston_cli.errors import UnavailableError
from dalston_cli.launchers.base import EngineSpec
from dalston_cli.launchers.pool.handle import EngineHandle
from dalston_cli.launchers.pool.pool import Pool
from dalston_cli.pipeline.plan.model import StagePlan
from dalston_sdk.wire import Stage


@dataclass(frozen=True, kw_only=True)
class EngineUse:
    """How a run uses engines.

    Attributes:
        replicas: Of the engines that transcribe; all others run once.
        gpus: Those that the replicas are spread over, each as N of ``cuda:N``.
        weights: Files and folders with weights outside ``models_dir``, by engine.
        environment: Variables for engines beyond the launcher's own.
    """

    models_dir: Path
    keep_alive_s: float = 300.0
    replicas: int = 1
    gpus: tuple[int, ...] = ()
    weights: Mapping[str, tuple[Path, ...]] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)


class RunningEngine:
    """An engine that was acquired, with as many places as it has slots."""

    def __init__(self, handle: EngineHandle) -> None:
        self.handle = handle
        self.places = asyncio.Semaphore(max(1, handle.slots))


class EngineHub:
    """The engines of one run.

    Args:
        pool: Where they come from.
        use: How they are to run.
    """

    def __init__(self, pool: Pool, use: EngineUse) -> None:
        self._pool = pool
        self._use = use
        self._acquiring: dict[tuple[str, str], asyncio.Task[RunningEngine]] = {}
        self.fingerprints: dict[str, str] = {}

    @asynccontextmanager
    async def place(self, plan: StagePlan) -> AsyncIterator[EngineHandle]:
        """Wait for a free slot of the engine that runs ``plan``'s stage, and hold it.

        Raises:
            UnavailableError: The engine cannot be started; the same error for every caller.
        """
        key = (plan.engine.name, plan.device)
        if key not in self._acquiring:
            self._acquiring[key] = asyncio.create_task(self._acquire(plan))
        # The engine is every job's: one that is cancelled must not take it from the others.
        engine = await asyncio.shield(self._acquiring[key])
        async with engine.places:
            yield engine.handle

    def failure(self, plan: StagePlan) -> UnavailableError | None:
        """Why the engine of ``plan`` cannot be had; None where it can, or was never asked for."""
        task = self._acquiring.get((plan.engine.name, plan.device))
        if task is None or not task.done() or task.cancelled():
            return None
        error = task.exception()
        return error if isinstance(error, UnavailableError) else None

    async def close(self) -> None:
        """Forget the engines; those that run go on until nobody needs them any more."""
        for task in self._acquiring.values():
            task.cancel()
        await asyncio.gather(*self._acquiring.values(), return_exceptions=True)

    async def _acquire(self, plan: StagePlan) -> RunningEngine:
        several = Stage.TRANSCRIBE in plan.engine.stages
        replicas = self._use.replicas if several else 1
        first, *more = spread_over(plan.device, self._use.gpus if several else ())
        spec = EngineSpec(
            engine=plan.engine,
            device=first,
            also_on=tuple(more),
            keep_alive_s=self._use.keep_alive_s,
            models_dir=self._use.models_dir,
            weights=self._use.weights.get(plan.engine.name, ()),
            environment=self._use.environment,
            replicas=replicas,
        )
        handle = await self._pool.acquire(spec, replicas=replicas)
        self.fingerprints[plan.engine.name] = handle.fingerprint
        return RunningEngine(handle)
