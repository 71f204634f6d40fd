"""Ready engines for one spec: found running or started, exactly as many as are missing."""

import asyncio
import time
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from msgspec import Struct

from dalston_cli.errors import EngineUnavailableError
from dalston_cli.launchers.base import EngineInstance, EngineSpec, Preparation
from dalston_cli.launchers.contact import NoAnswerError, ask_health, shut_down
from dalston_cli.launchers.failure import EngineCrashedError
from dalston_cli.launchers.pool import readiness
from dalston_cli.launchers.pool.limits import PoolLimits
from dalston_cli.launchers.pool.notices import (
    ByteSteps,
    OnNotice,
    PassedOver,
    Ready,
    Starting,
    StartStep,
    Trouble,
)
from dalston_cli.launchers.registry import LauncherChoice

_ROUNDS = 20
_NO_NEWS: Mapping[str, Any] = {}


class _Candidate(Struct, frozen=True, kw_only=True):
    instance: EngineInstance
    started: bool


class EngineSupplyError(EngineUnavailableError):
    """Engines kept ending as soon as they were found."""

    code = "engine_supply"

    def __init__(self, engine: str, *, here: bool) -> None:
        logs = f"dalston engines logs {engine}"
        super().__init__(
            f"engine {engine} ended again and again before it could be used",
            hint=f"see why: {logs}" if here else "see its log on the machine where it runs",
        )


class Provisioner:
    """Finds or starts the engines that one spec needs; those with its fingerprint are reused."""

    def __init__(
        self,
        choice: LauncherChoice,
        spec: EngineSpec,
        fingerprint: str,
        *,
        limits: PoolLimits,
        on_event: OnNotice,
    ) -> None:
        self.launcher = choice.launcher
        self._reason = choice.reason
        self.spec = spec
        self.fingerprint = fingerprint
        self._limits = limits
        self._on_event = on_event
        self._useless: set[str] = set()
        self._passed_over: set[tuple[str, str]] = set()

    def avoid(self, instance: EngineInstance) -> None:
        """Never take ``instance`` again: it cannot be reached any more, or is about to end."""
        if self.launcher.manages:  # an engine behind a URL may come back
            self._useless.add(instance.identity)

    async def take(self, missing: int, *, taken: Collection[str]) -> list[readiness.Replica]:
        """Find or start engines; at least one, unless the caller has all there are.

        A launcher that starts none gives all it has, without those that are ``taken`` already.

        Raises:
            EngineUnavailableError: There is not one; the reason of the first.
        """
        num_killed = 0
        for _ in range(_ROUNDS):
            began = time.monotonic()
            candidates = await self._candidates(missing, taken)
            if not candidates and taken:
                return []
            joined = await asyncio.gather(
                *(self._join(candidate) for candidate in candidates), return_exceptions=True
            )
            replicas = [member for member in joined if isinstance(member, readiness.Replica)]
            await self._raise_unexpected(joined, replicas)
            if replicas:
                self._report_ready(replicas, candidates, began)
                return replicas
            reasons = [error for error in joined if isinstance(error, EngineUnavailableError)]
            if reasons:
                num_killed += 1
                killed = isinstance(reasons[0], EngineCrashedError) and reasons[0].killed
                if not killed or num_killed > self._limits.restarts:
                    raise reasons[0]
                self.report_trouble(reasons[0].code, reasons[0].message)
        raise EngineSupplyError(self.spec.engine.name, here=self.launcher.manages)

    async def retire_outdated(self) -> None:
        """Stop idle engines of the same name and device whose fingerprint differs.

        One that works for another process goes on and ends by its keep-alive; if it has none, it
        is asked to end after its work.
        """
        for instance in await asyncio.to_thread(self.launcher.find):
            same_place = (
                instance.engine == self.spec.engine.name and instance.device in self.spec.devices
            )
            if same_place and instance.owned and instance.fingerprint != self.fingerprint:
                await _retire(instance)

    async def _candidates(self, missing: int, taken: Collection[str]) -> list[_Candidate]:
        found = self._choose(await asyncio.to_thread(self.launcher.find), taken)
        if not self.launcher.manages:
            return found
        if len(found) < missing:
            await self._prepare()
            found = await asyncio.to_thread(self._find_or_start, missing, taken)
        return found[:missing]

    async def _prepare(self) -> None:
        loop = asyncio.get_running_loop()

        def report(**news: Any) -> None:  # noqa: ANN401 - fields of ``Starting``
            loop.call_soon_threadsafe(self._report_starting, "environment", news)

        steps = ByteSteps(lambda done, total: report(done_bytes=done, total_bytes=total))
        preparation = Preparation(
            lambda line: report(message=line), steps.count, lambda part: report(part=part)
        )
        try:
            await asyncio.to_thread(self.launcher.prepare, self.spec, preparation)
        finally:
            preparation.abandon()
        self._report_starting("process")

    def _find_or_start(self, missing: int, taken: Collection[str]) -> list[_Candidate]:
        """Hold the launcher's lock, so that only one of many processes starts what is missing."""
        with self.launcher.exclusive():
            found = self._choose(self.launcher.find(), taken)
            for replica in range(len(taken) + len(found), len(taken) + missing):
                spec = replace(self.spec, device=self._freest_device(found, taken), also_on=())
                instance = self.launcher.start(spec, replica=replica)
                found.append(_Candidate(instance=instance, started=True))
        return found

    def _choose(self, instances: list[EngineInstance], taken: Collection[str]) -> list[_Candidate]:
        return [
            _Candidate(instance=instance, started=False)
            for instance in instances
            if instance.engine == self.spec.engine.name
            and (not self.launcher.manages or self._fits(instance))
            and instance.identity not in taken
            and instance.identity not in self._useless
        ]

    def _fits(self, instance: EngineInstance) -> bool:
        reason = self.launcher.unfitness(instance, self.spec, self.fingerprint)
        if reason is not None and not instance.owned:
            self._report_passed_over(instance, reason)
        return reason is None

    def _freest_device(self, found: Collection[_Candidate], taken: Collection[str]) -> str:
        """Return the device with the fewest replicas of this engine; the first of equals."""
        devices = self.spec.devices
        if len(devices) == 1:
            return devices[0]
        used = Counter(candidate.instance.device for candidate in found)
        used.update(each.device for each in self.launcher.find() if each.identity in taken)
        return min(devices, key=lambda device: used[device])

    async def _join(self, candidate: _Candidate) -> readiness.Replica:
        probe = readiness.ReadinessProbe(self.launcher, self.spec, limits=self._limits)
        try:
            return await probe.join(candidate.instance, started=candidate.started)
        except readiness.InstanceGoneError as error:
            self.avoid(candidate.instance)
            if isinstance(error, readiness.DeviceGoneError):
                self.report_trouble("device_lost", f"starting another engine: {error.problem}")
            raise

    async def _raise_unexpected(
        self, joined: list[readiness.Replica | BaseException], replicas: list[readiness.Replica]
    ) -> None:
        """Report replicas that are missing; close all connections if an error is a bug."""
        for error in joined:
            if isinstance(error, readiness.Replica | readiness.InstanceGoneError):
                continue
            if isinstance(error, EngineUnavailableError):
                if replicas:
                    self.report_trouble("replica_missing", error.message)
                continue
            for replica in replicas:
                await replica.close()
            raise error

    def report_trouble(self, code: str, message: str) -> None:
        """Report that something went wrong and is being dealt with."""
        name = self.spec.engine.name
        self._on_event(
            Trouble(engine=name, launcher=self.launcher.name, code=code, message=message)
        )

    def _report_passed_over(self, instance: EngineInstance, reason: str) -> None:
        if (instance.identity, reason) in self._passed_over:
            return
        self._passed_over.add((instance.identity, reason))
        self._on_event(
            PassedOver(
                engine=instance.engine,
                launcher=self.launcher.name,
                address=instance.address.url or "",
                reason=reason,
            )
        )

    def _report_starting(self, step: StartStep, news: Mapping[str, Any] = _NO_NEWS) -> None:
        name, launcher = self.spec.engine.name, self.launcher.name
        self._on_event(Starting(engine=name, launcher=launcher, step=step, **news))

    def _report_ready(
        self, replicas: list[readiness.Replica], candidates: list[_Candidate], began: float
    ) -> None:
        started = {item.instance.identity for item in candidates if item.started}
        for replica in replicas:
            self._on_event(
                Ready(
                    engine=self.spec.engine.name,
                    launcher=self.launcher.name,
                    device=replica.device,
                    reused=replica.instance.identity not in started,
                    elapsed_s=time.monotonic() - began,
                    reason=self._reason,
                )
            )


async def _retire(instance: EngineInstance) -> None:
    try:
        health = await ask_health(instance.address)
        if health.running == 0 or health.keep_alive_s is None or health.keep_alive_s < 0:
            await shut_down(instance.address)
    except NoAnswerError:
        return  # it is starting or ending; its keep-alive is its end
