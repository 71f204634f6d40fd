"""Waiting until an engine is ready, and the replica that it then is."""

import asyncio
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dalston_cli.launchers import failure
from dalston_cli.launchers.base import EngineInstance, EngineSpec, ExitState, Launcher
from dalston_cli.launchers.contact import device_of
from dalston_cli.launchers.pool.limits import PoolLimits
from dalston_sdk.wire import Health

if TYPE_CHECKING:
    from dalston_sdk.client import EngineClient

_FIRST_POLL_S = 0.02
_SLOWEST_POLL_S = 0.25
_ANSWER_S = 10.0
_STOP_S = 5.0


class InstanceGoneError(Exception):
    """A running instance ended, or began to end, before it could be used."""


class DeviceGoneError(InstanceGoneError):
    """A running instance has lost its device; a new one may get it."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


@dataclass(kw_only=True, eq=False)
class Replica:
    """One engine that answers; our requests hold ``active`` of its slots."""

    instance: EngineInstance
    client: "EngineClient"
    health: Health
    connection: AsyncExitStack
    active: int = 0

    @property
    def slots(self) -> int:
        """Number of requests that it works on at the same time."""
        return max(1, self.health.slots)

    @property
    def load(self) -> float:
        """Share of the slots that is in use, from 0 to 1."""
        return self.active / self.slots

    @property
    def device(self) -> str:
        """The device it computes on, such as ``cuda:0``."""
        return device_of(self.instance, self.health)

    def is_free(self, *, alone: bool) -> bool:
        """Return True if it has a free slot; with ``alone``, if all its slots are free."""
        return self.active == 0 if alone else self.active < self.slots

    async def close(self) -> None:
        """Close the connection; the engine goes on."""
        await self.connection.aclose()


class ReadinessProbe:
    """Waits until an instance of a launcher answers, and notices at once if it ends."""

    def __init__(self, launcher: Launcher, spec: EngineSpec, *, limits: PoolLimits) -> None:
        self._launcher = launcher
        self._spec = spec
        self._heartbeat_s = limits.heartbeat_s
        managed = launcher.manages  # an engine of another owner runs already, or never will
        self._timeout_s = limits.start_timeout_s if managed else limits.probe_timeout_s

    async def join(self, instance: EngineInstance, *, started: bool) -> Replica:
        """Connect to ``instance`` as soon as it is ready.

        Raises:
            EngineCrashedError: It ended, and this process had started it.
            InstanceGoneError: It ended or is ending, and another process had started it.
            DeviceGoneError: It lost its device since it was started; it is stopped if owned.
            EngineFailedError: It reports that it cannot work; it is stopped.
            EngineSilentError: It did not answer in time; it is stopped.
            EngineProtocolError: It uses another version of the protocol.
        """
        from dalston_sdk.client import EngineClient  # noqa: PLC0415 - slow to import

        async with AsyncExitStack() as stack:
            address = instance.address
            client = await stack.enter_async_context(
                EngineClient(
                    socket=address.socket,
                    url=address.url,
                    token=address.token,
                    heartbeat_s=self._heartbeat_s,
                )
            )
            health = await self._wait(instance, client, started=started)
            return Replica(
                instance=instance, client=client, health=health, connection=stack.pop_all()
            )

    async def _wait(
        self, instance: EngineInstance, client: "EngineClient", *, started: bool
    ) -> Health:
        deadline = time.monotonic() + self._timeout_s
        pause_s = _FIRST_POLL_S
        while time.monotonic() < deadline:
            health = await self._ask(instance, client)
            if health is not None and health.status != "starting":
                return await self._judge(instance, health, started=started)
            end = await asyncio.to_thread(self._launcher.state, instance)
            if end.state != "running":
                raise await self._explain_end(instance, end, started=started)
            await asyncio.sleep(pause_s)
            pause_s = min(_SLOWEST_POLL_S, pause_s * 1.5)
        lines = await self._give_up(instance)
        raise failure.EngineSilentError(
            instance.engine,
            f"was not ready after {self._timeout_s:g} s",
            lines,
            see_log=self._launcher.see_log(instance),
        )

    async def _ask(self, instance: EngineInstance, client: "EngineClient") -> Health | None:
        """Return its health; None while it does not answer."""
        from dalston_sdk.client import (  # noqa: PLC0415 - slow to import
            EngineRequestError,
            EngineStreamError,
            EngineUnreachableError,
            ProtocolMismatchError,
        )

        socket = instance.address.socket
        if socket is not None and not socket.exists():
            return None
        try:
            async with asyncio.timeout(_ANSWER_S):
                return await client.health()
        except ProtocolMismatchError as error:
            await self._give_up(instance)
            raise failure.EngineProtocolError(
                instance.engine,
                str(error),
                elsewhere=None if self._launcher.manages else instance.address.url,
            ) from error
        except (EngineUnreachableError, EngineStreamError, TimeoutError):
            return None
        except EngineRequestError as error:
            raise failure.EngineFailedError(
                instance.engine, error.message, (), see_log=self._launcher.see_log(instance)
            ) from error

    async def _judge(self, instance: EngineInstance, health: Health, *, started: bool) -> Health:
        if health.status == "stopping":
            raise InstanceGoneError
        wanted_gpu = self._launcher.manages and self._spec.device != "cpu"
        wrong_device = wanted_gpu and health.device == "cpu"
        if health.status != "failed" and not wrong_device:
            return health
        problem = health.problem or (
            f"{self._spec.device} was asked for, and it runs on {health.device}"
            if wrong_device
            else "it does not say why"
        )
        lines = await self._give_up(instance)
        if self._launcher.manages and not started:
            raise DeviceGoneError(problem)
        raise failure.EngineFailedError(
            instance.engine, problem, lines, see_log=self._launcher.see_log(instance)
        )

    async def _explain_end(
        self, instance: EngineInstance, end: ExitState, *, started: bool
    ) -> Exception:
        if not started:
            return InstanceGoneError()
        lines = await asyncio.to_thread(self._launcher.tail, instance, lines=failure.NUM_LOG_LINES)
        await asyncio.to_thread(self._launcher.find)  # removes its left-over files
        return failure.EngineCrashedError(
            instance.engine,
            end,
            lines,
            when="before it was ready",
            see_log=self._launcher.see_log(instance),
        )

    async def _give_up(self, instance: EngineInstance) -> list[str]:
        lines = await asyncio.to_thread(self._launcher.tail, instance, lines=failure.NUM_LOG_LINES)
        if instance.owned:
            await asyncio.to_thread(self._launcher.stop, instance, timeout_s=_STOP_S)
        return lines
