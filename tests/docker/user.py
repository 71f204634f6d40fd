"""A user of Dalston whose engines are containers, and what a test does to those from outside."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import docker
import psutil
from docker.models.containers import Container
from docker.models.images import Image
from tests.acceptance.home import Home, leaving, short_folder

from dalston_cli.launchers.docker.labels import ENGINE, HOME

_PASSED = ("DALSTON_BASE_IMAGE",)


class DockerUser(Home):
    """Runs ``dalston`` with ``--launcher docker`` unless told otherwise.

    Args:
        folder: Where everything of this user lies; short, for the sockets' sake.
        host: Where the daemon listens.
        elsewhere: Those folders that lie elsewhere, such as ``cache``.
    """

    engines_are_containers = True

    def __init__(self, folder: Path, host: str, **elsewhere: Path) -> None:
        super().__init__(folder, **elsewhere)
        self.host = host
        passed = {name: os.environ[name] for name in _PASSED if name in os.environ}
        self.environ |= passed | {"DOCKER_HOST": host, "DALSTON_LAUNCHER": "docker"}
        self.client = docker.DockerClient(base_url=host)

    @property
    def outside(self) -> str:
        """The address at which containers with a network find this machine."""
        options = self.client.networks.get("bridge").attrs["Options"]
        addresses = psutil.net_if_addrs()[options["com.docker.network.bridge.name"]]
        [found] = [each.address for each in addresses if each.family is socket.AF_INET]
        return str(found)

    def containers(self, engine: str | None = None, *, ended: bool = False) -> list[Container]:
        """This user's, the newest first; those that ended and were kept for their logs, too."""
        labels = [f"{HOME}={self.runtime}", *([f"{ENGINE}={engine}"] if engine else [])]
        return self.client.containers.list(
            all=ended, ignore_removed=True, filters={"label": labels}
        )

    def images(self, engine: str) -> list[Image]:
        """Those with a name; a replaced one has none any more."""
        found = self.client.images.list(filters={"label": f"{ENGINE}={engine}"})
        return [image for image in found if image.tags]

    def end_engines(self) -> list[str]:
        """Stop engines politely and remove what is kept; return what had to be killed."""
        left_over = super().end_engines()
        left_over += [f"container {one.name} of {one.labels[ENGINE]}" for one in self.containers()]
        self.remove_containers()
        self.client.close()
        return left_over

    def remove_containers(self) -> None:
        """Whatever state they are in."""
        for container in self.containers(ended=True):
            container.remove(force=True, v=True)


@contextmanager
def made_user(host: str, *, parent: Path | None = None, **elsewhere: Path) -> Iterator[DockerUser]:
    """A user who has just installed Dalston; nothing of theirs is left at the end."""
    with leaving(DockerUser(short_folder(parent), host, **elsewhere)) as user:
        yield user
