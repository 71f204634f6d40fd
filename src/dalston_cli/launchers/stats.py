"""Resources that running engines use now."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

from dalston_cli.errors import EngineUnavailableError
from dalston_cli.launchers.base import EngineInstance, Launcher, Usage
from dalston_cli.launchers.survey import OnProblem, ask_state, find_instances, raise_problem


@dataclass(frozen=True, kw_only=True)
class EngineStats:
    """Resources of one engine; None where they are unknown.

    Attributes:
        state: As ``EngineState`` has it.
        running: Requests in progress.
        slots: Requests that it works on at the same time.
        cpu_percent: 100 is one core.
        memory_limit_mb: None where there is no limit of its own.
        vram_mb: Of the GPU's memory.
        processes: Processes or threads that count against its limit.
    """

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


async def measure_engines(
    launchers: Iterable[Launcher],
    names: Iterable[str] = (),
    *,
    on_problem: OnProblem = raise_problem,
) -> tuple[EngineStats, ...]:
    """Measure every engine that runs, for about a second; sorted by name, launcher and replica.

    Args:
        launchers: The launchers to ask.
        names: Only these engines; empty for all.
        on_problem: Called for each launcher that cannot be asked.
    """
    found = await find_instances(launchers, frozenset(names) or None, on_problem=on_problem)
    measured = await asyncio.gather(*(_measure(*each) for each in found))
    return tuple(sorted(measured, key=lambda each: (each.engine, each.launcher, each.replica)))


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
