"""``dalston engines logs``: the log of an engine."""

from typing import Annotated

import typer

from dalston_cli.catalog.schema import EngineEntry
from dalston_cli.commands.engines.setting import EngineName, find_engine, load, warn_once
from dalston_cli.console import Console, printable
from dalston_cli.errors import ExitCode
from dalston_cli.launchers.base import Launcher as EngineLauncher
from dalston_cli.launchers.failure import NoLogError
from dalston_cli.launchers.registry import Launchers
from dalston_cli.launchers.survey import OnProblem, newest_log
from dalston_cli.options.general import Launcher, Profile


def show_logs(
    engine: EngineName,
    *,
    lines: Annotated[
        int, typer.Option("--lines", "-n", metavar="N", min=0, help="How many of the last lines.")
    ] = 100,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on with the lines that come.")
    ] = False,
    launcher: Launcher = None,
    profile: Profile = None,
) -> None:
    """Show the end of the newest log of an engine; it outlives the engine."""
    entry = find_engine(engine)
    _, launchers = load(profile=profile, launcher=launcher)
    console = Console("engines logs")
    source = _source(launchers, entry, launcher, warn_once(console))
    try:
        for line in source.logs(engine, lines=lines, follow=follow):
            console.data(printable(line))
    except KeyboardInterrupt:
        raise typer.Exit(ExitCode.INTERRUPTED) from None  # the way to end --follow


def _source(
    launchers: Launchers, engine: EngineEntry, named: str | None, on_problem: OnProblem
) -> EngineLauncher:
    """Return the launcher that was named, else the one with the newest log.

    Raises:
        NoLogError: There is no log.
    """
    if named is not None and named != "auto":
        return launchers.by_name[named]
    every = launchers.by_name.values()
    if newest := newest_log(every, engine.name, on_problem=on_problem):
        return newest
    for one in every:
        if not one.keeps_logs and one.claim(engine):
            return one  # which explains where its logs are
    raise NoLogError(engine.name)
