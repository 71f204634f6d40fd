"""The part that the commands about images share: the settings, the daemon, the images meant."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Literal

import typer

from dalston_cli.catalog.load import load_catalog
from dalston_cli.catalog.machine import probe_machine
from dalston_cli.catalog.schema import EngineEntry
from dalston_cli.errors import UsageError
from dalston_cli.launchers.control import engine_device
from dalston_cli.launchers.docker.daemon import Daemon
from dalston_cli.launchers.docker.images.image_list import EngineImage, variant_of
from dalston_cli.launchers.docker.images.store import ImageStore
from dalston_cli.launchers.docker.options import DockerOptions
from dalston_cli.settings.load import load_settings
from dalston_cli.settings.locations import Locations
from dalston_cli.settings.schema import Settings

Variant = Annotated[
    Literal["cpu", "cuda"] | None,
    typer.Option("--variant", help="For which machines; by default for this one."),
]
Registry = Annotated[
    str | None, typer.Option("--image-registry", metavar="HOST/PATH", help="Where images lie.")
]


class VariantError(UsageError):
    """An engine has no image of a kind."""

    code = "variant"

    def __init__(self, engine: str, variant: str) -> None:
        super().__init__(
            f"engine {engine} cannot use {variant}", hint="see what can: dalston engines list"
        )


def image_data(image: EngineImage) -> dict[str, object]:
    """Return an image as ``--json`` prints it."""
    return {
        "engine": image.engine,
        "tag": image.tag,
        "variant": image.variant,
        "python": image.python,
        "size_bytes": image.size,
        "built_at": datetime.fromtimestamp(image.created_s, UTC),
        "digest": image.digest,
        "id": image.id,
    }


def open_images(profile: str | None, **flags: object) -> tuple[Settings, Daemon, ImageStore]:
    """Return the settings in force, the daemon, and the images it has or can have.

    Options of the command line are in ``flags``, those not given as None.
    """
    settings = load_settings(flags, profile=profile).settings
    daemon = Daemon()
    options = DockerOptions.from_settings(settings)
    locations = Locations.from_environment()
    return settings, daemon, ImageStore(daemon, options, locations, offline=settings.offline)


def chosen(
    names: Sequence[str], variant: str | None, settings: Settings
) -> list[tuple[EngineEntry, str]]:
    """Return the engines that are meant, each with the variant of its image.

    Args:
        names: Names that were given; empty for every engine.
        variant: Value of ``--variant``; None for the one that this machine would use.
        settings: All settings.

    Raises:
        UnknownEngineError: There is no engine of a name.
        VariantError: One that was named cannot use the variant.
    """
    catalog = load_catalog()
    engines = [catalog.engine(name) for name in dict.fromkeys(names or catalog.engines)]
    if variant is None:
        machine = probe_machine()
        return [
            (engine, variant_of(engine_device(settings.device, engine, machine)))
            for engine in engines
        ]
    able = [engine for engine in engines if variant in engine.devices]
    for engine in engines if names else ():
        if engine not in able:
            raise VariantError(engine.name, variant)
    return [(engine, variant) for engine in able]
