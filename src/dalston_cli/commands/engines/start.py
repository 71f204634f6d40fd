"""``dalston engines start`` and ``restart``: have an engine ready before it is needed."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Annotated

import typer

from dalston_cli.commands.engines.setting import (
    EngineName,
    engine_spec,
    engines_called,
    find_engine,
    load,
    warn_once,
)
from dalston_cli.commands.engines.status import show_states
from dalston_cli.console import Console
from dalston_cli.console.engine_view import engine_view
from dalston_cli.launchers.base import EngineSpec
from dalston_cli.launchers.control import start_engine, stop_engines
from dalston_cli.launchers.registry import Launchers
from dalston_cli.launchers.scale import as_one, running_replicas
from dalston_cli.launchers.survey import EngineState
from dalston_cli.options import general
from dalston_cli.options.without_effect import check_effects
from dalston_cli.settings.table import TABLE

Replicas = Annotated[
    int | None, typer.Option("--replicas", metavar="N", min=1, help="How many processes of it: 1.")
]
_STOP_S = 30.0


def start(
    engine: EngineName,
    *,
    device: general.Device = None,
    gpus: general.Gpus = None,
    launcher: general.Launcher = None,
    pull_image: general.PullImage = None,
    replicas: Replicas = None,
    keep_alive: general.KeepAlive = None,
    offline: general.Offline = None,
    profile: general.Profile = None,
    json: general.Json = False,
    quiet: general.Quiet = False,
    verbose: general.Verbose = 0,
) -> None:
    """Start an engine, or say that it runs; its environment or image is built if need be."""
    flags: dict[str, object] = {"device": device, "gpus": gpus, "launcher": launcher}
    flags |= {"pull_image": pull_image, "replicas": replicas, "keep_alive": keep_alive}
    flags["offline"] = offline
    console = Console("engines start", json=json, quiet=quiet, verbose=verbose)
    states: list[EngineState] = []
    for each in engines_called([engine], console):
        states += launch(console, each, profile, flags)
    show_states(console, tuple(states), load(profile=profile)[1])
    other = [state.keep_alive_s for state in states if state.keep_alive_s != keep_alive]
    if keep_alive is not None and other:
        console.warning(
            f"{engine} was started with --keep-alive {other[0]:g} and keeps it",
            hint=f"dalston engines restart {engine} --keep-alive {keep_alive:g}",
        )


def restart(
    engine: EngineName,
    *,
    device: general.Device = None,
    launcher: general.Launcher = None,
    replicas: Replicas = None,
    keep_alive: general.KeepAlive = None,
    profile: general.Profile = None,
    json: general.Json = False,
    quiet: general.Quiet = False,
    verbose: general.Verbose = 0,
) -> None:
    """Stop an engine after its work, and start it anew, as it ran."""
    console = Console("engines restart", json=json, quiet=quiet, verbose=verbose)
    given: dict[str, object] = {"device": device, "launcher": launcher, "replicas": replicas}
    given["keep_alive"] = keep_alive
    states: list[EngineState] = []
    for each in engines_called([engine], console):
        states += _restart(console, each, profile, given)
    show_states(console, tuple(states), load(profile=profile)[1])


def _restart(
    console: Console, engine: str, profile: str | None, given: Mapping[str, object]
) -> list[EngineState]:
    _, launchers = load(profile=profile)
    find_engine(engine)
    warn = warn_once(console)
    ran = asyncio.run(running_replicas(launchers, engine, on_problem=warn))
    asyncio.run(stop_engines(launchers, [engine], timeout_s=_STOP_S, on_problem=warn))
    if ran and (given["device"] or given["launcher"] or given["replicas"]):
        ran = (as_one(ran),)
    states: list[EngineState] = []
    for one in ran:
        kept = {"launcher": one.launcher, "replicas": one.replicas, "keep_alive": one.keep_alive_s}
        flags = kept | {name: value for name, value in given.items() if value is not None}
        devices = () if given["device"] else one.devices
        states += launch(console, engine, profile, flags, devices=devices)
    if not ran:
        states += launch(console, engine, profile, given)
    return states


def launch(
    console: Console,
    name: str,
    profile: str | None,
    flags: Mapping[str, object],
    *,
    devices: Sequence[str] = (),
) -> tuple[EngineState, ...]:
    """Make an engine ready.

    Options that were not given are None in ``flags``. Without ``devices`` its replicas use those
    of the settings.

    Returns:
        All instances of its launcher.
    """
    resolved, launchers = load(profile=profile, **flags)
    for note in check_effects(resolved, names=flags.keys() & TABLE.keys() | {"gpus"}):
        console.warning(note)
    spec = engine_spec(name, resolved.settings, devices)
    tell_choice(console, launchers, spec)
    replicas = resolved.settings.replicas
    if not devices:
        replicas = max(replicas, len(spec.devices))  # one for each listed GPU
    with engine_view(console) as tell:
        return asyncio.run(start_engine(launchers, spec, replicas=replicas, on_event=tell))


def tell_choice(console: Console, launchers: Launchers, spec: EngineSpec) -> None:
    """Show the chosen launcher and the reason, with ``--verbose``."""
    choice = launchers.choose(spec.engine, spec.device)
    console.detail(f"{spec.engine.name} gets the launcher {choice.launcher.name}: {choice.reason}")
