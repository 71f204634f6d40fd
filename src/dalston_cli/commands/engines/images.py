"""``dalston engines images`` and ``prune``: the images there are, and how old ones go."""

from datetime import UTC, datetime
from typing import Annotated, Literal

import typer

from dalston_cli.amounts import count, readable_size, rough_duration
from dalston_cli.catalog.load import load_catalog
from dalston_cli.commands.confirmation import confirm_removal
from dalston_cli.commands.engines.image_setting import image_data, open_images
from dalston_cli.commands.engines.setting import EngineNames
from dalston_cli.console import Console
from dalston_cli.launchers.docker.images.image_list import EngineImage, engine_images
from dalston_cli.launchers.docker.images.prune import Stale, find_stale, measure_disk, remove_stale
from dalston_cli.options.general import Json, Profile, Quiet, Yes

_COLUMNS = ("engine", "tag", "variant", "size", "built", "state")
_State = Literal["current", "outdated", "unknown"]
"""``unknown`` if there is no such engine here."""


def images(engines: EngineNames = None, *, profile: Profile = None, json: Json = False) -> None:
    """Show the images of engines that Docker has, with the layers that they share.

    An outdated one was made from an engine that has changed since, see dalston engines prune.
    """
    _, daemon, _ = open_images(profile)
    known = load_catalog().engines
    listed: list[tuple[EngineImage, _State]] = []
    for image in engine_images(daemon):
        if engines and image.engine not in engines:
            continue
        entry = known.get(image.engine)
        state: _State = "unknown"
        if entry is not None:
            state = "current" if image.is_current(entry, daemon.facts.machine) else "outdated"
        listed.append((image, state))
    console = Console("engines images", json=json)
    data = [{"image": image_data(image), "state": state} for image, state in listed]
    rows = [_row(image, state) for image, state in listed]
    console.table(_COLUMNS, rows, data=data, empty="there are no images")
    stale = find_stale(daemon, known)
    if listed or stale:
        disk = measure_disk(daemon, stale)
        console.info(
            f"Docker's images take {readable_size(disk.images_bytes)}; "
            f"dalston engines prune gives back {readable_size(disk.stale_bytes)}: {_of(stale)}"
        )


def prune(
    engines: EngineNames = None,
    *,
    keep_builds: Annotated[
        bool,
        typer.Option(
            "--keep-builds", help="Leave what makes the next build faster, the newest of each kind."
        ),
    ] = False,
    yes: Yes = False,
    profile: Profile = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Remove images of engines that are outdated or replaced, and what builds keep to be faster.

    Without names, those of all engines. What a container has stays.
    """
    console = Console("engines prune", json=json, quiet=quiet)
    _, daemon, _ = open_images(profile)
    stale = find_stale(daemon, load_catalog().engines, engines or (), keep_builds=keep_builds)
    for image in stale.images:
        console.info(f"{image.tag or image.id} of {image.engine}, {readable_size(image.size)}")
    if stale:
        question, hint = f"Remove {_of(stale)}?", "dalston engines prune -y"
        confirm_removal(console, question, yes=yes, removal="removing images", hint=hint)
    pruned = remove_stale(daemon, stale)
    console.info(
        f"removed {count(len(pruned.images), 'image')} and {count(pruned.num_stages, 'part')} "
        f"of builds; {readable_size(pruned.freed_bytes)} are free again"
    )
    console.result(pruned)


def _of(stale: Stale) -> str:
    return f"{count(len(stale.images), 'image')} and {count(len(stale.stages), 'part')} of builds"


def _row(image: EngineImage, state: _State) -> tuple[object, ...]:
    built_at = datetime.fromtimestamp(image.created_s, UTC)
    ago = rough_duration((datetime.now(UTC) - built_at).total_seconds())
    return (image.engine, image.tag, image.variant, readable_size(image.size), f"{ago} ago", state)
