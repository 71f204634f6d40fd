"""``dalston engines rm``: free the disk of an engine that is not needed."""

from dalston_cli.commands.engines.setting import EngineName, Profile, find_engine, load, warn_once
from dalston_cli.console import Console
from dalston_cli.options.general import Json, Quiet


def remove(
    engine: EngineName, *, profile: Profile = None, json: Json = False, quiet: Quiet = False
) -> None:
    """Remove an engine's environment, image and logs; it is built anew when it is next started.

    Weights stay: dalston models rm removes those.
    """
    from dalston_cli.launchers.control import remove_engine

    find_engine(engine)
    _, launchers = load(profile=profile)
    console = Console("engines rm", json=json, quiet=quiet)
    removed = remove_engine(launchers, engine, on_problem=warn_once(console))
    counts = {
        "environment": len(removed.environments),
        "image": len(removed.images),
        "log": removed.num_logs,
    }
    listed = [_count(number, noun) for noun, number in counts.items() if number]
    console.info(f"removed {' and '.join(listed) or 'nothing'} of {engine}")
    console.result(removed)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
