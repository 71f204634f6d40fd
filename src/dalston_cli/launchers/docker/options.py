"""What the user can say about images and containers."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dalston_cli.settings.choices import PullPolicy

if TYPE_CHECKING:
    from dalston_cli.settings.schema import Settings


@dataclass(frozen=True, kw_only=True)
class DockerOptions:
    """How images are had and what containers may take.

    Attributes:
        pull: When to pull an image from ``registry``; without one, images are built.
        registry: Where finished images lie, such as ``registry.example.org/speech``; None where
            there are none.
        base_image: What images are built on; None for the one that the Dockerfile names.
        memory_mb: The most that one container may take; None for most of the machine's memory.
        cpus: The most cores that one container may use; None for all.
    """

    pull: PullPolicy = "missing"
    registry: str | None = None
    base_image: str | None = None
    memory_mb: int | None = None
    cpus: float | None = None

    @classmethod
    def from_settings(cls, settings: "Settings") -> "DockerOptions":
        """What the settings say."""
        return cls(
            pull=settings.pull_image,
            registry=settings.image_registry,
            base_image=settings.base_image,
            memory_mb=settings.engine_memory_mb,
            cpus=settings.engine_cpus,
        )
