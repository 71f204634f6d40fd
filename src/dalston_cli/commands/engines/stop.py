"""``dalston engines stop`` and ``rm``: end engines before their time, and free their disk."""

import asyncio
from typing import Annotated

import typer

from dalston_cli.commands.engines import setting
from dalston_cli.console import Console
from dalston_cli.errors import UsageError
from dalston_cli.launchers.control import remove_engine, running_engines, stop_engines
from dalston_cli.options.general import Json, Profile, Quiet, Yes


class NothingNamedError(UsageError):
    """Neither engines nor ``--all`` were given."""

    def __init__(self) -> None:
        super().__init__("say which engines to stop, or --all", hint="dalston engines stop --all")


def stop(
    engines: setting.EngineNames = None,
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
    if not engines and not everything:
        raise NothingNamedError
    console = Console("engines stop", json=json, quiet=quiet)
    warn = setting.warn_once(console)
    _, launchers = setting.load(profile=profile)
    running = asyncio.run(running_engines(launchers, on_problem=warn))
    of_before = [name for name in engines or () if name in running]
    wanted = {*setting.engines_called(engines or (), console), *of_before}
    for name in wanted - running:
        setting.find_engine(name)
    names = None if everything else wanted
    stopped = asyncio.run(stop_engines(launchers, names, timeout_s=timeout, on_problem=warn))
    ended = sorted({instance.engine for instance in stopped})
    for name in ended:
        console.info(f"stopped {name}")
    for name in sorted(wanted - set(ended)):
        console.info(f"{name} was not running")
    if everything and not ended:
        console.info("no engine was running")
    keys = ("engine", "launcher", "replica", "fingerprint")
    console.result([{key: getattr(each, key) for key in keys} for each in stopped])


def remove(
    engine: setting.EngineName,
    *,
    yes: Yes = False,
    profile: Profile = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Remove an engine's environment, image and logs; it is built anew when it is next started.

    Asks nothing, with and without -y. Weights stay: dalston models rm removes those. A name that
    stands for several engines removes what an earlier version kept under it, and none of them.
    """
    del yes  # for those who are used to it from dalston models rm
    console = Console("engines rm", json=json, quiet=quiet)
    if setting.engines_called([engine], console) == [engine]:
        setting.find_engine(engine)
    _, launchers = setting.load(profile=profile)
    removed = remove_engine(launchers, engine, on_problem=setting.warn_once(console))
    counts = {
        "environment": len(removed.environments),
        "image": len(removed.images),
        "log": removed.num_logs,
    }
    listed = [
        f"{number} {noun}{'' if number == 1 else 's'}" for noun, number in counts.items() if number
    ]
    console.info(f"removed {' and '.join(listed) or 'nothing'} of {engine}")
    console.result(removed)
