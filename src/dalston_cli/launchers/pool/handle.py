"""What a stage holds while it works: some replicas of one engine, seen as one."""

import asyncio
import random
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from msgspec import structs

from dalston_cli.errors import EngineUnavailableError
from dalston_cli.launchers.base import EngineInstance, EngineSpec, ExitState
from dalston_cli.launchers.contact import NoAnswerError, ask_health
from dalston_cli.launchers.failure import (
    NUM_LOG_LINES,
    EngineCrashedError,
    EngineProtocolError,
    EngineSilentError,
    explain_refusal,
)
from dalston_cli.launchers.pool.crew import Crew
from dalston_cli.launchers.pool.limits import PoolLimits
from dalston_cli.launchers.pool.member import Member
from dalston_cli.launchers.pool.supply import Supply
from dalston_sdk.wire import ErrorCode, Health, Progress, Request, StreamMessage

_BUSY_PAUSE_S = 0.1
_LONGEST_BUSY_PAUSE_S = 2.0
_STOP_S = 2.0
_END_S = 1.0
_END_POLL_S = 0.02


@dataclass
class _Attempts:
    """What one request went through.

    Attributes:
        out_of_memory: Crashes for want of memory: once it may have been a neighbour's fault.
        worked: In the present attempt the engine has come further than loading its model.
    """

    crashes: int = 0
    out_of_memory: int = 0
    recreations: int = 0
    unreached: int = 0
    refused_as_busy: int = 0
    worked: bool = False


@dataclass(frozen=True)
class _Fate:
    """What became of an engine whose answer broke off."""

    kind: Literal["answers", "hangs", "ended"]
    end: ExitState = field(default_factory=lambda: ExitState(state="running"))


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
        self._crew = Crew(supply)

    @property
    def engine(self) -> str:
        """The engine's name."""
        return self.spec.engine.name

    @property
    def slots(self) -> int:
        """How many requests are worked on at the same time, over all replicas."""
        return sum(member.health.slots for member in self._crew.members)

    @property
    def device(self) -> str:
        """What the engine runs on, such as ``cuda:0``."""
        members = self._crew.members
        return members[0].device if members else self.spec.device

    @property
    def version(self) -> str:
        """The engine's own version, as it said itself."""
        members = self._crew.members
        return members[0].health.version if members else self.spec.engine.version

    async def health(self) -> tuple[Health, ...]:
        """What each replica says now; those that do not answer are left out."""
        answers = await asyncio.gather(
            *(ask_health(member.instance.address) for member in self._crew.members),
            return_exceptions=True,
        )
        return tuple(answer for answer in answers if isinstance(answer, Health))

    async def grow(self, replicas: int) -> None:
        """Have at least so many replicas, as far as they can be had.

        Raises:
            EngineUnavailableError: There is not one.
        """
        await self._crew.grow(replicas)

    async def close(self) -> None:
        """Close the connections; the engines go on until their keep-alive is over."""
        await self._crew.close()

    async def run(
        self, request: Request, audio: Path | None
    ) -> AsyncGenerator[StreamMessage, None]:
        """Have one request worked on, by the replica that has least to do.

        An engine that dies, hangs or loses its GPU is replaced and the request is tried again, a
        bounded number of times; progress then starts anew, and partial segments come again. After
        a crash it has a replica for itself, so that others do not pay for it twice. A busy engine
        is waited for. Close the iterator to cancel the work.

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
            async with self._crew.slot(alone=attempts.crashes > 0) as member:
                try:
                    async with aclosing(self._ask(member, request, audio, attempts)) as stream:
                        async for message in stream:
                            yield message
                except _AgainError:
                    pass
                else:
                    return
            await asyncio.sleep(self._pause(attempts))

    async def _ask(
        self, member: Member, request: Request, audio: Path | None, attempts: _Attempts
    ) -> AsyncGenerator[StreamMessage, None]:
        from dalston_sdk.client import (  # noqa: PLC0415 - httpx2 is slow to import
            EngineRequestError,
            EngineStreamError,
            EngineUnreachableError,
            ProtocolMismatchError,
        )

        attempts.worked = False
        shares_disk = member.instance.shares_disk
        if not shares_disk:
            request = _below(self.spec.models_dir, request)
        stream = member.client.run(request, audio=audio, share_path=shares_disk)
        try:
            async with aclosing(stream) as messages:
                async for message in messages:
                    attempts.worked = attempts.worked or not _is_loading(message)
                    yield message
        except EngineUnreachableError as error:
            await self._after_unreached(member, error.message, attempts)
        except EngineStreamError as error:
            await self._after_cut(member, error.message, attempts)
        except ProtocolMismatchError as error:
            raise EngineProtocolError(self.engine, error.message) from error
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
            await self._after_busy(member, attempts)
        if reason is ErrorCode.DEVICE_LOST and attempts.recreations < self._limits.recreations:
            attempts.recreations += 1
            self._supply.tell_trouble("device_lost", "the engine lost its GPU; starting another")
            await self._crew.drop(member, stop_s=_STOP_S)
            raise _AgainError

    async def _after_busy(self, member: Member, attempts: _Attempts) -> None:
        """Others use it, which will pass; or it takes no new work because it is ending."""
        try:
            health = await ask_health(member.instance.address)
        except NoAnswerError as error:
            return await self._after_unreached(member, error.problem, attempts)
        if health.status == "stopping":
            return await self._after_unreached(member, "it is ending", attempts)
        attempts.refused_as_busy += 1
        if attempts.refused_as_busy == 1:
            self._supply.tell_trouble("engine_busy", "others use the engine; waiting for it")
        raise _AgainError

    async def _after_unreached(self, member: Member, problem: str, attempts: _Attempts) -> None:
        """The request never began: the engine had ended, as idle ones do, or died before."""
        attempts.unreached += 1
        await self._crew.drop(member)
        if attempts.unreached > self._limits.reacquires:
            lines = await asyncio.to_thread(self._tail, member)
            raise EngineSilentError(self.engine, f"cannot be reached: {problem}", lines)
        raise _AgainError

    async def _after_cut(self, member: Member, problem: str, attempts: _Attempts) -> None:
        """The engine died over the request, hangs, or broke only this one stream."""
        lines = await asyncio.to_thread(self._tail, member)
        fate = await self._look(member)
        if fate.end.clean and not attempts.worked:
            await self._after_unreached(member, problem, attempts)
        if fate.kind != "answers":
            await self._crew.drop(member, stop_s=0.0 if fate.kind == "hangs" else None)
        error = self._explain_cut(fate, problem, lines)
        attempts.crashes += 1
        attempts.out_of_memory += fate.end.out_of_memory
        if attempts.crashes > self._limits.restarts or attempts.out_of_memory > 1:
            raise error
        self._supply.tell_trouble(error.code, error.message)
        raise _AgainError

    async def _look(self, member: Member) -> _Fate:
        timeout_s = self._limits.probe_timeout_s
        try:
            await ask_health(member.instance.address, timeout_s=timeout_s)
        except NoAnswerError:
            return await self._look_for_end(member.instance)
        return _Fate("answers")

    async def _look_for_end(self, instance: EngineInstance) -> _Fate:
        """A process that has closed its socket takes a moment to be gone."""
        deadline = time.monotonic() + _END_S
        while time.monotonic() < deadline:
            end = await asyncio.to_thread(self._supply.launcher.state, instance)
            if end.state != "running":
                return _Fate("ended", end)
            await asyncio.sleep(_END_POLL_S)
        return _Fate("hangs")

    def _explain_cut(self, fate: _Fate, problem: str, lines: list[str]) -> EngineUnavailableError:
        if fate.kind == "ended":
            return EngineCrashedError(self.engine, fate.end, lines, when="while it worked")
        verb = "did not go on" if fate.kind == "hangs" else "broke its answer off"
        return EngineSilentError(self.engine, f"{verb}: {problem}", lines)

    def _tail(self, member: Member) -> list[str]:
        return self._supply.launcher.tail(member.instance, lines=NUM_LOG_LINES)

    def _pause(self, attempts: _Attempts) -> float:
        if attempts.crashes:
            return self._limits.pause(attempts.crashes)
        if attempts.refused_as_busy:
            pause_s = min(_LONGEST_BUSY_PAUSE_S, _BUSY_PAUSE_S * attempts.refused_as_busy)
            return pause_s * random.uniform(0.5, 1.0)  # noqa: S311 - only to fall out of step
        return 0.0


def _below(models_dir: Path, request: Request) -> Request:
    """``request`` with its weights named as an engine finds them whose models folder is another."""
    path = request.model.path
    if path is None or not Path(path).is_relative_to(models_dir):
        return request
    model = structs.replace(request.model, path=str(Path(path).relative_to(models_dir)))
    return structs.replace(request, model=model)


def _is_loading(message: StreamMessage) -> bool:
    return isinstance(message, Progress) and message.phase == "load"
