"""A slot of an engine: requests run on it one after the other, with retries on other replicas."""

import asyncio
import random
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path
from typing import Literal

from msgspec import Struct, structs

from dalston_cli.errors import EngineUnavailableError
from dalston_cli.launchers import failure
from dalston_cli.launchers.base import EngineInstance, ExitState
from dalston_cli.launchers.contact import NoAnswerError, ask_health
from dalston_cli.launchers.pool.limits import PoolLimits
from dalston_cli.launchers.pool.readiness import Replica
from dalston_cli.launchers.pool.replicas import ReplicaSet, Reservation
from dalston_sdk.wire import ErrorCode, Progress, Request, StreamMessage

_BUSY_PAUSE_S = 0.1
_LONGEST_BUSY_PAUSE_S = 2.0
_STOP_S = 2.0
_END_S = 1.0
_END_POLL_S = 0.02


class _Failures(Struct):
    """The failures of one request so far.

    Attributes:
        out_of_memory: Crashes for want of memory: the first may be a neighbour's fault.
        worked: In the present attempt the engine has got further than loading its model.
    """

    crashes: int = 0
    out_of_memory: int = 0
    recreations: int = 0
    unreached: int = 0
    refused_as_busy: int = 0
    worked: bool = False


class _Outcome(Struct, frozen=True):
    """State of an engine after its answer broke off."""

    kind: Literal["answers", "hangs", "ended"]
    end: ExitState = ExitState(state="running")


class _RetryError(Exception):
    """The request is to be tried again."""


class EngineSlot:
    """The right to have one request at a time worked on; made by ``EngineHandle.slot``."""

    def __init__(
        self, replicas: ReplicaSet, limits: PoolLimits, held: Reservation | None = None
    ) -> None:
        self._replicas = replicas
        self._provisioner = replicas.provisioner
        self._limits = limits
        self._reservation = held

    @property
    def engine(self) -> str:
        """The engine's name."""
        return self._provisioner.spec.engine.name

    @property
    def fingerprint(self) -> str:
        """The fingerprint that all replicas share; part of a stage's result."""
        return self._provisioner.fingerprint

    @property
    def launcher(self) -> str:
        """The launcher's name."""
        return self._provisioner.launcher.name

    @property
    def device(self) -> str:
        """The device of the first replica, such as ``cuda:0``."""
        replicas = self._replicas.replicas
        return replicas[0].device if replicas else self._provisioner.spec.device

    @property
    def version(self) -> str:
        """The engine's own version, from its first replica."""
        replicas = self._replicas.replicas
        return replicas[0].health.version if replicas else self._provisioner.spec.engine.version

    async def reserve(self, *, alone: bool = False) -> Replica:
        """Return the replica whose slot is held; wait for one, or with ``alone`` for all its slots.

        Raises:
            EngineUnavailableError: There is no replica, and none can be started.
        """
        held = self._reservation
        if held is not None and held.replica in self._replicas.replicas:
            return held.replica
        self.release()
        self._reservation = await self._replicas.reserve(alone=alone)
        return self._reservation.replica

    def release(self) -> None:
        """Let other requests have the slot."""
        held, self._reservation = self._reservation, None
        if held is not None:
            self._replicas.release(held)

    async def run(
        self, request: Request, audio: Path | None
    ) -> AsyncGenerator[StreamMessage, None]:
        """Have one request worked on.

        An engine that dies, hangs or loses its GPU is replaced and the request is tried again, a
        bounded number of times; progress then starts anew, and partial segments come again. After
        a crash it has a replica for itself, so that it cannot harm other requests again. A busy
        engine is waited for. Close the iterator to cancel the work.

        Args:
            request: The work.
            audio: 16 kHz mono PCM16 WAV; None for a stage without audio.

        Yields:
            Every message of the engine; the last one is ``Finished``.

        Raises:
            EngineRefusal: The engine refused; ``reason`` has its code, and the caller answers
                ``out_of_memory`` with a smaller batch.
            EngineUnavailableError: It crashed too often, or does not start.
        """
        failures = _Failures()
        while True:
            replica = await self.reserve(alone=failures.crashes > 0)
            try:
                async with aclosing(self._ask(replica, request, audio, failures)) as stream:
                    async for message in stream:
                        yield message
            except _RetryError:
                self.release()
            else:
                return
            await asyncio.sleep(self._pause(failures))

    async def _ask(
        self, replica: Replica, request: Request, audio: Path | None, failures: _Failures
    ) -> AsyncGenerator[StreamMessage, None]:
        from dalston_sdk.client import (  # noqa: PLC0415 - slow to import
            EngineRequestError,
            EngineStreamError,
            EngineUnreachableError,
            ProtocolMismatchError,
        )

        failures.worked = False
        shares_disk = self._provisioner.launcher.shares_disk
        if not shares_disk:
            request = _below(self._provisioner.spec.models_dir, request)
        stream = replica.client.run(request, audio=audio, share_path=shares_disk)
        try:
            async with aclosing(stream) as messages:
                async for message in messages:
                    loading = isinstance(message, Progress) and message.phase == "load"
                    failures.worked = failures.worked or not loading
                    yield message
        except EngineUnreachableError as error:
            await self._after_unreached(replica, error.message, failures)
        except EngineStreamError as error:
            await self._after_cut(replica, error.message, failures)
        except ProtocolMismatchError as error:
            raise failure.EngineProtocolError(
                self.engine, error.message, elsewhere=self._elsewhere(replica)
            ) from error
        except EngineRequestError as error:
            await self._after_refusal(replica, error.code, failures)
            hint = failure.hint_for(
                error.code,
                error.hint,
                see_log=self._see_log(replica),
                elsewhere=self._elsewhere(replica),
            )
            raise failure.explain_refusal(
                self.engine, error.code, error.message, retryable=error.retryable, hint=hint
            ) from error

    async def _after_refusal(
        self, replica: Replica, reason: ErrorCode, failures: _Failures
    ) -> None:
        """Try again where that may help; return where the refusal stands."""
        if reason is ErrorCode.BUSY:
            await self._after_busy(replica, failures)
        if reason is ErrorCode.DEVICE_LOST and failures.recreations < self._limits.recreations:
            failures.recreations += 1
            self._provisioner.report_trouble(
                "device_lost", "the engine lost its GPU; starting another"
            )
            await self._replicas.drop(replica, stop_s=_STOP_S)
            raise _RetryError

    async def _after_busy(self, replica: Replica, failures: _Failures) -> None:
        """Wait if other processes use it; take another one if it is ending."""
        try:
            health = await ask_health(replica.instance.address)
        except NoAnswerError as error:
            return await self._after_unreached(replica, error.problem, failures)
        if health.status == "stopping":
            return await self._after_unreached(replica, "it is ending", failures)
        failures.refused_as_busy += 1
        if failures.refused_as_busy == 1:
            self._provisioner.report_trouble("engine_busy", "others use the engine; waiting for it")
        raise _RetryError

    async def _after_unreached(self, replica: Replica, problem: str, failures: _Failures) -> None:
        """Try again: the engine ended, as idle ones do, or died before the request began."""
        failures.unreached += 1
        await self._replicas.drop(replica)
        if failures.unreached > self._limits.reacquires:
            lines = await asyncio.to_thread(self._tail, replica)
            raise failure.EngineSilentError(
                self.engine,
                f"cannot be reached: {problem}",
                lines,
                see_log=self._see_log(replica),
            )
        raise _RetryError

    async def _after_cut(self, replica: Replica, problem: str, failures: _Failures) -> None:
        """Try again: the engine died over the request, hangs, or broke only this one stream."""
        lines = await asyncio.to_thread(self._tail, replica)
        outcome = await self._find_outcome(replica.instance)
        if outcome.end.clean and not failures.worked:
            await self._after_unreached(replica, problem, failures)
        if outcome.kind != "answers":
            await self._replicas.drop(replica, stop_s=0.0 if outcome.kind == "hangs" else None)
        error = self._explain_cut(replica, outcome, problem, lines)
        failures.crashes += 1
        failures.out_of_memory += outcome.end.out_of_memory
        if failures.crashes > self._limits.restarts or failures.out_of_memory > 1:
            raise error
        self._provisioner.report_trouble(error.code, error.message)
        raise _RetryError

    async def _find_outcome(self, instance: EngineInstance) -> _Outcome:
        try:
            await ask_health(instance.address, timeout_s=self._limits.probe_timeout_s)
        except NoAnswerError:
            return await self._wait_for_end(instance)
        return _Outcome("answers")

    async def _wait_for_end(self, instance: EngineInstance) -> _Outcome:
        """Give a process that has closed its socket a moment to end."""
        deadline = time.monotonic() + _END_S
        while time.monotonic() < deadline:
            end = await asyncio.to_thread(self._provisioner.launcher.state, instance)
            if end.state != "running":
                return _Outcome("ended", end)
            await asyncio.sleep(_END_POLL_S)
        return _Outcome("hangs")

    def _explain_cut(
        self, replica: Replica, outcome: _Outcome, problem: str, lines: list[str]
    ) -> EngineUnavailableError:
        see_log = self._see_log(replica)
        if outcome.kind == "ended":
            return failure.EngineCrashedError(
                self.engine, outcome.end, lines, when="while it worked", see_log=see_log
            )
        verb = "did not go on" if outcome.kind == "hangs" else "broke its answer off"
        return failure.EngineSilentError(self.engine, f"{verb}: {problem}", lines, see_log=see_log)

    def _tail(self, replica: Replica) -> list[str]:
        return self._provisioner.launcher.tail(replica.instance, lines=failure.NUM_LOG_LINES)

    def _see_log(self, replica: Replica) -> str:
        return self._provisioner.launcher.see_log(replica.instance)

    def _elsewhere(self, replica: Replica) -> str | None:
        """Return the URL of an engine whose machine this one may not be."""
        managed = self._provisioner.launcher.manages
        return None if managed else replica.instance.address.url

    def _pause(self, failures: _Failures) -> float:
        if failures.crashes:
            return self._limits.pause(failures.crashes)
        if failures.refused_as_busy:
            pause_s = min(_LONGEST_BUSY_PAUSE_S, _BUSY_PAUSE_S * failures.refused_as_busy)
            return pause_s * random.uniform(0.5, 1.0)  # noqa: S311 - spreads the retries of many
        return 0.0


def _below(models_dir: Path, request: Request) -> Request:
    """Name the weights by their place below the models folder, which differs for the engine."""
    path = request.model.path
    if path is None or not Path(path).is_relative_to(models_dir):
        return request
    model = structs.replace(request.model, path=str(Path(path).relative_to(models_dir)))
    return structs.replace(request, model=model)
