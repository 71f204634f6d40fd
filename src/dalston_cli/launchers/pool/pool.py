"""The pool: asked for an engine, it answers with ready ones, started or reused.

Engines outlive it. What it holds are connections, and the knowledge of who is busy with what.
"""

import asyncio
from types import TracebackType
from typing import Self

from dalston_cli.launchers.base import EngineSpec
from dalston_cli.launchers.pool.handle import EngineHandle
from dalston_cli.launchers.pool.limits import PoolLimits
from dalston_cli.launchers.pool.notice import Listener, ignore_notice
from dalston_cli.launchers.pool.supply import Supply
from dalston_cli.launchers.registry import LauncherChoice, Launchers


class Pool:
    """Ready engines for one invocation; use it as an async context manager.

    Args:
        launchers: What starts and finds engines.
        on_event: Told what happens; called from the event loop.
        limits: How patient to be.
    """

    def __init__(
        self,
        launchers: Launchers,
        *,
        on_event: Listener = ignore_notice,
        limits: PoolLimits | None = None,
    ) -> None:
        self._launchers = launchers
        self._listener = on_event
        self._limits = limits or PoolLimits()
        self._handles: dict[tuple[str, ...], EngineHandle] = {}
        self._lock = asyncio.Lock()

    async def __aenter__(self) -> Self:
        """Nothing is started before it is asked for."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close every connection; engines go on until their keep-alive is over."""
        for handle in self._handles.values():
            await handle.close()
        self._handles.clear()

    async def acquire(self, spec: EngineSpec, *, replicas: int = 1) -> EngineHandle:
        """Ready engines for ``spec``; asked again, the same ones.

        Args:
            spec: Which engine, and how it is to run.
            replicas: How many processes of it, at least 1. A remote engine has as many as the
                settings name URLs for.

        Raises:
            EngineUnavailableError: Not one can be had; the message says why.
            UsageError: The wanted launcher does not fit the engine.
        """
        choice = await asyncio.to_thread(self._launchers.choose, spec.engine, spec.device)
        mark = await asyncio.to_thread(choice.launcher.fingerprint, spec)
        async with self._lock:
            handle = await self._handle(choice, spec, mark)
        await handle.grow(replicas)
        return handle

    async def _handle(self, choice: LauncherChoice, spec: EngineSpec, mark: str) -> EngineHandle:
        launcher = choice.launcher
        key = (launcher.name, spec.engine.name, mark, *spec.devices)
        if key not in self._handles:
            supply = Supply(choice, spec, mark, limits=self._limits, listener=self._listener)
            if launcher.manages:
                await supply.retire_outdated()
            self._handles[key] = EngineHandle(supply, limits=self._limits)
        return self._handles[key]
