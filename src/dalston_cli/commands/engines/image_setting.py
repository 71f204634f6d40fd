"""Arguments of the commands about images: settings, daemon, and the images meant."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from dalston_cli.errors import UsageError

if TYPE_CHECKING:
    from dalston_cli.catalog.schema import EngineEntry
    from dalston_cli.launchers.docker.daemon import Daemon
    from dalston_cli.launchers.docker.images.image_list import EngineImage
    from dalston_cli.launchers.docker.images.store import ImageStore
    from dalston_cli.settings.schema import Settings

Variant = Annotated[
    Literal["cpu", "cuda"] | None,
    typer.Option("--variant", help="For which machines; by default for this one."),
]
Registry = Annotated[
    str | None,
    typer.Option("--image-registry", metavar="HOST/PATH", help="Where images lie."),
]


class VariantError(UsageError):
    """An engine has no image of a kind."""

    code = "variant"

    def __init__(self, engine: str, variant: str) -> None:
        super().__init__(
            f"engine {engine} cannot use {variant}", hint="see what can: dalston engines list"
        )


@dataclass(frozen=True, kw_only=True)
class ListedImage:
    """One image, as ``--json`` prints it."""

    engine: str
    tag: str | None
    variant: str
    python: str
    size_bytes: int
    built_at: datetime
    digest: str
    id: str

    @classmethod
    def of(cls, image: "EngineImage") -> "ListedImage":
        """Return the facts of ``image`` for ``--json``."""
        return cls(
            engine=image.engine,
            tag=image.tag,
            variant=image.variant,
            python=image.python,
            size_bytes=image.size,
            built_at=datetime.fromtimestamp(image.created_s, UTC),
            digest=image.digest,
            id=image.id,
        )


def open_images(profile: str | None, **flags: object) -> "tuple[Settings, Daemon, ImageStore]":
    """Return the settings in force, the daemon, and the store of its images.

    Args:
        profile: What ``--profile`` named.
        **flags: Settings from the command line; None where one was not given.
    """
    from dalston_cli.launchers.docker.daemon import Daemon  # noqa: PLC0415 - keeps --help fast
    from dalston_cli.launchers.docker.images.store import ImageStore  # noqa: PLC0415 - the same
    from dalston_cli.launchers.docker.options import DockerOptions  # noqa: PLC0415 - the same
    from dalston_cli.settings.load import load_settings  # noqa: PLC0415 - loads pydantic
    from dalston_cli.settings.locations import Locations  # noqa: PLC0415 - keeps --help fast

    settings = load_settings(flags, profile=profile).settings
    daemon = Daemon()
    options = DockerOptions.from_settings(settings)
    runtime = Locations.from_environment().runtime
    return settings, daemon, ImageStore(daemon, options, offline=settings.offline, runtime=runtime)


def chosen(
    names: Sequence[str] | None, variant: str | None, settings: "Settings"
) -> "list[tuple[EngineEntry, str]]":
    """Return the engines that are meant, each with the variant of its image.

    Args:
        names: What was typed; nothing means every engine.
        variant: What was typed; None for what this machine would use.
        settings: Every setting's value.

    Raises:
        UnknownEngineError: There is no engine of a name.
        VariantError: One that was named cannot use the variant.
    """
    from dalston_cli.catalog.load import load_catalog  # noqa: PLC0415 - loads pydantic
    from dalston_cli.catalog.machine import probe_machine  # noqa: PLC0415 - runs nvidia-smi
    from dalston_cli.launchers.control import engine_device  # noqa: PLC0415 - loads psutil
    from dalston_cli.launchers.docker.images.naming import variant_of  # noqa: PLC0415 - keeps --help fast

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
