"""What a stage holds while it works: some replicas of one engine, seen as one."""

import asyncio
import random
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from dalston_cli.errors import EngineUnavailableError
from dalston_cli.launchers.base import EngineSpec, ExitState
from dalston_cli.launchers.contact import NoAnswerError, ask_health
from dalston_cli.launchers.failure import (
    NUM_LOG_LINES,
    EngineCrashedError,
    EngineProtocolError,
    EngineSilentError,
    explain_refusal,
)
from dalston_cli.launchers.limits import PoolLimits
from dalston_cli.launchers.member import Member
from dalston_cli.launchers.supply import Supply
from dalston_sdk.wire import ErrorCode, Health, Request, StreamMessage

_BUSY_PAUSE_S = 0.1
_LONGEST_BUSY_PAUSE_S = 2.0
_STOP_S = 2.0
_END_POLL_S = 0.02


@dataclass
class _Attempts:
    """What one request went through."""

    crashes: int = 0
    recreations: int = 0
    unreached: int = 0
    refused_as_busy: int = 0


class _AgainError(Exception):
    """The request is to be tried again."""


class EngineHandle:
    """Some replicas of one engine; made by ``Pool.acquire``.

    Attributes:
        spec: What they are.
        fingerprint: What they have in common; what a stage's result was made with.
        launcher: The launcher's name.
    """

    def __init__(self, supply: Supply, *, limits: PoolLimits) -> None:
        self.spec: EngineSpec = supply.spec
        self.fingerprint = supply.fingerprint
        self.launcher = supply.launcher.name
        self._supply = supply
        self._limits = limits
        self._wanted = 0
        self._members: list[Member] = []
        self._changed = asyncio.Condition()
        self._refilling: asyncio.Task[None] | None = None

    @property
    def engine(self) -> str:
        """The engine's name."""
        return self.spec.engine.name

    @property
    def slots(self) -> int:
        """How many requests are worked on at the same time, over all replicas."""
        return sum(member.health.slots for member in self._members)

    @property
    def device(self) -> str:
        """What the engine runs on, such as ``cuda:0``, as it said itself."""
        return self._members[0].health.device if self._members else self.spec.device

    @property
    def version(self) -> str:
        """The engine's own version, as it said itself."""
        return self._members[0].health.version if self._members else self.spec.engine.version

    async def health(self) -> tuple[Health, ...]:
        """What each replica says now; those that do not answer are left out."""
        answers = await asyncio.gather(
            *(ask_health(member.instance.address) for member in self._members),
            return_exceptions=True,
        )
        return tuple(answer for answer in answers if isinstance(answer, Health))

    async def grow(self, replicas: int) -> None:
        """Have at least so many replicas, as far as they can be had.

        Raises:
            EngineUnavailableError: There is not one.
        """
        self._wanted = max(self._wanted, replicas)
        if len(self._members) < self._wanted:
            await self._refill()

    async def run(
        self, request: Request, audio: Path | None
    ) -> AsyncGenerator[StreamMessage, None]:
        """Have one request worked on, by the replica that has least to do.

        An engine that dies, hangs or loses its GPU is replaced and the request is tried again, a
        bounded number of times; progress then starts anew, and partial segments come again. A
        busy engine is waited for. Close the iterator to cancel the work.

        Args:
            request: What to do.
            audio: 16 kHz mono PCM16 WAV; None for a stage without audio.

        Yields:
            Everything the engine says; the last one is ``Finished``.

        Raises:
            EngineRefusal: The engine said why it could not; ``reason`` has its code, and
                ``out_of_memory`` is for the caller to answer with a smaller batch.
            EngineUnavailableError: It crashed once too often, or does not start.
        """
        attempts = _Attempts()
        while True:
            async with self._slot() as member:
                try:
                    async with aclosing(self._ask(member, request, audio, attempts)) as stream:
                        async for message in stream:
                            yield message
                except _AgainError:
                    pass
                else:
                    return
            await asyncio.sleep(self._pause(attempts))

    async def close(self) -> None:
        """Close the connections; the engines go on until their keep-alive is over."""
        if self._refilling is not None:
            self._refilling.cancel()
            await asyncio.wait([self._refilling])
        for member in self._members:
            await member.close()
        self._members.clear()

    @asynccontextmanager
    async def _slot(self) -> AsyncIterator[Member]:
        member = await self._reserve()
        try:
            yield member
        finally:
            async with self._changed:
                member.active -= 1
                self._changed.notify_all()

    async def _reserve(self) -> Member:
        while True:
            async with self._changed:
                free = [member for member in self._members if member.free > 0]
                if free:
                    chosen = min(free, key=lambda member: member.load)
                    chosen.active += 1
                    return chosen
                if self._members:
                    await self._changed.wait()
                    continue
            await self._refill()

    async def _ask(
        self, member: Member, request: Request, audio: Path | None, attempts: _Attempts
    ) -> AsyncGenerator[StreamMessage, None]:
        from dalston_sdk.client import (  # noqa: PLC0415 - httpx2 is slow to import
            EngineRequestError,
            EngineStreamError,
            EngineUnreachableError,
            ProtocolMismatchError,
        )

        stream = member.client.run(request, audio=audio, share_path=member.instance.shares_disk)
        try:
            async with aclosing(stream) as messages:
                async for message in messages:
                    yield message
        except EngineUnreachableError as error:
            await self._after_unreached(member, str(error), attempts)
        except EngineStreamError as error:
            await self._after_cut(member, str(error), attempts)
        except ProtocolMismatchError as error:
            raise EngineProtocolError(self.engine, str(error)) from error
        except EngineRequestError as error:
            await self._after_refusal(member, error.code, attempts)
            raise explain_refusal(
                self.engine,
                error.code,
                error.message,
                retryable=error.retryable,
                hint=error.hint,
            ) from error

    async def _after_refusal(self, member: Member, reason: ErrorCode, attempts: _Attempts) -> None:
        """Try again where that may help; return where the refusal stands."""
        if reason is ErrorCode.BUSY:
            attempts.refused_as_busy += 1
            if attempts.refused_as_busy == 1:
                self._supply.tell_trouble("engine_busy", "others use the engine; waiting for it")
            raise _AgainError
        if reason is ErrorCode.DEVICE_LOST and attempts.recreations < self._limits.recreations:
            attempts.recreations += 1
            self._supply.tell_trouble("device_lost", "the engine lost its GPU; starting another")
            await self._drop(member, stop_s=_STOP_S)
            raise _AgainError

    async def _after_unreached(self, member: Member, problem: str, attempts: _Attempts) -> None:
        """The request never began: the engine had ended, as idle ones do, or died before."""
        attempts.unreached += 1
        await self._drop(member)
        if attempts.unreached > self._limits.reacquires:
            lines = await asyncio.to_thread(self._tail, member)
            raise EngineSilentError(self.engine, f"cannot be reached: {problem}", lines)
        raise _AgainError

    async def _after_cut(self, member: Member, problem: str, attempts: _Attempts) -> None:
        """The engine died over the request, or hangs, or broke only this one stream."""
        lines = await asyncio.to_thread(self._tail, member)
        error = await self._diagnose(member, problem, lines)
        attempts.crashes += 1
        if attempts.crashes > self._limits.restarts:
            raise error
        self._supply.tell_trouble(error.code, error.message)
        raise _AgainError

    async def _diagnose(
        self, member: Member, problem: str, lines: list[str]
    ) -> EngineUnavailableError:
        timeout_s = self._limits.probe_timeout_s
        try:
            await ask_health(member.instance.address, timeout_s=timeout_s)
        except NoAnswerError:
            end = await self._end_of(member, timeout_s=1.0)
            await self._drop(member, stop_s=0.0 if end.state == "running" else None)
            if end.state == "running":
                return EngineSilentError(self.engine, f"did not go on: {problem}", lines)
            return EngineCrashedError(self.engine, end.exit_code, lines, when="while it worked")
        return EngineSilentError(self.engine, f"broke its answer off: {problem}", lines)

    async def _end_of(self, member: Member, *, timeout_s: float) -> ExitState:
        """How it ended; a process that closed its socket takes a moment to be gone."""
        deadline = time.monotonic() + timeout_s
        while True:
            end = await asyncio.to_thread(self._supply.launcher.state, member.instance)
            if end.state != "running" or time.monotonic() > deadline:
                return end
            await asyncio.sleep(_END_POLL_S)

    def _tail(self, member: Member) -> list[str]:
        return self._supply.launcher.tail(member.instance, lines=NUM_LOG_LINES)

    async def _drop(self, member: Member, *, stop_s: float | None = None) -> None:
        """Use ``member`` no more; whoever waits for it goes on with the others or a new one.

        Args:
            member: May be dropped already, by another request that it let down.
            stop_s: Stop it, and how long it may go on with what runs; None lets it be.
        """
        self._supply.avoid(member.instance)
        async with self._changed:
            known = member in self._members
            if known:
                self._members.remove(member)
            self._changed.notify_all()
        if not known:
            return
        await member.close()
        launcher = self._supply.launcher
        if stop_s is not None and launcher.manages:
            await asyncio.to_thread(launcher.stop, member.instance, timeout_s=stop_s)
        if self._members and launcher.manages:
            self._start_refill()

    def _start_refill(self) -> asyncio.Task[None]:
        if self._refilling is None or self._refilling.done():
            self._refilling = asyncio.create_task(self._fill())
            self._refilling.add_done_callback(_take_exception)
        return self._refilling

    async def _refill(self) -> None:
        """Wait until what is missing is there; one that waits may give up without the others."""
        await asyncio.shield(self._start_refill())

    async def _fill(self) -> None:
        missing = self._wanted - len(self._members)
        if missing <= 0:
            return
        taken = frozenset(member.instance.identity for member in self._members)
        members = await self._supply.take(missing, taken=taken)
        async with self._changed:
            self._members += members
            self._changed.notify_all()

    def _pause(self, attempts: _Attempts) -> float:
        if attempts.crashes:
            return self._limits.pause(attempts.crashes)
        if attempts.refused_as_busy:
            pause_s = min(_LONGEST_BUSY_PAUSE_S, _BUSY_PAUSE_S * attempts.refused_as_busy)
            return pause_s * random.uniform(0.5, 1.0)  # noqa: S311 - only to fall out of step
        return 0.0


def _take_exception(task: asyncio.Task[None]) -> None:
    """Those who waited have seen it; with nobody waiting the other replicas go on without."""
    if not task.cancelled():
        task.exception()
