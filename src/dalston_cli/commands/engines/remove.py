"""``dalston engines rm``: free the disk of an engine that is not needed."""

from dalston_cli.commands.engines.setting import EngineName, Profile, find_engine, load
from dalston_cli.console import Console
from dalston_cli.options.general import Json, Quiet


def remove(
    engine: EngineName, *, profile: Profile = None, json: Json = False, quiet: Quiet = False
) -> None:
    """Remove an engine's environment and logs; it is built anew when it is next started.

    Weights stay: dalston models rm removes those.
    """
    from dalston_cli.launchers.control import remove_engine  # noqa: PLC0415 - loads psutil

    _, launchers = load(profile=profile)
    removed = remove_engine(launchers.local, engine)
    if not removed.environments and not removed.num_logs:
        find_engine(engine)
    console = Console("engines rm", json=json, quiet=quiet)
    console.info(
        f"removed {len(removed.environments)} environments and {removed.num_logs} logs of {engine}"
    )
    console.result(removed)
