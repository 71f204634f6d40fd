"""``dalston engines build``: have images before they are needed."""

from typing import Annotated

import typer

from dalston_cli.amounts import readable_size
from dalston_cli.commands.engines.image_setting import ListedImage, Variant, chosen, open_images
from dalston_cli.commands.engines.setting import EngineNames, Profile
from dalston_cli.console import Console
from dalston_cli.options.general import Json, Offline, Quiet


def build(
    engines: EngineNames = None,
    *,
    variant: Variant = None,
    base_image: Annotated[
        str | None,
        typer.Option("--base-image", metavar="IMAGE", help="What to build on: Debian or Ubuntu."),
    ] = None,
    no_cache: Annotated[
        bool, typer.Option("--no-cache", help="Build everything anew, even what is current.")
    ] = False,
    offline: Offline = None,
    profile: Profile = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Build the images of engines, of all if none is named; what is current stays.

    Packages are installed from the engine's lock, and anew only when that changes.
    """
    from dalston_cli.launchers.base import Preparation

    console = Console("engines build", json=json, quiet=quiet)
    settings, _, store = open_images(profile, base_image=base_image, offline=offline)
    preparation = Preparation(console.info)
    built = []
    for engine, kind in chosen(engines, variant, settings):
        is_current = not no_cache and store.is_built(engine, kind)
        image = store.build(engine, kind, preparation, anew=no_cache)
        state = "current" if is_current else "built"
        console.info(f"{image.tag} is {state}, {readable_size(image.size)}")
        built.append(ListedImage.of(image))
    console.result(built)
