"""Where an image may come from, in which order: what ``--pull-image`` means."""

from typing import Literal

from dalston_cli.launchers.docker.images.errors import NoRegistryError
from dalston_cli.launchers.docker.options import DockerOptions

Source = Literal["here", "registry", "build"]


def image_sources(options: DockerOptions, *, offline: bool) -> tuple[Source, ...]:
    """What to try, one after the other, until there is an image.

    ``missing`` takes what is here, else asks the registry if there is one, else builds.
    ``always`` asks the registry each time, and nobody else: who says so wants what lies there.
    ``never`` fetches no image, not even one to build on: it takes what is here, or builds on a
    base image that is here. ``offline`` takes what is here.

    Raises:
        NoRegistryError: There is no registry that could always be asked.
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
