"""``dalston engines start`` and ``restart``: have an engine ready before it is needed."""

import asyncio
from typing import Annotated

import typer

from dalston_cli.commands.engines.launch import launch
from dalston_cli.commands.engines.setting import EngineName, Profile, find_engine, load
from dalston_cli.console import Console
from dalston_cli.options.general import Device, Json, KeepAlive, Launcher, Offline, Quiet, Verbose

Replicas = Annotated[
    int | None, typer.Option("--replicas", metavar="N", min=1, help="How many processes of it: 1.")
]


def start(
    engine: EngineName,
    *,
    device: Device = None,
    launcher: Launcher = None,
    replicas: Replicas = None,
    keep_alive: KeepAlive = None,
    offline: Offline = None,
    profile: Profile = None,
    json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = 0,
) -> None:
    """Start an engine, or say that it runs; its environment is built if need be."""
    flags: dict[str, object] = {"device": device, "launcher": launcher, "replicas": replicas}
    flags |= {"keep_alive": keep_alive, "offline": offline}
    console = Console("engines start", json=json, quiet=quiet, verbose=verbose)
    launch(console, engine, profile, flags)


def restart(
    engine: EngineName,
    *,
    device: Device = None,
    replicas: Replicas = None,
    keep_alive: KeepAlive = None,
    profile: Profile = None,
    json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = 0,
) -> None:
    """Stop an engine after its work, and start it anew."""
    from dalston_cli.launchers.control import stop_engines  # noqa: PLC0415 - loads psutil

    _, launchers = load(profile=profile)
    find_engine(engine)
    stopped = asyncio.run(stop_engines(launchers, [engine], timeout_s=30))
    flags: dict[str, object] = {
        "device": device or (stopped[0].device if stopped else None),
        "replicas": replicas or len(stopped) or None,
        "keep_alive": keep_alive,
    }
    console = Console("engines restart", json=json, quiet=quiet, verbose=verbose)
    launch(console, engine, profile, flags)
