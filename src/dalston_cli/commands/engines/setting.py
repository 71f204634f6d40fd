"""What every command of the group needs: the settings, the launchers, the engine meant."""

from typing import TYPE_CHECKING, Annotated

import typer

from dalston_cli.console import Console

if TYPE_CHECKING:
    from dalston_cli.catalog.schema import EngineEntry
    from dalston_cli.errors import EngineUnavailableError
    from dalston_cli.launchers.registry import Launchers
    from dalston_cli.launchers.survey import OnProblem
    from dalston_cli.settings.load import ResolvedSettings


def complete_engines(incomplete: str) -> list[tuple[str, str]]:
    """What the shell offers while an engine's name is typed."""
    from dalston_cli.catalog.load import load_catalog

    return [
        (name, engine.summary)
        for name, engine in load_catalog().engines.items()
        if name.startswith(incomplete)
    ]


_HELP = "Name of an engine, see dalston engines list."
EngineName = Annotated[
    str, typer.Argument(metavar="ENGINE", help=_HELP, autocompletion=complete_engines)
]
EngineNames = Annotated[
    list[str] | None,
    typer.Argument(metavar="[ENGINE]...", help=_HELP, autocompletion=complete_engines),
]
Profile = Annotated[
    str | None, typer.Option("--profile", metavar="NAME", help="Profile of the settings file.")
]


def load(*, profile: str | None = None, **flags: object) -> "tuple[ResolvedSettings, Launchers]":
    """The settings in force, and the launchers they ask for.

    Args:
        profile: What ``--profile`` named.
        **flags: Settings from the command line; None where one was not given.
    """
    from dalston_cli.launchers.registry import configured_launchers
    from dalston_cli.settings.load import load_settings
    from dalston_cli.settings.locations import Locations

    resolved = load_settings(flags, profile=profile)
    return resolved, configured_launchers(resolved, Locations.from_environment())


def find_engine(name: str) -> "EngineEntry":
    """The engine of that name.

    Raises:
        UnknownEngineError: There is none.
    """
    from dalston_cli.catalog.load import load_catalog

    return load_catalog().engine(name)


def warn_once(console: Console) -> "OnProblem":
    """Tells of launchers that cannot be asked, of each problem once; the others go on."""
    told: set[str] = set()

    def warn(error: "EngineUnavailableError") -> None:
        if error.message not in told:
            told.add(error.message)
            console.warning(error.message, hint=error.hint)

    return warn
