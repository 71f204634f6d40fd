"""``dalston engines status`` and ``stats``: the engines that run, and the resources they use."""

import asyncio
from datetime import UTC, datetime

from dalston_cli.amounts import rough_duration
from dalston_cli.commands.engines.setting import (
    EngineNames,
    engine_spec,
    engines_called,
    load,
    warn_once,
)
from dalston_cli.console import Console
from dalston_cli.launchers.control import judge_others
from dalston_cli.launchers.registry import Launchers
from dalston_cli.launchers.survey import EngineState, EngineStats, measure_engines, survey_engines
from dalston_cli.options.general import Json, Profile

_STATUS = ("engine", "launcher", "replica", "device", "model", "state", "memory", "until")
_STATS = (
    *("engine", "launcher", "replica", "device", "cpu", "memory", "GPU memory"),
    *("processes", "requests"),
)


def status(engines: EngineNames = None, *, profile: Profile = None, json: Json = False) -> None:
    """Show the engines that run, whichever way they were started.

    --json adds each one's pid, fingerprint and requests in progress.
    """
    console = Console("engines status", json=json)
    resolved, launchers = load(profile=profile)
    every = launchers.by_name.values()
    judge = judge_others(launchers, lambda name: engine_spec(name, resolved.settings))
    names = engines_called(engines or (), console)
    found = survey_engines(every, names, on_problem=warn_once(console), judge=judge)
    show_states(console, asyncio.run(found), launchers)


def stats(engines: EngineNames = None, *, profile: Profile = None, json: Json = False) -> None:
    """Show what the engines that run take now: processor, memory, requests.

    100 % is one core; after the slash is the most that an engine may take.
    """
    console = Console("engines stats", json=json)
    _, launchers = load(profile=profile)
    every = launchers.by_name.values()
    names = engines_called(engines or (), console)
    measured = asyncio.run(measure_engines(every, names, on_problem=warn_once(console)))
    rows = [
        (
            *(each.engine, _launcher_of(each, launchers), each.replica, each.device or None),
            None if each.cpu_percent is None else f"{each.cpu_percent:.0f} %",
            _used(each),
            _megabytes(each.vram_mb),
            each.processes,
            None if each.slots is None else f"{each.running} / {each.slots}",
        )
        for each in measured
    ]
    console.table(_STATS, rows, data=measured, empty="no engine is running")


def show_states(console: Console, states: tuple[EngineState, ...], launchers: Launchers) -> None:
    """End a command with a table of engines that run."""
    rows = [
        (
            *(each.engine, _launcher_of(each, launchers), each.replica, each.device or None),
            *(each.model, each.state, _resident(each), _until(each)),
        )
        for each in states
    ]
    console.table(_STATUS, rows, data=states, empty="no engine is running")
    for each in states:
        if each.passed_over:
            place = f" at {each.address}" if each.address else ""
            console.info(f"{each.engine}{place} is passed over: {each.passed_over}")
        elif each.problem:
            console.warning(f"engine {each.engine}: {each.problem}")


def _launcher_of(state: EngineState | EngineStats, launchers: Launchers) -> str:
    """Return the launcher's name; one that it can manage and does not own belongs to Compose."""
    of_compose = launchers.by_name[state.launcher].manages and not state.owned
    return f"{state.launcher} (compose)" if of_compose else state.launcher


def _resident(state: EngineState) -> str | None:
    if state.rss_mb is None:
        return None
    gpu = "" if state.vram_mb is None else f" + {state.vram_mb:,.0f} MB GPU"
    return f"{state.rss_mb:,.0f} MB{gpu}"


def _used(stats: EngineStats) -> str | None:
    taken, limit = _megabytes(stats.memory_mb), _megabytes(stats.memory_limit_mb)
    return f"{taken} / {limit}" if taken and limit else taken


def _megabytes(amount: float | None) -> str | None:
    return None if amount is None else f"{amount:,.0f} MB"


def _until(state: EngineState) -> str | None:
    if state.expires_at is not None:
        return f"in {rough_duration((state.expires_at - datetime.now(UTC)).total_seconds())}"
    if state.keep_alive_s is not None and state.keep_alive_s < 0:
        return "never"
    return None
