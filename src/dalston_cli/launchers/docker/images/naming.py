"""Names of images, for people and registries; Dalston itself uses labels."""

from dalston_cli.catalog.schema import EngineEntry

REPOSITORY = "dalston"
VARIANTS = ("cpu", "cuda")


def variant_of(device: str) -> str:
    """Return the variant of an image that serves ``device``: ``cuda`` for ``cuda:1``."""
    return device.partition(":")[0]


def image_tag(engine: EngineEntry, variant: str) -> str:
    """Return the local name of an image, such as ``dalston/pocketsphinx:0.1.0-cpu``."""
    return f"{REPOSITORY}/{engine.name}:{engine.version}-{variant}"


def registry_tag(registry: str, engine: EngineEntry, variant: str) -> str:
    """Return the name of the same image in a registry.

    Args:
        registry: Host and path, such as ``registry.example.org/speech``.
        engine: The engine in the image.
        variant: ``cpu`` or ``cuda``.
    """
    return f"{registry.rstrip('/')}/{engine.name}:{engine.version}-{variant}"
