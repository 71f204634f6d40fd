"""Errors of images that cannot be found, built, pulled or pushed."""

from collections.abc import Sequence

from dalston_cli.errors import ConfigurationError, EngineUnavailableError


class ImageMissingError(EngineUnavailableError):
    """An engine's image is missing, and fetching or building is not allowed."""

    code = "image_missing"

    def __init__(self, engine: str, variant: str) -> None:
        super().__init__(
            f"the {variant} image of engine {engine} is not here, and --offline forbids to get it",
            hint=f"once, with a network: dalston engines build {engine} --variant {variant}",
        )


class ImageBuildError(EngineUnavailableError):
    """The daemon could not build an image; the message has its last lines of output."""

    code = "image_build"

    def __init__(self, tag: str, engine: str, problem: str, lines: Sequence[str]) -> None:
        output = "".join(f"\n  {line}" for line in lines)
        super().__init__(
            f"the image {tag} cannot be built: {problem}{output}",
            hint="check the network and the base image, then build it again: "
            f"dalston engines build {engine}",
        )


class BaseImageMissingError(EngineUnavailableError):
    """The base image is missing, and may not be pulled."""

    code = "base_image_missing"

    def __init__(self, engine: str, base: str) -> None:
        super().__init__(
            f"the image of engine {engine} is built on {base}, which is not here, "
            "and --pull-image never forbids to pull it",
            hint=f"docker pull {base}",
        )


class ImageTransferError(EngineUnavailableError):
    """An image could not be pulled or pushed."""

    code = "image_transfer"

    def __init__(self, what: str, tag: str, problem: str) -> None:
        registry = tag.partition("/")[0]
        super().__init__(
            f"{tag} cannot be {what}: {problem}",
            hint=f"if it wants to know who you are: docker login {registry}",
        )


class NoImageToPushError(EngineUnavailableError):
    """There is no image made from an engine as it is now."""

    code = "no_image_to_push"

    def __init__(self, engine: str, variant: str) -> None:
        super().__init__(
            f"there is no {variant} image made from the engine {engine} as it is now",
            hint=f"build it: dalston engines build {engine} --variant {variant}",
        )


class ForeignImageError(EngineUnavailableError):
    """An image of the right name was made from other files than those here."""

    code = "foreign_image"

    def __init__(self, tag: str, engine: str) -> None:
        super().__init__(
            f"{tag} is not made from the engine {engine} that is here, "
            "or not on the base image that was asked for",
            hint=f"build it: dalston engines build {engine}",
        )


class NoRegistryError(ConfigurationError):
    """Images were to come from a registry, and none is set."""

    code = "no_registry"

    def __init__(self) -> None:
        super().__init__(
            "no registry is set that images could be pulled from or pushed to",
            hint="export DALSTON_IMAGE_REGISTRY=registry.example.org/speech",
        )
