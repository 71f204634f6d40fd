"""The pool: ready engines, started or reused.

Engines outlive the pool. It holds the connections to them and the count of their slots.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from types import TracebackType
from typing import NamedTuple, Self

from dalston_cli.catalog.schema import EngineEntry
from dalston_cli.errors import EngineUnavailableError
from dalston_cli.launchers.base import EngineInstance, EngineSpec, Launcher
from dalston_cli.launchers.contact import ask_health
from dalston_cli.launchers.pool.limits import PoolLimits
from dalston_cli.launchers.pool.notices import OnNotice, Trouble, ignore_notice
from dalston_cli.launchers.pool.provisioner import Provisioner
from dalston_cli.launchers.pool.replicas import ReplicaSet
from dalston_cli.launchers.pool.slot import EngineSlot
from dalston_cli.launchers.pool.splitting import SplittingSlot
from dalston_cli.launchers.registry import LauncherChoice, Launchers
from dalston_sdk.wire import Health

_STOP_S = 10.0
_IDLE_PAUSES_S = (0.05, 0.2, 1.0)


class EngineHandle(ReplicaSet):
    """The replicas of one engine, for its users; made by ``Pool.acquire``."""

    def __init__(self, provisioner: Provisioner, *, limits: PoolLimits) -> None:
        super().__init__(provisioner)
        self._limits = limits

    @property
    def fingerprint(self) -> str:
        """The fingerprint that all replicas share."""
        return self.provisioner.fingerprint

    async def health(self) -> tuple[Health, ...]:
        """Ask each replica how it is; those that do not answer are missing from the result."""
        answers = await asyncio.gather(
            *(ask_health(replica.instance.address) for replica in self.replicas),
            return_exceptions=True,
        )
        return tuple(answer for answer in answers if isinstance(answer, Health))

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[EngineSlot]:
        """Wait for a free slot of any replica, and hold it.

        Raises:
            EngineUnavailableError: All replicas were lost, and none can be started.
        """
        # Of one replica, a recording stays whole: its way to the engine is the shorter one.
        slot = (SplittingSlot if self.are_several else EngineSlot)(self, self._limits)
        await slot.reserve()
        try:
            yield slot
        finally:
            slot.release()


class _Look(NamedTuple):
    """What was found when an engine was asked for."""

    spec: EngineSpec
    choice: LauncherChoice
    mark: str
    until: float


class Pool:
    """Ready engines for one invocation; use it as an async context manager.

    Args:
        launchers: Of this machine.
        on_event: Takes what is worth telling.
        limits: Of requests to engines; None for the usual ones.
        looks_hold_s: How long it counts which launcher an engine has, and what its files are: for
            many runs that ask for the same one.
    """

    def __init__(
        self,
        launchers: Launchers,
        *,
        on_event: OnNotice = ignore_notice,
        limits: PoolLimits | None = None,
        looks_hold_s: float = 0.0,
    ) -> None:
        self._launchers = launchers
        self._on_event = on_event
        self._limits = limits or PoolLimits()
        self._looks_hold_s = looks_hold_s
        self._looks: dict[tuple[str, str], _Look] = {}
        self._looking = asyncio.Lock()
        self._handles: dict[tuple[str, ...], EngineHandle] = {}
        self._lock = asyncio.Lock()

    async def __aenter__(self) -> Self:
        """Start nothing yet; ``acquire`` does."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close every connection; engines run until their keep-alive is over."""
        for handle in self._handles.values():
            await handle.close()
        self._handles.clear()

    async def acquire(self, spec: EngineSpec, *, replicas: int = 1) -> EngineHandle:
        """Return ready engines for ``spec``; the same ones for the same spec.

        A remote engine has as many replicas as the settings name URLs for, whatever is wanted.

        Raises:
            EngineUnavailableError: There is not one; the message says why.
            UsageError: The wanted launcher does not fit the engine.
        """
        look = await self._look(spec)
        async with self._lock:
            handle = await self._handle(look.choice, spec, look.mark)
        await handle.grow(replicas)
        return handle

    def forget_looks(self) -> None:
        """Choose launchers anew, as after the loss of one."""
        self._looks.clear()

    async def _look(self, spec: EngineSpec) -> _Look:
        """Choose the launcher of an engine, and read the engine's files; or know it from before."""
        key = spec.engine.name, spec.device
        async with self._looking:
            known = self._looks.get(key)
            if known is None or known.until < time.monotonic() or known.spec != spec:
                choice = await asyncio.to_thread(self._launchers.choose, spec.engine, spec.device)
                mark = await asyncio.to_thread(choice.launcher.fingerprint, spec)
                known = _Look(spec, choice, mark, time.monotonic() + self._looks_hold_s)
                self._looks[key] = known
            return known

    async def stop(self, engine: EngineEntry, devices: Sequence[str]) -> None:
        """Stop the processes of an engine that no other process uses, to have their memory.

        It returns when they have ended. What cannot be stopped is told, and goes on.
        """
        async with self._lock:
            for key in [key for key in self._handles if key[1] == engine.name]:
                if set(devices) & set(key[3:]):
                    await self._handles.pop(key).close()
        try:
            choice = await asyncio.to_thread(self._launchers.choose, engine, devices[0])
        except EngineUnavailableError:
            return  # there is nothing that could be stopped; the next request for one tells why
        launcher = choice.launcher
        if not launcher.manages:
            return
        try:
            for instance in await asyncio.to_thread(launcher.find):
                same = instance.engine == engine.name and instance.device in devices
                if same and instance.owned:
                    await self._stop(launcher, instance)
        except EngineUnavailableError as error:
            self._tell_running(launcher, engine.name, error.message)

    async def _stop(self, launcher: Launcher, instance: EngineInstance) -> None:
        for pause_s in _IDLE_PAUSES_S:
            if (await ask_health(instance.address)).running == 0:
                await asyncio.to_thread(launcher.stop, instance, timeout_s=_STOP_S)
                return
            await asyncio.sleep(pause_s)  # the end of a request takes a moment
        self._tell_running(launcher, instance.engine, "another process uses it")

    def _tell_running(self, launcher: Launcher, engine: str, why: str) -> None:
        message = f"engine {engine} goes on, and keeps its memory: {why}"
        self._on_event(
            Trouble(engine=engine, launcher=launcher.name, code="engine_kept", message=message)
        )

    async def _handle(self, choice: LauncherChoice, spec: EngineSpec, mark: str) -> EngineHandle:
        launcher = choice.launcher
        key = (launcher.name, spec.engine.name, mark, *spec.devices)
        if key not in self._handles:
            provisioner = Provisioner(
                choice, spec, mark, limits=self._limits, on_event=self._on_event
            )
            if launcher.manages:
                await provisioner.retire_outdated()
            self._handles[key] = EngineHandle(provisioner, limits=self._limits)
        return self._handles[key]
