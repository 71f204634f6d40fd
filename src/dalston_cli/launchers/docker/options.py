"""What the user can say about images and containers."""

from dataclasses import dataclass

from dalston_cli.settings.choices import PullPolicy


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
