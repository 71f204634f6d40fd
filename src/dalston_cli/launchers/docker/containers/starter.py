"""Turns a spec into a running container, and tells the address that it listens at."""

import os
from pathlib import Path

from dalston_cli.catalog.machine import Gpu, probe_machine
from dalston_cli.launchers.base import Address, EngineSpec
from dalston_cli.launchers.docker.containers.container_list import Containers, models_mark
from dalston_cli.launchers.docker.containers.folders import SOCKET_NAME, ContainerFolders
from dalston_cli.launchers.docker.containers.network import (
    PortUnreachableError,
    can_connect,
    ensure_network,
    make_token,
    published_address,
)
from dalston_cli.launchers.docker.containers.refusal import MountMissingError, explain_start
from dalston_cli.launchers.docker.containers.sandbox import (
    ContainerPlan,
    container_arguments,
    container_user,
)
from dalston_cli.launchers.docker.daemon import Daemon, DaemonRefusedError
from dalston_cli.launchers.docker.gpu.problem import probe_gpu_host
from dalston_cli.launchers.docker.gpu.request import gpu_arguments
from dalston_cli.launchers.docker.options import DockerOptions
from dalston_cli.launchers.variables import physical_cores

Started = tuple[str, Address]
"""A container's id, and where it listens."""


class Starter:
    """Starts the containers of one home.

    Args:
        daemon: The daemon that runs them.
        options: Limits of a container.
        containers: The containers of the home.
        folders: The folders of the same home.
    """

    def __init__(
        self,
        daemon: Daemon,
        options: DockerOptions,
        containers: Containers,
        folders: ContainerFolders,
    ) -> None:
        self._daemon = daemon
        self._options = options
        self._containers = containers
        self._folders = folders
        self._addresses: dict[str, Address] = {}

    def start(self, spec: EngineSpec, *, image: str, fingerprint: str, replica: int) -> Started:
        """Start a container; the caller holds the lock of the runtime folder.

        Args:
            spec: The engine.
            image: Id of its image.
            fingerprint: Fingerprint of the engine.
            replica: A number that no running container of that fingerprint has.

        Raises:
            EngineUnavailableError: The daemon does not start it; nothing is left of it.
            RuntimeFolderError: The runtime folder cannot be trusted, or its path is too long.
        """
        plan = self._plan(spec, image, fingerprint, replica)
        try:
            identity = self._start(plan)
            return identity, self.address(identity, plan.folder)
        except BaseException:
            self._folders.remove([plan.folder] if plan.folder else [])
            raise

    def address(self, identity: str, folder: Path | None) -> Address:
        """Return where a container listens: its socket, or its port, fixed while it runs."""
        if folder is not None:
            return Address(socket=folder / SOCKET_NAME)
        if identity not in self._addresses:
            found = self._containers.inspect(identity)
            address = published_address(found, self._daemon.address) if found else None
            if address is None:
                return Address(url=f"http://{self._daemon.address}:0")  # it has just ended
            self._addresses[identity] = address
        return self._addresses[identity]

    def _plan(self, spec: EngineSpec, image: str, mark: str, replica: int) -> ContainerPlan:
        name, facts = spec.engine.name, self._daemon.facts
        if self._daemon.shares_sockets:
            _check_weights(spec)  # Podman would make an empty folder of what is missing
        user = container_user(facts, uid=os.getuid(), gid=os.getgid())
        models = spec.models_dir / name
        models.mkdir(parents=True, exist_ok=True)  # so that what is pulled later is seen
        folder = None
        if self._daemon.shares_sockets:
            folder = self._folders.make(name, mark, replica, owner=user.owner)
        return ContainerPlan(
            spec=spec,
            image=image,
            fingerprint=mark,
            replica=replica,
            home=self._containers.home,
            user=user,
            cores=min(physical_cores(), facts.cpus),
            models=models,
            models_mark=models_mark(models),
            folder=folder,
            token=None if folder else make_token(),
            gpu=gpu_arguments(spec.device, facts, _gpus(spec.device)),
        )

    def _start(self, plan: ContainerPlan) -> str:
        engine, facts = plan.spec.engine.name, self._daemon.facts
        arguments = container_arguments(plan, facts, self._options)
        try:
            if plan.token:
                ensure_network(self._daemon)
            identity = self._containers.start(arguments)
        except DaemonRefusedError as error:
            host = probe_gpu_host() if plan.gpu else None
            raise explain_start(engine, error, facts, host) from error
        address = self.address(identity, plan.folder)
        if plan.token and self._runs(identity) and not can_connect(address):
            self._containers.remove(identity, running=True)
            raise PortUnreachableError(engine, str(address.url))
        return identity

    def _runs(self, identity: str) -> bool:
        return self._containers.state(identity).state == "running"


def _check_weights(spec: EngineSpec) -> None:
    for path in spec.weights:
        if not path.exists():
            raise MountMissingError(spec.engine.name, str(path))


def _gpus(device: str) -> tuple[Gpu, ...]:
    return () if device == "cpu" else probe_machine().gpus
