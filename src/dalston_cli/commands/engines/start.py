"""``dalston engines start`` and ``restart``: have an engine ready before it is needed."""

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from dalston_cli.commands.engines.launch import launch
from dalston_cli.commands.engines.setting import EngineName, Profile, find_engine, load, warn_once
from dalston_cli.commands.engines.status import show_states
from dalston_cli.console import Console
from dalston_cli.options.general import (
    Device,
    Gpus,
    Json,
    KeepAlive,
    Launcher,
    Offline,
    PullImage,
    Quiet,
    Verbose,
)

if TYPE_CHECKING:
    from dalston_cli.launchers.survey import EngineState

Replicas = Annotated[
    int | None, typer.Option("--replicas", metavar="N", min=1, help="How many processes of it: 1.")
]
_STOP_S = 30.0


def start(
    engine: EngineName,
    *,
    device: Device = None,
    gpus: Gpus = None,
    launcher: Launcher = None,
    pull_image: PullImage = None,
    replicas: Replicas = None,
    keep_alive: KeepAlive = None,
    offline: Offline = None,
    profile: Profile = None,
    json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = 0,
) -> None:
    """Start an engine, or say that it runs; its environment or image is built if need be."""
    flags: dict[str, object] = {"device": device, "gpus": gpus, "launcher": launcher}
    flags |= {"pull_image": pull_image, "replicas": replicas}
    flags |= {"keep_alive": keep_alive, "offline": offline}
    console = Console("engines start", json=json, quiet=quiet, verbose=verbose)
    states = launch(console, engine, profile, flags)
    show_states(console, states, load(profile=profile)[1])
    other = [state.keep_alive_s for state in states if state.keep_alive_s != keep_alive]
    if keep_alive is not None and other:
        console.warning(
            f"{engine} was started with --keep-alive {other[0]:g} and keeps it",
            hint=f"dalston engines restart {engine} --keep-alive {keep_alive:g}",
        )


def restart(
    engine: EngineName,
    *,
    device: Device = None,
    launcher: Launcher = None,
    replicas: Replicas = None,
    keep_alive: KeepAlive = None,
    profile: Profile = None,
    json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = 0,
) -> None:
    """Stop an engine after its work, and start it anew, as it ran."""
    from dalston_cli.launchers.control import stop_engines
    from dalston_cli.launchers.scale import as_one, running_replicas

    console = Console("engines restart", json=json, quiet=quiet, verbose=verbose)
    _, launchers = load(profile=profile)
    find_engine(engine)
    warn = warn_once(console)
    ran = asyncio.run(running_replicas(launchers, engine, on_problem=warn))
    asyncio.run(stop_engines(launchers, [engine], timeout_s=_STOP_S, on_problem=warn))
    given: dict[str, object] = {"device": device, "launcher": launcher, "replicas": replicas}
    given |= {"keep_alive": keep_alive}
    if ran and (device or launcher or replicas):
        ran = (as_one(ran),)
    states: list[EngineState] = []
    for one in ran:
        kept = {"launcher": one.launcher, "replicas": one.replicas, "keep_alive": one.keep_alive_s}
        flags = kept | {name: value for name, value in given.items() if value is not None}
        devices = () if device else one.devices
        states += launch(console, engine, profile, flags, devices=devices)
    if not ran:
        states += launch(console, engine, profile, given)
    show_states(console, tuple(states), launchers)
