"""``dalston engines logs``: what an engine wrote while it worked."""

from typing import Annotated

import typer

from dalston_cli.commands.engines.setting import EngineName, Profile, find_engine, load
from dalston_cli.console import Console, printable
from dalston_cli.errors import ExitCode


def show_logs(
    engine: EngineName,
    *,
    lines: Annotated[
        int, typer.Option("--lines", "-n", metavar="N", min=0, help="How many of the last lines.")
    ] = 100,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on with the lines that come.")
    ] = False,
    profile: Profile = None,
) -> None:
    """Show the end of the newest log of an engine; it outlives the engine."""
    find_engine(engine)
    _, launchers = load(profile=profile)
    remote = launchers.remote.offers(engine)
    launcher = launchers.by_name["remote" if remote else "local"]
    console = Console("engines logs")
    try:
        for line in launcher.logs(engine, lines=lines, follow=follow):
            console.data(printable(line))
    except KeyboardInterrupt:
        raise typer.Exit(ExitCode.INTERRUPTED) from None  # the way to end --follow
