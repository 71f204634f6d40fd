"""``dalston engines scale``: have more or fewer of an engine."""

import asyncio
from typing import Annotated

import typer

from dalston_cli.commands.engines.setting import (
    EngineName,
    engine_spec,
    find_engine,
    load,
    warn_once,
)
from dalston_cli.commands.engines.start import tell_choice
from dalston_cli.commands.engines.status import show_states
from dalston_cli.console import Console
from dalston_cli.console.engine_view import engine_view
from dalston_cli.launchers.base import EngineInstance
from dalston_cli.launchers.scale import Scaled, running_replicas, scale_engine
from dalston_cli.launchers.survey import survey_engines
from dalston_cli.options.general import Device, Json, KeepAlive, Launcher, Profile, Quiet, Verbose


def scale(
    engine: EngineName,
    replicas: Annotated[
        int, typer.Argument(metavar="N", min=0, help="How many are to run; 0 stops all.")
    ],
    *,
    device: Device = None,
    launcher: Launcher = None,
    keep_alive: KeepAlive = None,
    profile: Profile = None,
    json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = 0,
) -> None:
    """Have so many of an engine run; what is missing starts as those that run.

    Idle ones are stopped first, busy ones after their work. With --device or --launcher, only
    those count that are on it or were started by it.
    """
    console = Console("engines scale", json=json, quiet=quiet, verbose=verbose)
    warn = warn_once(console)
    find_engine(engine)
    _, launchers = load(profile=profile)
    ran = asyncio.run(running_replicas(launchers, engine, on_problem=warn))
    flags: dict[str, object] = {"device": device, "launcher": launcher, "keep_alive": keep_alive}
    devices: tuple[str, ...] = ()
    if ran:
        flags["launcher"] = launcher or ran[0].launcher
        flags["keep_alive"] = ran[0].keep_alive_s if keep_alive is None else keep_alive
        devices = () if device else ran[0].devices
    resolved, launchers = load(profile=profile, **flags)
    spec = engine_spec(engine, resolved.settings, devices)
    if replicas:
        tell_choice(console, launchers, spec)

    def counts(instance: EngineInstance) -> bool:
        here = device is None or instance.device in spec.devices
        return here and launcher in {None, "auto", instance.launcher}

    with engine_view(console) as tell:
        scaling = scale_engine(
            launchers, spec, replicas, counts=counts, on_event=tell, on_problem=warn
        )
        scaled = asyncio.run(scaling)
    _tell(console, engine, replicas, scaled)
    found = survey_engines(launchers.by_name.values(), [engine], on_problem=warn)
    show_states(console, asyncio.run(found), launchers)


def _tell(console: Console, engine: str, replicas: int, scaled: Scaled) -> None:
    if scaled.stopped:
        console.info(f"stopped {len(scaled.stopped)} of {engine}")
    if scaled.others > replicas:
        console.warning(
            f"{scaled.others} of {engine} were not started by this Dalston and run on",
            hint="stop them where they were started",
        )
