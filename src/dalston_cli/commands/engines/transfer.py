"""``dalston engines pull`` and ``push``: images from a registry, and into it."""

from typing import TYPE_CHECKING

from dalston_cli.commands.engines.image_setting import (
    ListedImage,
    Registry,
    Variant,
    chosen,
    open_images,
)
from dalston_cli.commands.engines.setting import EngineNames, Profile
from dalston_cli.console import Console
from dalston_cli.options.general import Json, Offline, Quiet

if TYPE_CHECKING:
    from dalston_cli.launchers.base import Preparation


def pull(
    engines: EngineNames = None,
    *,
    variant: Variant = None,
    image_registry: Registry = None,
    offline: Offline = None,
    profile: Profile = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Pull the images of engines from the registry, of all if none is named.

    One that was made from another state of its engine is refused.
    """
    console = Console("engines pull", json=json, quiet=quiet)
    settings, _, store = open_images(profile, image_registry=image_registry, offline=offline)
    pulled = []
    for engine, kind in chosen(engines, variant, settings):
        with console.meter(f"Pulling {engine.name}") as meter:
            image = store.pull(engine, kind, _silent(), meter.update)
        console.info(f"{image.tag} is here")
        pulled.append(ListedImage.of(image))
    console.result(pulled)


def push(
    engines: EngineNames = None,
    *,
    variant: Variant = None,
    image_registry: Registry = None,
    profile: Profile = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Push the current images of engines to the registry, of all if none is named."""
    console = Console("engines push", json=json, quiet=quiet)
    settings, _, store = open_images(profile, image_registry=image_registry)
    pushed = []
    for engine, kind in chosen(engines, variant, settings):
        with console.meter(f"Pushing {engine.name}") as meter:
            tag = store.push(engine, kind, _silent(), meter.update)
        console.info(f"{tag} is in the registry")
        pushed.append({"engine": engine.name, "variant": kind, "tag": tag})
    console.result(pushed)


def _silent() -> "Preparation":
    """The meter shows what happens."""
    from dalston_cli.launchers.base import Preparation

    return Preparation(lambda _: None)
