"""Ready engines for one spec: found running, or started, exactly as many as are missing."""

import asyncio
import time
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, replace

from dalston_cli.errors import EngineUnavailableError
from dalston_cli.launchers.base import EngineInstance, EngineSpec, Preparation
from dalston_cli.launchers.contact import NoAnswerError, ask_health, shut_down
from dalston_cli.launchers.failure import EngineCrashedError
from dalston_cli.launchers.pool.limits import PoolLimits
from dalston_cli.launchers.pool.member import DeviceGoneError, InstanceGoneError, Member, Watch
from dalston_cli.launchers.pool.notice import Listener, Ready, Starting, StartStep, Trouble
from dalston_cli.launchers.registry import LauncherChoice

_ROUNDS = 20


@dataclass(frozen=True, kw_only=True)
class _Candidate:
    instance: EngineInstance
    started: bool


class EngineSupplyError(EngineUnavailableError):
    """Engines kept ending as soon as they were found."""

    code = "engine_supply"

    def __init__(self, engine: str) -> None:
        super().__init__(
            f"engine {engine} ended again and again before it could be used",
            hint=f"see why: dalston engines logs {engine}",
        )


class Supply:
    """Finds or starts the engines that one spec needs.

    Args:
        choice: What starts them, and why that.
        spec: What they are.
        fingerprint: What a running one must have to be taken.
        limits: How long to wait.
        listener: Told what happens; always called from the event loop.
    """

    def __init__(
        self,
        choice: LauncherChoice,
        spec: EngineSpec,
        fingerprint: str,
        *,
        limits: PoolLimits,
        listener: Listener,
    ) -> None:
        self.launcher = choice.launcher
        self._reason = choice.reason
        self.spec = spec
        self.fingerprint = fingerprint
        self._limits = limits
        self._listener = listener
        self._useless: set[str] = set()

    def avoid(self, instance: EngineInstance) -> None:
        """Never take ``instance`` again: it cannot be reached any more, or is about to end."""
        if self.launcher.manages:  # another's engine may come back at the same URL
            self._useless.add(instance.identity)

    async def take(self, missing: int, *, taken: Collection[str]) -> list[Member]:
        """Ready engines, as many as can be had; at least one, unless the caller has all there are.

        Args:
            missing: How many are wanted; a launcher that does not start any gives all it has.
            taken: Identities of those that the caller has already.

        Raises:
            EngineUnavailableError: Not one can be had; the reason of the first.
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
            members = [member for member in joined if isinstance(member, Member)]
            await self._raise_unexpected(joined, members)
            if members:
                self._tell_ready(members, candidates, began)
                return members
            reasons = [error for error in joined if isinstance(error, EngineUnavailableError)]
            if reasons:
                num_killed += 1
                if not _was_killed(reasons[0]) or num_killed > self._limits.restarts:
                    raise reasons[0]
                self.tell_trouble(reasons[0].code, reasons[0].message)
        raise EngineSupplyError(self.spec.engine.name)

    async def retire_outdated(self) -> None:
        """Let idle engines of the same name and device end whose fingerprint is another.

        One that works for somebody else goes on, and ends by its keep-alive; if that is never,
        it is asked to end after its work.
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

        def report(line: str) -> None:
            loop.call_soon_threadsafe(self._tell_starting, "environment", line)

        preparation = Preparation(report)
        try:
            await asyncio.to_thread(self.launcher.prepare, self.spec, preparation)
        finally:
            preparation.abandon()
        self._tell_starting("process", "")

    def _find_or_start(self, missing: int, taken: Collection[str]) -> list[_Candidate]:
        """Holds the launcher's lock, so that of many processes only one starts what is missing."""
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
        return instance.fingerprint == self.fingerprint and instance.device in self.spec.devices

    def _freest_device(self, found: Collection[_Candidate], taken: Collection[str]) -> str:
        """The device with the fewest replicas of this engine; the first of equals."""
        devices = self.spec.devices
        if len(devices) == 1:
            return devices[0]
        used = Counter(candidate.instance.device for candidate in found)
        used.update(each.device for each in self.launcher.find() if each.identity in taken)
        return min(devices, key=lambda device: used[device])

    async def _join(self, candidate: _Candidate) -> Member:
        watch = Watch(self.launcher, self.spec, limits=self._limits)
        try:
            return await watch.join(candidate.instance, started=candidate.started)
        except InstanceGoneError as error:
            self.avoid(candidate.instance)
            if isinstance(error, DeviceGoneError):
                self.tell_trouble("device_lost", f"starting another engine: {error.problem}")
            raise

    async def _raise_unexpected(
        self, joined: list[Member | BaseException], members: list[Member]
    ) -> None:
        """Tell of replicas that are missing; let go of everything where the error is a bug."""
        for error in joined:
            if isinstance(error, Member | InstanceGoneError):
                continue
            if isinstance(error, EngineUnavailableError):
                if members:
                    self.tell_trouble("replica_missing", error.message)
                continue
            for member in members:
                await member.close()
            raise error

    def tell_trouble(self, code: str, message: str) -> None:
        """Say that something went wrong and is being dealt with."""
        self._listener(
            Trouble(
                engine=self.spec.engine.name,
                launcher=self.launcher.name,
                code=code,
                message=message,
            )
        )

    def _tell_starting(self, step: StartStep, message: str) -> None:
        self._listener(
            Starting(
                engine=self.spec.engine.name,
                launcher=self.launcher.name,
                step=step,
                message=message,
            )
        )

    def _tell_ready(
        self, members: list[Member], candidates: list[_Candidate], began: float
    ) -> None:
        started = {item.instance.identity for item in candidates if item.started}
        for member in members:
            self._listener(
                Ready(
                    engine=self.spec.engine.name,
                    launcher=self.launcher.name,
                    device=member.device,
                    reused=member.instance.identity not in started,
                    elapsed_s=time.monotonic() - began,
                    reason=self._reason,
                )
            )


def _was_killed(error: EngineUnavailableError) -> bool:
    return isinstance(error, EngineCrashedError) and error.killed


async def _retire(instance: EngineInstance) -> None:
    try:
        health = await ask_health(instance.address)
        if health.running == 0 or health.keep_alive_s is None or health.keep_alive_s < 0:
            await shut_down(instance.address)
    except NoAnswerError:
        return  # it is starting or ending; its keep-alive is its end
