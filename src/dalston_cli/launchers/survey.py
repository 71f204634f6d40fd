"""What runs: every engine of every launcher, asked how it is."""

import asyncio
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from dalston_cli.launchers.base import EngineInstance, Launcher
from dalston_cli.launchers.contact import NoAnswerError, ask_health
from dalston_sdk.wire import Health


@dataclass(frozen=True, kw_only=True)
class EngineState:
    """One engine that runs, or that the settings say runs.

    Attributes:
        state: What it says itself, or ``starting`` or ``unreachable`` where it says nothing.
        model: The loaded model as its library calls it; None while none is.
        expires_at: When it stops itself; None for never, or while it works.
        problem: Why it does not work or answer.
    """

    engine: str
    launcher: str
    replica: int
    device: str
    state: str
    fingerprint: str
    address: str
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


async def survey_engines(
    launchers: Iterable[Launcher], names: Iterable[str] = ()
) -> tuple[EngineState, ...]:
    """Every engine, by name and replica.

    Args:
        launchers: Whom to ask.
        names: Only these engines; empty for all.
    """
    found = await find_instances(launchers, frozenset(names) or None)
    states = await asyncio.gather(*(_ask(instance) for _, instance in found))
    return tuple(sorted(states, key=lambda each: (each.engine, each.launcher, each.replica)))


async def find_instances(
    launchers: Iterable[Launcher], names: Collection[str] | None = None
) -> list[tuple[Launcher, EngineInstance]]:
    """Every instance that runs, with its launcher; only of engines in ``names``, unless None."""
    return [
        (launcher, instance)
        for launcher in launchers
        for instance in await asyncio.to_thread(launcher.find)
        if names is None or instance.engine in names
    ]


async def _ask(instance: EngineInstance) -> EngineState:
    try:
        return _answered(instance, await ask_health(instance.address))
    except NoAnswerError as error:
        socket = instance.address.socket
        starting = instance.owned and (socket is None or not socket.exists())
        return EngineState(
            engine=instance.engine,
            launcher=instance.launcher,
            replica=instance.replica,
            device=instance.device,
            state="starting" if starting else "unreachable",
            fingerprint=instance.fingerprint,
            address=str(instance.address.url or socket),
            started_at=instance.started_at if instance.owned else None,
            problem=None if starting else error.problem,
        )


def _answered(instance: EngineInstance, health: Health) -> EngineState:
    now = datetime.now(UTC)
    left_s = health.expires_in_s
    return EngineState(
        engine=instance.engine,
        launcher=instance.launcher,
        replica=instance.replica,
        device=health.device,
        state=health.status,
        fingerprint=health.fingerprint,
        address=str(instance.address.url or instance.address.socket),
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
