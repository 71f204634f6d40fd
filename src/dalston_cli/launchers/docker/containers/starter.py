"""Turns a spec into a running container, and tells the address that it listens at."""

import json
import os
import re
import secrets
from contextlib import suppress
from pathlib import Path

from dalston_cli.catalog.machine import Gpu, probe_machine
from dalston_cli.errors import EngineUnavailableError
from dalston_cli.launchers.base import Address, EngineSpec
from dalston_cli.launchers.docker.containers import network, relay, sandbox
from dalston_cli.launchers.docker.containers.container_list import Containers, models_mark
from dalston_cli.launchers.docker.containers.folders import ContainerFolders
from dalston_cli.launchers.docker.containers.memory import divide_memory
from dalston_cli.launchers.docker.daemon import Daemon, DaemonFacts, DaemonRefusedError
from dalston_cli.launchers.docker.gpu.problem import GpuHost, probe_gpu_host
from dalston_cli.launchers.docker.gpu.refusal import explain_refusal
from dalston_cli.launchers.docker.gpu.request import gpu_arguments
from dalston_cli.launchers.docker.options import DockerOptions
from dalston_cli.launchers.folder_launcher import SOCKET_NAME
from dalston_cli.launchers.variables import usable_cores

_MISSING_SOURCE = (
    re.compile(r"bind source path does not exist: (?P<path>/.*)"),
    re.compile(r"statfs (?P<path>/.*?): no such file or directory"),
)


class Starter:
    """Starts the containers of one home."""

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

    def start(
        self, spec: EngineSpec, *, image: str, fingerprint: str, replica: int
    ) -> tuple[str, Address]:
        """Start a container; return its id, and where it listens.

        The caller holds the lock of the runtime folder, and ``replica`` is a free number.

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
            address = network.published_address(found, self._daemon.address) if found else None
            if address is None:
                return Address(url=f"http://{self._daemon.address}:0")  # it has just ended
            self._addresses[identity] = address
        return self._addresses[identity]

    def _plan(self, spec: EngineSpec, image: str, mark: str, replica: int) -> sandbox.ContainerPlan:
        name, facts = spec.engine.name, self._daemon.facts
        if self._daemon.shares_sockets:
            for path in spec.weights:
                if not path.exists():  # Podman would make an empty folder of it
                    raise MountMissingError(name, str(path))
        user = sandbox.container_user(facts, uid=os.getuid(), gid=os.getgid())
        models = spec.models_dir / name
        models.mkdir(parents=True, exist_ok=True)  # so that what is pulled later is seen
        folder = None
        if self._daemon.shares_sockets:
            folder = self._folders.make(name, mark, replica, owner=user.owner)
        return sandbox.ContainerPlan(
            spec=spec,
            image=image,
            fingerprint=mark,
            replica=replica,
            home=self._containers.home,
            user=user,
            cores=min(usable_cores(), facts.cpus),
            models=models,
            models_mark=models_mark(models),
            state=self._folders.state_of(name, spec.device, owner=user.owner),
            folder=folder,
            token=None if folder else secrets.token_urlsafe(32),
            relayed=bool(folder and spec.engine.services),
            gpu=gpu_arguments(spec.device, facts, _gpus(spec.device)),
            memory_mb=self._divide_memory(name) if sandbox.can_limit_memory(facts) else None,
        )

    def _divide_memory(self, engine: str) -> int:
        """Return the limit for a new container, after others were lowered for it."""
        total_mb, ceiling_mb = self._daemon.facts.memory_mb, self._options.memory_mb
        division = divide_memory(engine, total_mb, ceiling_mb, self._containers.memory())
        for identity, limit_mb in division.lowered.items():
            with suppress(DaemonRefusedError):  # Podman 4.3 cannot do that
                self._containers.limit_memory(identity, limit_mb)
        return division.limit_mb

    def _start(self, plan: sandbox.ContainerPlan) -> str:
        engine, facts = plan.spec.engine.name, self._daemon.facts
        arguments = sandbox.container_arguments(plan, facts, self._options)
        try:
            if plan.token:
                network.ensure_network(self._daemon)
            identity = self._containers.start(arguments, name=engine, stdin=_told(plan))
            self._start_relay(plan, identity)
        except DaemonRefusedError as error:
            host = probe_gpu_host() if plan.gpu else None
            raise explain_start(engine, error, facts, host) from error
        address = self.address(identity, plan.folder)
        if plan.token and self._runs(identity) and not network.can_connect(address):
            self._containers.remove(identity, running=True)
            raise network.PortUnreachableError(engine, str(address.url))
        return identity

    def _start_relay(self, plan: sandbox.ContainerPlan, identity: str) -> None:
        """Start what leads the engine to its services; without it the engine is removed."""
        if not plan.relayed or plan.folder is None:
            return
        folder = plan.folder / relay.SERVICES_FOLDER
        folder.mkdir()
        folder.chmod(0o1777)  # in a folder that only the user can enter
        engine = plan.spec.engine
        try:
            arguments = relay.relay_arguments(
                identity,
                image=plan.image,
                folder=folder,
                on_host=relay.leads_to_this_machine(engine),
            )
            told = relay.what_it_is_told(engine)
            self._containers.start(arguments, name=f"{engine.name}-relay", stdin=told)
        except BaseException:
            self._containers.remove(identity, running=True)
            raise

    def _runs(self, identity: str) -> bool:
        return self._containers.state(identity).state == "running"


def _told(plan: sandbox.ContainerPlan) -> bytes | None:
    secrets = sandbox.secrets_of(plan)
    return json.dumps(secrets).encode() if secrets else None


def _gpus(device: str) -> tuple[Gpu, ...]:
    return () if device == "cpu" else probe_machine().gpus


class MountMissingError(EngineUnavailableError):
    """A folder of this machine is not there for the daemon."""

    code = "mount_missing"

    def __init__(self, engine: str, path: str) -> None:
        super().__init__(
            f"engine {engine} cannot be started: Docker does not find {path}, which has to be at "
            "the same place on the machine that Docker runs on",
            hint=f"copy it to {path} there, or let Docker's virtual machine see it "
            "(Docker Desktop: Settings > Resources > File sharing)",
        )


def explain_start(
    engine: str, error: DaemonRefusedError, facts: DaemonFacts, host: GpuHost | None
) -> EngineUnavailableError:
    """Turn the daemon's answer into an error with a hint; ``host`` is None without a GPU."""
    for pattern in _MISSING_SOURCE:
        if found := pattern.search(error.explanation):
            return MountMissingError(engine, found["path"])
    return explain_refusal(error.explanation, facts, host) or error
