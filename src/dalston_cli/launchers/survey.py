"""Survey of running engines: each is asked for its state."""

import asyncio
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from dalston_cli.errors import EngineUnavailableError
from dalston_cli.launchers.base import EngineInstance, Launcher, Usage
from dalston_cli.launchers.contact import NoAnswerError, ask_health, device_of
from dalston_sdk.wire import Health

T = TypeVar("T")
OnProblem = Callable[[EngineUnavailableError], None]
"""Called for each launcher that cannot be asked, while the others are."""

Judge = Callable[[Launcher, EngineInstance], str | None]


def use_any(launcher: Launcher, instance: EngineInstance) -> str | None:  # noqa: ARG001 - see ``Judge``
    """Have nothing against any engine."""
    return None


def raise_problem(error: EngineUnavailableError) -> None:
    """Raise the error, for callers that need the answer of every launcher."""
    raise error


@dataclass(frozen=True, kw_only=True)
class EngineState:
    """One engine that runs, or that has a URL in the settings.

    Attributes:
        state: Its own answer, or ``starting`` or ``unreachable`` if it gives none.
        owned: True if Dalston started it, and so may end it.
        model: The loaded model as its library calls it; None while none is.
        expires_at: Time when it stops itself; None for never, or while it works.
        problem: Reason why it does not work or answer.
        passed_over: Reason why it would not be used here, though it is another owner's.
    """

    engine: str
    launcher: str
    replica: int
    device: str
    state: str
    fingerprint: str
    address: str
    owned: bool = True
    model: str | None = None
    pid: int | None = None
    running: int | None = None
    slots: int | None = None
    rss_mb: float | None = None
    vram_mb: float | None = None
    keep_alive_s: float | None = None
    started_at: datetime | None = None
    expires_at: datetime | None = None
    problem: str | None = None
    passed_over: str | None = None


@dataclass(frozen=True, kw_only=True)
class EngineStats:
    """Resources of one engine, as ``EngineState`` and ``Usage`` have them; None where unknown."""

    engine: str
    launcher: str
    replica: int
    device: str
    state: str
    running: int | None
    slots: int | None
    cpu_percent: float | None
    memory_mb: float | None
    memory_limit_mb: float | None
    vram_mb: float | None
    processes: int | None
    owned: bool


def ask_each(
    launchers: Iterable[Launcher], question: Callable[[Launcher], T], on_problem: OnProblem
) -> Iterator[tuple[Launcher, T]]:
    """Yield each launcher with its answer, without those that cannot be asked."""
    for launcher in launchers:
        try:
            yield launcher, question(launcher)
        except EngineUnavailableError as error:
            on_problem(error)


async def survey_engines(
    launchers: Iterable[Launcher],
    names: Iterable[str] = (),
    *,
    on_problem: OnProblem = raise_problem,
    judge: Judge = use_any,
) -> tuple[EngineState, ...]:
    """Ask every engine of ``names`` (empty for all) for its state; sorted.

    ``judge`` says why one of another owner would not be used.
    """
    found = await find_instances(launchers, frozenset(names) or None, on_problem=on_problem)
    asked = await asyncio.gather(*(ask_state(instance) for _, instance in found))
    states = [
        state if state.owned else replace(state, passed_over=judge(*each))
        for each, state in zip(found, asked, strict=True)
    ]
    return tuple(sorted(states, key=lambda each: (each.engine, each.launcher, each.replica)))


async def measure_engines(
    launchers: Iterable[Launcher],
    names: Iterable[str] = (),
    *,
    on_problem: OnProblem = raise_problem,
) -> tuple[EngineStats, ...]:
    """Measure every engine of ``names`` (empty for all) that runs, for a second; sorted."""
    found = await find_instances(launchers, frozenset(names) or None, on_problem=on_problem)
    measured = await asyncio.gather(*(_measure(*each) for each in found))
    return tuple(sorted(measured, key=lambda each: (each.engine, each.launcher, each.replica)))


async def find_instances(
    launchers: Iterable[Launcher],
    names: Collection[str] | None = None,
    *,
    on_problem: OnProblem = raise_problem,
) -> list[tuple[Launcher, EngineInstance]]:
    """Find every instance that runs, with its launcher; only of ``names``, unless None."""
    found = []
    for launcher in launchers:
        try:
            instances = await asyncio.to_thread(launcher.find)
        except EngineUnavailableError as error:
            on_problem(error)
            continue
        found += [(launcher, each) for each in instances if names is None or each.engine in names]
    return found


def newest_log(
    launchers: Iterable[Launcher], engine: str, *, on_problem: OnProblem = raise_problem
) -> Launcher | None:
    """Return the launcher with the newest log of ``engine``; None without any log."""
    times = ask_each(launchers, lambda launcher: launcher.last_started(engine), on_problem)
    started = [(time, launcher) for launcher, time in times if time is not None]
    return max(started, key=lambda each: each[0])[1] if started else None


async def ask_state(instance: EngineInstance) -> EngineState:
    """Ask one instance for its state."""
    socket = instance.address.socket
    silent = EngineState(
        engine=instance.engine,
        launcher=instance.launcher,
        replica=instance.replica,
        device=instance.device,
        state="unreachable",
        fingerprint=instance.fingerprint,
        address=str(instance.address.url or socket or ""),
        owned=instance.owned,
        started_at=instance.started_at if instance.owned else None,
        problem=instance.problem,
    )
    if not silent.address:
        return silent
    try:
        return _answered(silent, instance, await ask_health(instance.address))
    except NoAnswerError as error:
        if instance.owned and (socket is None or not socket.exists()):
            return replace(silent, state="starting")
        return replace(silent, problem=error.problem)


def _answered(silent: EngineState, instance: EngineInstance, health: Health) -> EngineState:
    now = datetime.now(UTC)
    left_s = health.expires_in_s
    return replace(
        silent,
        device=device_of(instance, health),
        state=health.status,
        fingerprint=health.fingerprint,
        model=health.loaded.runtime_id if health.loaded else None,
        pid=health.pid,
        running=health.running,
        slots=health.slots,
        rss_mb=health.rss_mb,
        vram_mb=health.vram_mb,
        keep_alive_s=health.keep_alive_s,
        started_at=now - timedelta(seconds=health.uptime_s),
        expires_at=None if left_s is None else now + timedelta(seconds=left_s),
        problem=health.problem,
    )


async def _measure(launcher: Launcher, instance: EngineInstance) -> EngineStats:
    state, usage = await asyncio.gather(
        ask_state(instance), asyncio.to_thread(_usage, launcher, instance)
    )
    return EngineStats(
        engine=state.engine,
        launcher=state.launcher,
        replica=state.replica,
        device=state.device,
        state=state.state,
        running=state.running,
        slots=state.slots,
        cpu_percent=usage.cpu_percent,
        memory_mb=state.rss_mb if usage.memory_mb is None else usage.memory_mb,
        memory_limit_mb=usage.memory_limit_mb,
        vram_mb=state.vram_mb,
        processes=usage.processes,
        owned=state.owned,
    )


def _usage(launcher: Launcher, instance: EngineInstance) -> Usage:
    """Return the usage; unknown if the instance ends meanwhile."""
    try:
        return launcher.usage(instance)
    except EngineUnavailableError:
        return Usage()
