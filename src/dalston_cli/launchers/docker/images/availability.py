"""Tells whether an image is here, or could be had: asked before anything is promised."""

import re
import threading
from typing import TYPE_CHECKING

from dalston_cli.catalog.load import data_root
from dalston_cli.catalog.schema import EngineEntry
from dalston_cli.launchers.docker.images.context import dockerfile_place
from dalston_cli.launchers.requirements_lock import CUDA_LOCK_NAME

if TYPE_CHECKING:
    from dalston_cli.launchers.docker.daemon import Daemon

_PATIENCE_S = 5.0
_BASE = re.compile(r"^ARG BASE_IMAGE=(\S+)$", re.MULTILINE)
_LOADS_CUDA = re.compile(r"^(ctranslate2|onnxruntime-gpu)==", re.MULTILINE)
"""Packages that load CUDA 12 from the system; no package of theirs brings it."""


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
    """Looks for images at one daemon and in registries, whose answers are kept.

    Args:
        daemon: The daemon that asks.
    """

    def __init__(self, daemon: "Daemon") -> None:
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
