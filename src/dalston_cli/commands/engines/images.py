"""``dalston engines images``: which images there are, and whether they are current."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from dalston_cli.amounts import count, readable_size, rough_duration
from dalston_cli.commands.engines.image_setting import ListedImage, open_images
from dalston_cli.commands.engines.setting import EngineNames, Profile
from dalston_cli.console import Console
from dalston_cli.options.general import Json

COLUMNS = ("engine", "tag", "variant", "size", "built", "state")


@dataclass(frozen=True, kw_only=True)
class ImageState:
    """One image, and whether it was made from its engine as it is now.

    Attributes:
        state: ``unknown`` where there is no such engine here.
    """

    image: ListedImage
    state: Literal["current", "outdated", "unknown"]


def images(engines: EngineNames = None, *, profile: Profile = None, json: Json = False) -> None:
    """Show the images of engines that Docker has, with the layers that they share.

    An outdated one was made from an engine that has changed since, see dalston engines prune.
    """
    from dalston_cli.catalog.load import load_catalog
    from dalston_cli.launchers.docker.images.image_list import engine_images
    from dalston_cli.launchers.docker.images.prune import measure_stages

    _, daemon, _ = open_images(profile)
    known = load_catalog().engines
    listed = []
    for image in engine_images(daemon):
        if engines and image.engine not in engines:
            continue
        entry = known.get(image.engine)
        state: Literal["current", "outdated", "unknown"] = "unknown"
        if entry is not None:
            state = "current" if image.is_current(entry, daemon.facts.machine) else "outdated"
        listed.append(ImageState(image=ListedImage.of(image), state=state))
    console = Console("engines images", json=json)
    rows = [_row(each) for each in listed]
    console.table(COLUMNS, rows, data=listed, empty="there are no images")
    kept = measure_stages(daemon, known)
    if kept.num_stages:
        console.info(
            f"builds keep {count(kept.num_stages, 'part')}, {readable_size(kept.size_bytes)}; "
            f"engines prune frees {readable_size(kept.stale_bytes)}, with --builds all of it"
        )


def _row(listed: ImageState) -> tuple[object, ...]:
    image = listed.image
    ago = rough_duration((datetime.now(UTC) - image.built_at).total_seconds())
    size = readable_size(image.size_bytes)
    return (image.engine, image.tag, image.variant, size, f"{ago} ago", listed.state)
