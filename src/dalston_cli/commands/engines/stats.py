"""``dalston engines stats``: the resources that running engines use."""

import asyncio
from typing import TYPE_CHECKING

from dalston_cli.commands.engines.setting import EngineNames, Profile, load, warn_once
from dalston_cli.commands.engines.status import launcher_of
from dalston_cli.console import Console
from dalston_cli.options.general import Json

if TYPE_CHECKING:
    from dalston_cli.launchers.stats import EngineStats

COLUMNS = (
    *("engine", "launcher", "replica", "device", "cpu", "memory", "GPU memory"),
    *("processes", "requests"),
)


def stats(engines: EngineNames = None, *, profile: Profile = None, json: Json = False) -> None:
    """Show what the engines that run take now: processor, memory, requests.

    100 % is one core; after the slash is the most that an engine may take.
    """
    from dalston_cli.launchers.stats import measure_engines

    console = Console("engines stats", json=json)
    _, launchers = load(profile=profile)
    every = launchers.by_name.values()
    measured = asyncio.run(measure_engines(every, engines or (), on_problem=warn_once(console)))
    rows = [
        (
            each.engine,
            launcher_of(each, launchers),
            each.replica,
            each.device or None,
            None if each.cpu_percent is None else f"{each.cpu_percent:.0f} %",
            _memory(each),
            _megabytes(each.vram_mb),
            each.processes,
            None if each.slots is None else f"{each.running} / {each.slots}",
        )
        for each in measured
    ]
    console.table(COLUMNS, rows, data=measured, empty="no engine is running")


def _memory(stats: "EngineStats") -> str | None:
    taken, limit = _megabytes(stats.memory_mb), _megabytes(stats.memory_limit_mb)
    return f"{taken} / {limit}" if taken and limit else taken


def _megabytes(amount: float | None) -> str | None:
    return None if amount is None else f"{amount:,.0f} MB"
