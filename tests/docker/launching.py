"""A home whose engines are containers, for tests of the launcher itself."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import docker
from docker.models.containers import Container
from tests.support.launching import EngineHome

from dalston_cli.launchers.base import EngineInstance, Preparation
from dalston_cli.launchers.contact import NoAnswerError, ask_health
from dalston_cli.launchers.docker import labels
from dalston_cli.launchers.docker.daemon import Daemon
from dalston_cli.launchers.docker.launcher import DockerLauncher
from dalston_cli.launchers.docker.options import DockerOptions
from dalston_cli.launchers.registry import Launchers
from dalston_sdk.wire import Health


def docker_of(launchers: Launchers) -> DockerLauncher:
    """The launcher for containers among ``launchers``."""
    found = launchers.by_name["docker"]
    assert isinstance(found, DockerLauncher)
    return found


class DockerHome(EngineHome):
    """Containers and launchers of one test; ``close`` removes them all.

    Args:
        host: Where the daemon listens.
    """

    def __init__(self, host: str) -> None:
        super().__init__()
        self.host = host
        self.client = docker.DockerClient(base_url=host)
        self.docker_launchers = self.with_docker()
        self.docker = docker_of(self.docker_launchers)

    def with_docker(self, *, host: str | None = None, **options: Any) -> Launchers:
        """Launchers as another process would have them that was asked for containers."""
        asked = DockerOptions(base_image=os.environ["DALSTON_BASE_IMAGE"], **options)
        launcher = DockerLauncher(
            self.locations,
            asked,
            offline=False,
            required=True,
            daemon=Daemon({"DOCKER_HOST": host or self.host}),
        )
        made = self.make_launchers(requested="docker")
        return replace(made, by_name={**made.by_name, "docker": launcher})

    def found(self, launcher: DockerLauncher | None = None) -> list[EngineInstance]:
        """List what a launcher finds, without the services of Compose."""
        return [each for each in (launcher or self.docker).find() if each.owned]

    def start(self, launcher: DockerLauncher | None = None, **changes: Any) -> EngineInstance:
        """Have the fake engine's image, and start a container of it."""
        launcher, spec = launcher or self.docker, self.spec(**changes)
        launcher.prepare(spec, Preparation(print))
        return launcher.start(spec, replica=0)

    def containers(self) -> list[Container]:
        """This home's, ended ones too, the newest first."""
        found = self.client.containers.list(
            all=True, ignore_removed=True, filters={"label": labels.HOME}
        )
        runtime = str(self.locations.runtime)
        return [each for each in found if each.labels[labels.HOME].endswith(runtime)]

    def inside(self, instance: EngineInstance, program: str) -> Any:
        """Run a Python program in a container, as its user, and return the JSON that it prints."""
        code, output = self.client.containers.get(instance.identity).exec_run(
            ["/opt/engine/bin/python", "-c", program]
        )
        assert isinstance(output, bytes)
        assert code == 0, output.decode()
        return json.loads(output)

    def remove_network(self) -> None:
        """Remove the network that containers with ports share."""
        self.remove_containers()
        for network in self.client.networks.list(filters={"label": labels.NETWORK}):
            network.remove()

    def remove_containers(self) -> None:
        """Whatever state they are in."""
        for container in self.containers():
            container.remove(force=True, v=True)

    def close(self) -> None:
        """Remove every container of this home, and every file."""
        self.remove_containers()
        self.client.close()
        super().close()


@contextmanager
def made_home(host: str) -> Iterator[DockerHome]:
    """A home that is gone afterwards."""
    home = DockerHome(host)
    try:
        yield home
    finally:
        home.close()


async def health_of(instance: EngineInstance) -> Health | None:
    """Ask for the engine's health; None while it does not answer."""
    try:
        return await ask_health(instance.address)
    except NoAnswerError:
        return None
