"""The part that the commands of the group share: settings, launchers, and names of engines."""

from collections.abc import Sequence
from typing import Annotated

import typer

from dalston_cli.catalog.load import load_catalog
from dalston_cli.catalog.machine import probe_machine
from dalston_cli.catalog.schema import EngineEntry
from dalston_cli.catalog.weights.inventory import weights_elsewhere
from dalston_cli.console import Console
from dalston_cli.errors import EngineUnavailableError
from dalston_cli.launchers.base import EngineSpec
from dalston_cli.launchers.control import engine_devices
from dalston_cli.launchers.registry import Launchers, configured_launchers
from dalston_cli.launchers.survey import OnProblem
from dalston_cli.launchers.variables import thread_variables
from dalston_cli.settings.load import ResolvedSettings, load_settings
from dalston_cli.settings.locations import Locations
from dalston_cli.settings.schema import Settings


def complete_engines(incomplete: str) -> list[tuple[str, str]]:
    """Return names of engines, each with its summary, and those that stand for several."""
    catalog = load_catalog()
    offered = {name: engine.summary for name, engine in catalog.engines.items()}
    for name in sorted({group.engines for group in catalog.groups.values() if group.engines}):
        offered.setdefault(name, ", ".join(catalog.engines_called(name)))
    return [(name, help_) for name, help_ in offered.items() if name.startswith(incomplete)]


_HELP = "Name of an engine, see dalston engines list."
EngineName = Annotated[
    str, typer.Argument(metavar="ENGINE", help=_HELP, autocompletion=complete_engines)
]
EngineNames = Annotated[
    list[str] | None,
    typer.Argument(metavar="[ENGINE]...", help=_HELP, autocompletion=complete_engines),
]


def load(*, profile: str | None = None, **flags: object) -> tuple[ResolvedSettings, Launchers]:
    """Return the settings in force, and the launchers they ask for.

    Options of the command line are in ``flags``, those not given as None.
    """
    resolved = load_settings(flags, profile=profile)
    return resolved, configured_launchers(resolved, Locations.from_environment())


def find_engine(name: str) -> EngineEntry:
    """Return the engine of that name; raises as ``Catalog.engine``."""
    return load_catalog().engine(name)


def engines_called(names: Sequence[str], console: Console) -> list[str]:
    """Return names of engines, those that a name stands for in its place, and tell so."""
    catalog, found = load_catalog(), list[str]()
    for name in dict.fromkeys(names):
        if several := catalog.engines_called(name):
            console.info(f"{name} stands for {', '.join(several)}")
        found += several or (name,)
    return list(dict.fromkeys(found))


def warn_once(console: Console) -> OnProblem:
    """Return a callback that warns of each launcher that cannot be asked, once per problem."""
    told: set[str] = set()

    def warn(error: EngineUnavailableError) -> None:
        if error.message not in told:
            told.add(error.message)
            console.warning(error.message, hint=error.hint)

    return warn


def engine_spec(name: str, settings: Settings, devices: Sequence[str] = ()) -> EngineSpec:
    """Return the engine of that name as the settings want it.

    Without ``devices`` its replicas use those of the settings.

    Raises:
        UnknownEngineError: There is none.
        DalstonError: The device is unknown, not there, or not for this engine.
    """
    catalog = load_catalog()
    engine = catalog.engine(name)
    first, *more = devices or engine_devices(
        settings.device, settings.gpus, engine, probe_machine()
    )
    return EngineSpec(
        engine=engine,
        device=first,
        also_on=tuple(more),
        keep_alive_s=settings.keep_alive,
        models_dir=Locations.from_environment().models,
        weights=weights_elsewhere(catalog, name),
        environment=thread_variables(settings.threads),
    )
