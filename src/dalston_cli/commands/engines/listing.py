"""``dalston engines list``: every engine there is, whether or not it runs."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from dalston_cli.commands.engines.setting import Profile, load
from dalston_cli.console import Console
from dalston_cli.options.general import Json

if TYPE_CHECKING:
    from dalston_cli.catalog.schema import EngineEntry
    from dalston_cli.launchers.registry import Launchers

Environment = Literal["built", "not built", "embedded", "remote"]
COLUMNS = ("engine", "version", "stages", "devices", "environment", "summary")


@dataclass(frozen=True, kw_only=True)
class ListedEngine:
    """One engine, as ``--json`` prints it."""

    engine: str
    version: str
    summary: str
    library: str
    licence: str
    stages: tuple[str, ...]
    devices: tuple[str, ...]
    slots: int
    environment: Environment
    folder: Path


def list_engines(*, profile: Profile = None, json: Json = False) -> None:
    """Show every engine, what it does, and whether its environment is built.

    An environment is built when its engine is first started.
    """
    from dalston_cli.catalog.load import load_catalog  # noqa: PLC0415 - loads pydantic

    _, launchers = load(profile=profile)
    listed = [_describe(engine, launchers) for engine in load_catalog().engines.values()]
    rows = [
        (
            each.engine,
            each.version,
            ", ".join(each.stages),
            ", ".join(each.devices),
            each.environment,
            each.summary,
        )
        for each in listed
    ]
    Console("engines list", json=json).table(
        COLUMNS, rows, data=listed, empty="there are no engines"
    )


def _describe(engine: "EngineEntry", launchers: "Launchers") -> ListedEngine:
    return ListedEngine(
        engine=engine.name,
        version=engine.version,
        summary=engine.summary,
        library=engine.library,
        licence=engine.licence,
        stages=tuple(stage.value for stage in engine.stages),
        devices=tuple(device.value for device in engine.devices),
        slots=engine.slots,
        environment=_environment(engine, launchers),
        folder=engine.folder,
    )


def _environment(engine: "EngineEntry", launchers: "Launchers") -> Environment:
    if launchers.remote.offers(engine.name):
        return "remote"
    if engine.embedded:
        return "embedded"
    return "built" if launchers.local.is_built(engine, "cpu") else "not built"
