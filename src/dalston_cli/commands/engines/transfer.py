"""``dalston engines build``, ``pull`` and ``push``: have images before they are needed."""

from typing import Annotated

import typer

from dalston_cli.amounts import readable_size
from dalston_cli.commands.engines import image_setting
from dalston_cli.commands.engines.setting import EngineNames, engines_called
from dalston_cli.console import Console
from dalston_cli.console.engine_view import build_view
from dalston_cli.launchers.base import Preparation
from dalston_cli.options.general import Json, Offline, Profile, Quiet, Verbose


def build(
    engines: EngineNames = None,
    *,
    variant: image_setting.Variant = None,
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
    verbose: Verbose = 0,
) -> None:
    """Build the images of engines, of all if none is named; what is current stays.

    Packages are installed from the engine's lock, and anew only when that changes.
    """
    console = Console("engines build", json=json, quiet=quiet, verbose=verbose)
    settings, _, store = image_setting.open_images(profile, base_image=base_image, offline=offline)
    names = engines_called(engines or (), console)
    built = []
    for engine, kind in image_setting.chosen(names, variant, settings):
        is_current = not no_cache and store.is_built(engine, kind)
        with build_view(console, engine.name, "docker") as preparation:
            image = store.build(engine, kind, preparation, anew=no_cache)
        state = "current" if is_current else "built"
        console.info(f"{image.tag} is {state}, {readable_size(image.size)}")
        built.append(image_setting.image_data(image))
    console.result(built)


def pull(
    engines: EngineNames = None,
    *,
    variant: image_setting.Variant = None,
    image_registry: image_setting.Registry = None,
    offline: Offline = None,
    profile: Profile = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Pull the images of engines from the registry, of all if none is named.

    One that was made from another state of its engine is refused.
    """
    console = Console("engines pull", json=json, quiet=quiet)
    settings, _, store = image_setting.open_images(
        profile, image_registry=image_registry, offline=offline
    )
    names = engines_called(engines or (), console)
    pulled = []
    for engine, kind in image_setting.chosen(names, variant, settings):
        with console.meter(f"Pulling {engine.name}") as meter:
            image = store.pull(engine, kind, _silent(), meter.update)
        console.info(f"{image.tag} is here")
        pulled.append(image_setting.image_data(image))
    console.result(pulled)


def push(
    engines: EngineNames = None,
    *,
    variant: image_setting.Variant = None,
    image_registry: image_setting.Registry = None,
    profile: Profile = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Push the current images of engines to the registry, of all if none is named."""
    console = Console("engines push", json=json, quiet=quiet)
    settings, _, store = image_setting.open_images(profile, image_registry=image_registry)
    names = engines_called(engines or (), console)
    pushed = []
    for engine, kind in image_setting.chosen(names, variant, settings):
        with console.meter(f"Pushing {engine.name}") as meter:
            tag = store.push(engine, kind, _silent(), meter.update)
        console.info(f"{tag} is in the registry")
        pushed.append({"engine": engine.name, "variant": kind, "tag": tag})
    console.result(pushed)


def _silent() -> Preparation:
    """Return a preparation that reports nothing: the meter shows what happens."""
    return Preparation(lambda _: None)
