"""The engines of one run: each is acquired once, when it is first needed, and shared by all jobs.

An engine that could not be started is not tried again for every recording: whoever asks for it
later in the same run gets the same error at once.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from dalston_cli.catalog.schema import EngineEntry
from dalston_cli.errors import UnavailableError
from dalston_cli.launchers.base import EngineSpec
from dalston_cli.pipeline.plan import StagePlan
from dalston_sdk.wire import Health, Request, StreamMessage


class Handle(Protocol):
    """A running engine, or several that share its work."""

    @property
    def slots(self) -> int:
        """Requests that run at the same time."""

    def run(self, request: Request, audio: Path | None) -> AsyncIterator[StreamMessage]:
        """Run a request; the last message is the result."""

    async def health(self) -> Health:
        """What the engine says about itself."""


class EnginePool(Protocol):
    """Starts engines, or finds those that run."""

    async def acquire(self, spec: EngineSpec, *, replicas: int = 1) -> Handle:
        """An engine that is ready."""


@dataclass(frozen=True, kw_only=True)
class EngineUse:
    """How a run uses engines.

    Attributes:
        replicas: Of the engines that transcribe; all others run once.
        environment: Variables for engines beyond the launcher's own.
    """

    models_dir: Path
    keep_alive_s: float = 300.0
    replicas: int = 1
    environment: Mapping[str, str] = field(default_factory=dict)


class RunningEngine:
    """An engine that was acquired, with as many places as it has slots."""

    def __init__(self, handle: Handle, health: Health) -> None:
        self.handle = handle
        self.health = health
        self.places = asyncio.Semaphore(max(1, handle.slots))


class EngineHub:
    """The engines of one run.

    Args:
        pool: Where they come from.
        use: How they are to run.
    """

    def __init__(self, pool: EnginePool, use: EngineUse) -> None:
        self._pool = pool
        self._use = use
        self._acquiring: dict[tuple[str, str], asyncio.Task[RunningEngine]] = {}
        self.fingerprints: dict[str, str] = {}

    @asynccontextmanager
    async def place(self, plan: StagePlan) -> AsyncIterator[RunningEngine]:
        """Wait for a free slot of the engine that runs ``plan``'s stage, and hold it.

        Raises:
            UnavailableError: The engine cannot be started; the same error for every caller.
        """
        engine = await self._engine(plan.engine, plan.device, _replicas(plan, self._use))
        async with engine.places:
            yield engine

    async def close(self) -> None:
        """Forget the engines; those that run go on until nobody needs them any more."""
        for task in self._acquiring.values():
            task.cancel()
        await asyncio.gather(*self._acquiring.values(), return_exceptions=True)

    async def _engine(self, engine: EngineEntry, device: str, replicas: int) -> RunningEngine:
        key = (engine.name, device)
        if key not in self._acquiring:
            self._acquiring[key] = asyncio.create_task(self._acquire(engine, device, replicas))
        # The engine is every job's: one that is cancelled must not take it from the others.
        return await asyncio.shield(self._acquiring[key])

    async def _acquire(self, engine: EngineEntry, device: str, replicas: int) -> RunningEngine:
        spec = EngineSpec(
            engine=engine,
            device=device,
            keep_alive_s=self._use.keep_alive_s,
            models_dir=self._use.models_dir,
            environment=self._use.environment,
            replicas=replicas,
        )
        handle = await self._pool.acquire(spec, replicas=replicas)
        health = await handle.health()
        self.fingerprints[engine.name] = health.fingerprint
        return RunningEngine(handle, health)

    def failed(self, plan: StagePlan) -> UnavailableError | None:
        """Why the engine of ``plan`` cannot be had; None where it can, or was never asked for."""
        task = self._acquiring.get((plan.engine.name, plan.device))
        if task is None or not task.done() or task.cancelled():
            return None
        error = task.exception()
        return error if isinstance(error, UnavailableError) else None


def _replicas(plan: StagePlan, use: EngineUse) -> int:
    return use.replicas if plan.stage == "transcribe" else 1
