"""Tells whether and where an image can be had: asked before anything is promised."""

import re
import threading
from typing import Literal

from dalston_cli.catalog.folders import data_root
from dalston_cli.catalog.schema import EngineEntry
from dalston_cli.launchers.docker.daemon import Daemon
from dalston_cli.launchers.docker.images.context import dockerfile_place
from dalston_cli.launchers.docker.images.errors import NoRegistryError
from dalston_cli.launchers.docker.options import DockerOptions
from dalston_cli.launchers.requirements_lock import CUDA_LOCK_NAME

_PATIENCE_S = 5.0
_BASE = re.compile(r"^ARG BASE_IMAGE=(\S+)$", re.MULTILINE)
_LOADS_CUDA = re.compile(r"^(ctranslate2|onnxruntime-gpu)==", re.MULTILINE)
"""Packages that load CUDA 12 from the system; no package of theirs brings it."""

Source = Literal["here", "registry", "build"]


def usual_base(engine: EngineEntry, variant: str) -> str:
    """Return the image that an engine's image is built on unless the user asks for another.

    An engine whose packages bring CUDA is built on the same image for GPUs as for CPUs.
    """
    if variant == "cuda" and _brings_cuda(engine):
        variant = "cpu"
    [base] = _BASE.findall((data_root() / dockerfile_place(variant)).read_text(encoding="utf-8"))
    return str(base)


def _brings_cuda(engine: EngineEntry) -> bool:
    lock = engine.folder / CUDA_LOCK_NAME
    return lock.is_file() and not _LOADS_CUDA.search(lock.read_text(encoding="utf-8"))


class ImageAvailability:
    """Looks for images at one daemon and in registries, whose answers are kept."""

    def __init__(self, daemon: Daemon) -> None:
        self._daemon = daemon
        self._obtainable: dict[str, bool] = {}

    def is_here(self, image: str) -> bool:
        """Return True if the daemon has an image of this name."""
        from docker.errors import ImageNotFound  # noqa: PLC0415 - takes 0.4 s to load

        try:
            with self._daemon.explained():
                self._daemon.client.images.get(image)
        except ImageNotFound:
            return False
        return True

    def is_obtainable(self, image: str) -> bool:
        """Return True if the registry says within seconds that the image can be pulled."""
        if image not in self._obtainable:
            asking = threading.Thread(target=self._ask, args=(image,), daemon=True)
            self._obtainable[image] = False
            asking.start()
            asking.join(_PATIENCE_S)
        return self._obtainable[image]

    def _ask(self, image: str) -> None:
        from docker.errors import DockerException  # noqa: PLC0415 - takes 0.4 s to load
        from requests import RequestException  # noqa: PLC0415 - comes with the library

        try:
            self._daemon.client.images.get_registry_data(image)
        except (DockerException, RequestException):
            return
        self._obtainable[image] = True


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
