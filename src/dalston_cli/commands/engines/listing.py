"""``dalston engines list``: every engine, running or not."""

from typing import Literal

from dalston_cli.catalog.device import DeviceMissingError
from dalston_cli.catalog.load import load_catalog
from dalston_cli.catalog.machine import Machine, probe_machine
from dalston_cli.catalog.schema import EngineEntry
from dalston_cli.commands.engines.setting import load
from dalston_cli.console import Console
from dalston_cli.errors import EngineUnavailableError, UsageError
from dalston_cli.launchers.control import engine_device
from dalston_cli.launchers.registry import Launchers
from dalston_cli.options.general import Json, Profile

BuildState = Literal["built", "not built", "embedded", "remote", "unavailable"]
"""State of what the launcher builds for an engine; ``unavailable`` if it cannot start it."""

_COLUMNS = ("engine", "version", "stages", "devices", "environment", "summary")


def list_engines(*, profile: Profile = None, json: Json = False) -> None:
    """Show every engine, what it does, and whether its environment or image is built.

    That is done when an engine is first started.
    """
    _, launchers = load(profile=profile)
    machine = probe_machine()
    data, rows = [], []
    for engine in load_catalog().engines.values():
        launcher, environment = _environment(engine, launchers, _device(engine, machine))
        stages = [stage.value for stage in engine.stages]
        devices = [device.value for device in engine.devices]
        plain = environment in {"embedded", "remote"}  # which says the launcher
        state = environment if plain else f"{environment} ({launcher})"
        listed = (", ".join(stages), ", ".join(devices))
        rows.append((engine.name, engine.version, *listed, state, engine.summary))
        data.append(
            {
                "engine": engine.name,
                "version": engine.version,
                "summary": engine.summary,
                "library": engine.library,
                "licence": engine.licence,
                "stages": stages,
                "devices": devices,
                "slots": engine.slots,
                "launcher": launcher,
                "environment": environment,
                "folder": engine.folder,
            }
        )
    console = Console("engines list", json=json)
    console.table(_COLUMNS, rows, data=data, empty="there are no engines")


def _device(engine: EngineEntry, machine: Machine) -> str:
    try:
        return engine_device("auto", engine, machine)
    except DeviceMissingError:
        return "cuda"


def _environment(engine: EngineEntry, launchers: Launchers, device: str) -> tuple[str, BuildState]:
    """Return the launcher that would start the engine now, and the state of what it builds."""
    try:
        launcher = launchers.choose(engine, device).launcher
        built = launcher.is_built(engine, device)
    except (EngineUnavailableError, UsageError):
        return launchers.requested, "unavailable"
    if not launcher.manages:
        return launcher.name, "remote"
    if engine.embedded and launcher.builds == "environment":
        return launcher.name, "embedded"
    return launcher.name, "built" if built else "not built"
