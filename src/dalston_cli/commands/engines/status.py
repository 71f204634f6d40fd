"""``dalston engines status``: the engines that run, their devices and models."""

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from dalston_cli.amounts import rough_duration
from dalston_cli.commands.engines.setting import EngineNames, Profile, load, warn_once
from dalston_cli.console import Console
from dalston_cli.options.general import Json

if TYPE_CHECKING:
    from dalston_cli.launchers.registry import Launchers
    from dalston_cli.launchers.stats import EngineStats
    from dalston_cli.launchers.survey import EngineState

COLUMNS = ("engine", "launcher", "replica", "device", "model", "state", "memory", "until")


def status(engines: EngineNames = None, *, profile: Profile = None, json: Json = False) -> None:
    """Show the engines that run, whichever way they were started.

    --json adds each one's pid, fingerprint and requests in progress.
    """
    from dalston_cli.launchers.survey import survey_engines

    console = Console("engines status", json=json)
    _, launchers = load(profile=profile)
    every = launchers.by_name.values()
    found = survey_engines(every, engines or (), on_problem=warn_once(console))
    show_states(console, asyncio.run(found), launchers)


def show_states(
    console: Console, states: "tuple[EngineState, ...]", launchers: "Launchers"
) -> None:
    """End a command with a table of engines that run."""
    rows = [
        (
            each.engine,
            launcher_of(each, launchers),
            each.replica,
            each.device or None,
            each.model,
            each.state,
            _memory(each),
            _until(each),
        )
        for each in states
    ]
    console.table(COLUMNS, rows, data=states, empty="no engine is running")
    for each in states:
        if each.problem:
            console.warning(f"engine {each.engine}: {each.problem}")


def launcher_of(state: "EngineState | EngineStats", launchers: "Launchers") -> str:
    """Return the launcher's name; one that it can manage and does not own belongs to Compose."""
    of_compose = launchers.by_name[state.launcher].manages and not state.owned
    return f"{state.launcher} (compose)" if of_compose else state.launcher


def _memory(state: "EngineState") -> str | None:
    if state.rss_mb is None:
        return None
    gpu = "" if state.vram_mb is None else f" + {state.vram_mb:,.0f} MB GPU"
    return f"{state.rss_mb:,.0f} MB{gpu}"


def _until(state: "EngineState") -> str | None:
    if state.expires_at is not None:
        return f"in {rough_duration((state.expires_at - datetime.now(UTC)).total_seconds())}"
    if state.keep_alive_s is not None and state.keep_alive_s < 0:
        return "never"
    return None
