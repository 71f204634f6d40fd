"""Options of images and containers."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dalston_cli.settings.choices import PullPolicy

if TYPE_CHECKING:
    from dalston_cli.settings.schema import Settings


@dataclass(frozen=True, kw_only=True)
class DockerOptions:
    """Source of images, and limits of containers.

    Attributes:
        pull: When to pull an image from ``registry``; without one, images are built.
        registry: Registry of finished images, such as ``registry.example.org/speech``; None for
            none.
        base_image: Base of images; None for the one that the Dockerfile names.
        memory_mb: Limit of one container; None for most of the machine's memory.
        cpus: Limit of one container in cores; None for all.
    """

    pull: PullPolicy = "missing"
    registry: str | None = None
    base_image: str | None = None
    memory_mb: int | None = None
    cpus: float | None = None

    @classmethod
    def from_settings(cls, settings: "Settings") -> "DockerOptions":
        """Take the options from the settings."""
        return cls(
            pull=settings.pull_image,
            registry=settings.image_registry,
            base_image=settings.base_image,
            memory_mb=settings.engine_memory_mb,
            cpus=settings.engine_cpus,
        )
