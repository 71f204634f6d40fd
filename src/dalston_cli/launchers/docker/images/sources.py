"""Sources of an image and their order: the meaning of ``--pull-image``."""

from typing import Literal

from dalston_cli.launchers.docker.images.errors import NoRegistryError
from dalston_cli.launchers.docker.options import DockerOptions

Source = Literal["here", "registry", "build"]


def image_sources(options: DockerOptions, *, offline: bool) -> tuple[Source, ...]:
    """List the sources to try, one after the other, until there is an image.

    ``missing`` uses a local image, else asks the registry if there is one, else builds.
    ``always`` asks the registry each time and uses nothing else.
    ``never`` pulls no image, not even a base image: it uses a local image, or builds on a local
    base image. ``offline`` uses a local image only.

    Raises:
        NoRegistryError: ``always`` was asked for, and there is no registry.
    """
    if offline:
        return ("here",)
    match options.pull:
        case "always" if options.registry is None:
            raise NoRegistryError
        case "always":
            return ("registry",)
        case "missing" if options.registry is not None:
            return ("here", "registry", "build")
        case _:
            return ("here", "build")
