"""Whether an image is here, or could be: asked before anything is promised."""

import re
import threading
from typing import TYPE_CHECKING

from dalston_cli.catalog.load import data_root
from dalston_cli.launchers.docker.images.context import dockerfile_place

if TYPE_CHECKING:
    from dalston_cli.launchers.docker.daemon import Daemon

_PATIENCE_S = 5.0
_BASE = re.compile(r"^ARG BASE_IMAGE=(\S+)$", re.MULTILINE)


def usual_base(variant: str) -> str:
    """What the Dockerfile of a variant builds on where nobody asks for something else."""
    [base] = _BASE.findall((data_root() / dockerfile_place(variant)).read_text(encoding="utf-8"))
    return str(base)


class ImageReach:
    """What one daemon has or can get; each answer of a registry is kept.

    Args:
        daemon: Whom to ask.
    """

    def __init__(self, daemon: "Daemon") -> None:
        self._daemon = daemon
        self._obtainable: dict[str, bool] = {}

    def is_here(self, image: str) -> bool:
        """Whether the daemon has an image of this name."""
        from docker.errors import ImageNotFound  # noqa: PLC0415 - takes 0.4 s to load

        try:
            with self._daemon.explained():
                self._daemon.client.images.get(image)
        except ImageNotFound:
            return False
        return True

    def is_obtainable(self, image: str) -> bool:
        """Whether the image's registry says within seconds that it has it for us."""
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
