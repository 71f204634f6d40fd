"""``dalston engines list``: every engine, running or not."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from dalston_cli.commands.engines.setting import Profile, load
from dalston_cli.console import Console
from dalston_cli.errors import EngineUnavailableError, UsageError
from dalston_cli.options.general import Json

if TYPE_CHECKING:
    from dalston_cli.catalog.machine import Machine
    from dalston_cli.catalog.schema import EngineEntry
    from dalston_cli.launchers.registry import Launchers

Environment = Literal["built", "not built", "embedded", "remote", "unavailable"]
COLUMNS = ("engine", "version", "stages", "devices", "environment", "summary")


@dataclass(frozen=True, kw_only=True)
class ListedEngine:
    """One engine, as ``--json`` prints it.

    Attributes:
        launcher: The launcher that would start it now.
        environment: State of what that launcher builds; ``unavailable`` if it cannot start it.
    """

    engine: str
    version: str
    summary: str
    library: str
    licence: str
    stages: tuple[str, ...]
    devices: tuple[str, ...]
    slots: int
    launcher: str
    environment: Environment
    folder: Path


def list_engines(*, profile: Profile = None, json: Json = False) -> None:
    """Show every engine, what it does, and whether its environment or image is built.

    That is done when an engine is first started.
    """
    from dalston_cli.catalog.load import load_catalog  # noqa: PLC0415 - loads pydantic
    from dalston_cli.catalog.machine import probe_machine  # noqa: PLC0415 - runs nvidia-smi

    _, launchers = load(profile=profile)
    machine = probe_machine()
    listed = [
        _describe(engine, launchers, _device(engine, machine))
        for engine in load_catalog().engines.values()
    ]
    rows = [
        (
            each.engine,
            each.version,
            ", ".join(each.stages),
            ", ".join(each.devices),
            _shown(each),
            each.summary,
        )
        for each in listed
    ]
    Console("engines list", json=json).table(
        COLUMNS, rows, data=listed, empty="there are no engines"
    )


def _describe(engine: "EngineEntry", launchers: "Launchers", device: str) -> ListedEngine:
    launcher, environment = _environment(engine, launchers, device)
    return ListedEngine(
        engine=engine.name,
        version=engine.version,
        summary=engine.summary,
        library=engine.library,
        licence=engine.licence,
        stages=tuple(stage.value for stage in engine.stages),
        devices=tuple(device.value for device in engine.devices),
        slots=engine.slots,
        launcher=launcher,
        environment=environment,
        folder=engine.folder,
    )


def _device(engine: "EngineEntry", machine: "Machine") -> str:
    from dalston_cli.catalog.device import DeviceMissingError  # noqa: PLC0415 - loads pydantic
    from dalston_cli.launchers.control import engine_device  # noqa: PLC0415 - loads psutil

    try:
        return engine_device("auto", engine, machine)
    except DeviceMissingError:
        return "cuda"


def _environment(
    engine: "EngineEntry", launchers: "Launchers", device: str
) -> tuple[str, Environment]:
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


def _shown(listed: ListedEngine) -> str:
    """Return the environment, with the launcher where it is not clear."""
    plain = listed.environment in {"embedded", "remote"}
    return listed.environment if plain else f"{listed.environment} ({listed.launcher})"
