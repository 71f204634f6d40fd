"""``dalston engines stop``: end engines before their time."""

import asyncio
from typing import Annotated

import typer

from dalston_cli.commands.engines.setting import EngineNames, Profile, find_engine, load, warn_once
from dalston_cli.console import Console
from dalston_cli.errors import UsageError
from dalston_cli.options.general import Json, Quiet


class NothingNamedError(UsageError):
    """Neither engines nor ``--all`` were given."""

    def __init__(self) -> None:
        super().__init__("say which engines to stop, or --all", hint="dalston engines stop --all")


def stop(
    engines: EngineNames = None,
    *,
    everything: Annotated[bool, typer.Option("--all", help="Stop every engine.")] = False,
    timeout: Annotated[
        float,
        typer.Option(
            metavar="SECONDS", min=0, help="How long it may go on with what runs; 0 for not at all."
        ),
    ] = 30.0,
    profile: Profile = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Let engines finish what runs and end; one that does not end in time is ended."""
    from dalston_cli.launchers.control import running_engines, stop_engines

    if not engines and not everything:
        raise NothingNamedError
    console = Console("engines stop", json=json, quiet=quiet)
    warn = warn_once(console)
    _, launchers = load(profile=profile)
    for name in set(engines or ()) - asyncio.run(running_engines(launchers, on_problem=warn)):
        find_engine(name)
    names = None if everything else engines
    stopped = asyncio.run(stop_engines(launchers, names, timeout_s=timeout, on_problem=warn))
    ended = sorted({instance.engine for instance in stopped})
    for name in ended:
        console.info(f"stopped {name}")
    for name in sorted(set(engines or ()) - set(ended)):
        console.info(f"{name} was not running")
    if everything and not ended:
        console.info("no engine was running")
    console.result(
        [
            {
                "engine": each.engine,
                "launcher": each.launcher,
                "replica": each.replica,
                "fingerprint": each.fingerprint,
            }
            for each in stopped
        ]
    )
