"""The connection to Docker's daemon: where it listens, what kind it is, why it does not answer.

As Docker's own client does it, the endpoint is what ``DOCKER_HOST`` says, else the context that
``DOCKER_CONTEXT`` names or that is in use, else the usual socket. Podman answers on the same API.

Reference: https://docs.docker.com/engine/api/
"""

import os
import socket
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from dalston_cli.errors import EngineUnavailableError
from dalston_cli.launchers.failure import LauncherUnavailableError

if TYPE_CHECKING:
    import docker

_USUAL_SOCKET = Path("/var/run/docker.sock")
_TIMEOUT_S = 60
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_LINUX_NAMES = {"amd64": "x86_64", "arm64": "aarch64"}
"""Of processors that Podman calls what Go calls them."""


class DaemonUnavailableError(LauncherUnavailableError):
    """No Docker daemon can be asked."""

    code = "docker_unavailable"
    launcher = "docker"

    def __init__(self, problem: str, *, hint: str) -> None:
        super().__init__(f"Docker cannot be used: {problem}", hint=hint)
        self.problem = problem


class DaemonRefusedError(EngineUnavailableError):
    """The daemon answered that it does not do what it was asked."""

    code = "docker_refused"

    def __init__(self, explanation: str) -> None:
        super().__init__(
            f"Docker refused: {explanation}", hint="dalston doctor looks at what Docker needs"
        )
        self.explanation = explanation


@dataclass(frozen=True, kw_only=True)
class DaemonFacts:
    """A daemon's description of itself.

    Attributes:
        rootless: It runs as an ordinary user, who is root inside its containers.
        machine: Architecture of its processor as ``platform.machine`` names it on Linux.
        runtimes: Names of the container runtimes it knows.
        devices: Names that the Container Device Interface gives to devices, such as
            ``nvidia.com/gpu=0``.
    """

    product: str
    version: str
    rootless: bool
    machine: str
    cpus: int
    memory_mb: int
    runtimes: frozenset[str] = frozenset()
    devices: tuple[str, ...] = ()
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False)


class Daemon:
    """One daemon, connected to on first use; ``environ`` has ``DOCKER_HOST`` and the like."""

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        self._environ = environ

    @cached_property
    def endpoint(self) -> str:
        """Address that it listens on, such as ``unix:///var/run/docker.sock``."""
        if host := self._environ.get("DOCKER_HOST"):
            return host
        context = self._context()
        host = None if context is None else context.Host
        return host or f"unix://{_USUAL_SOCKET}"

    @property
    def socket(self) -> Path | None:
        """The Unix socket it listens on; None where it listens elsewhere."""
        parts = urlsplit(self.endpoint)
        return Path(parts.path) if parts.scheme in {"unix", "http+unix"} else None

    @property
    def address(self) -> str:
        """Host at which a port that it publishes can be reached."""
        host = urlsplit(self.endpoint).hostname
        return "127.0.0.1" if self.socket is not None or host in {None, *_LOOPBACK} else str(host)

    @property
    def shares_disk(self) -> bool:
        """True if it runs on this machine, so that a path means the same to it."""
        return self.address == "127.0.0.1" and not self.endpoint.startswith("ssh:")

    @property
    def shares_sockets(self) -> bool:
        """True if a Unix socket that a container makes in a mounted folder can be reached here.

        Not where containers run in a virtual machine, as they do on macOS and Windows.
        """
        native = sys.platform == "linux" and self.facts.product != "Docker Desktop"
        return self.socket is not None and native

    @property
    def is_named(self) -> bool:
        """True if the user said which one, and so counts on it."""
        return bool(self._environ.get("DOCKER_HOST") or self._environ.get("DOCKER_CONTEXT"))

    def may_be_there(self) -> bool:
        """Return False if there is plainly no Docker; loads no library."""
        if self.is_named:
            return True
        return _USUAL_SOCKET.exists() or (Path.home() / ".docker" / "config.json").is_file()

    @cached_property
    def client(self) -> "docker.DockerClient":
        """The library's client.

        Raises:
            DaemonUnavailableError: No daemon answers.
        """
        return self.connect()

    def connect(self) -> "docker.DockerClient":
        """Return a connection of its own, for work that may have to be cancelled.

        Raises:
            DaemonUnavailableError: No daemon answers.
        """
        self._knock()
        import docker  # noqa: PLC0415 - takes 0.4 s to load

        with self.explained():
            context = None if self._environ.get("DOCKER_HOST") else self._context()
            if context is not None:
                tls = context.TLSConfig
                client = docker.DockerClient(base_url=context.Host, tls=tls, timeout=_TIMEOUT_S)
            else:
                environment = {"DOCKER_HOST": self.endpoint, **self._environ}
                client = docker.DockerClient.from_env(
                    environment=environment, timeout=_TIMEOUT_S, use_ssh_client=True
                )
            client.ping()
        return client

    @cached_property
    def facts(self) -> DaemonFacts:
        """Its own description of itself, asked for once.

        Raises:
            DaemonUnavailableError: No daemon answers.
        """
        with self.explained():
            info: dict[str, Any] = self.client.info()
            version: dict[str, Any] = self.client.version()
        machine = str(info.get("Architecture") or version.get("Arch", ""))
        return DaemonFacts(
            product=_product(info, version),
            version=str(version.get("Version", "")),
            rootless=any("rootless" in str(one) for one in info.get("SecurityOptions") or ()),
            machine=_LINUX_NAMES.get(machine, machine),
            cpus=int(info.get("NCPU") or 1),
            memory_mb=int(info.get("MemTotal") or 0) // 1_000_000,
            runtimes=frozenset(info.get("Runtimes") or {}),
            devices=tuple(
                str(one.get("ID", ""))
                for one in info.get("DiscoveredDevices") or ()
                if one.get("Source") == "cdi"
            ),
            raw=info,
        )

    def problem(self) -> DaemonUnavailableError | None:
        """Return why it cannot be used; None if it can."""
        try:
            _ = self.client
        except DaemonUnavailableError as error:
            return error
        return None

    @contextmanager
    def explained(self) -> Iterator[None]:
        """Turn what the library raises into errors for people.

        Raises:
            DaemonUnavailableError: None answers, or it stops answering.
            DaemonRefusedError: The daemon says no; ``NotFound`` and the like, which callers ask
                for, are left as they are.
        """
        try:
            yield
        except Exception as error:
            explained = self._explained(error)
            if explained is None:
                raise
            raise explained from error

    def _explained(self, error: Exception) -> DaemonUnavailableError | DaemonRefusedError | None:
        """Translate an error of the library; None for other errors and for expected ones.

        The library is not loaded before there is such an error, which without it there is not.
        """
        if "docker" not in sys.modules:
            return self._explain(error) if isinstance(error, OSError) else None
        import requests  # noqa: PLC0415 - comes with the library
        import urllib3  # noqa: PLC0415 - as above; its errors come out of streams as they are
        from docker import errors  # noqa: PLC0415 - takes 0.4 s to load

        lost = (
            *(errors.DockerException, errors.StreamParseError, OSError),
            *(requests.RequestException, urllib3.exceptions.HTTPError),
        )
        if isinstance(error, errors.NotFound):
            return None
        if isinstance(error, errors.APIError):
            return DaemonRefusedError(str(error.explanation or error))
        return self._explain(error) if isinstance(error, lost) else None

    def _knock(self) -> None:
        """Find out without the library, which takes longer and leaves its socket open."""
        if self.socket is None:
            return
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as knocking:
            knocking.settimeout(_TIMEOUT_S)
            try:
                knocking.connect(str(self.socket))
            except OSError as error:
                raise self._explain(error) from error

    def _explain(self, error: Exception) -> DaemonUnavailableError:
        text = str(error)
        if "Permission denied" in text:
            return DaemonUnavailableError(
                f"{self.endpoint} may not be opened by this user",
                hint='join its group, then log in anew: sudo usermod -aG docker "$USER"',
            )
        if self.socket is not None and not self.socket.exists():
            return DaemonUnavailableError(
                f"there is no daemon at {self.endpoint}",
                hint="start it: sudo systemctl start docker, or do without: --launcher local",
            )
        return DaemonUnavailableError(
            f"no answer from {self.endpoint} ({text})",
            hint="see what it says: docker info, or do without: --launcher local",
        )

    def _context(self) -> "docker.Context | None":
        """Return the context in use; None for the default one."""
        from docker.context import ContextAPI  # noqa: PLC0415 - takes 0.4 s to load

        name = self._environ.get("DOCKER_CONTEXT")
        found = cast(  # its types forget that a context may not exist
            "docker.Context | None",
            ContextAPI.get_context(name) if name else ContextAPI.get_current_context(),
        )
        if name and found is None:
            raise DaemonUnavailableError(
                f"there is no context {name}", hint="see which there are: docker context ls"
            )
        return None if found is None or found.Name == "default" else found


def _product(info: Mapping[str, Any], version: Mapping[str, Any]) -> str:
    names = {str(part.get("Name", "")) for part in version.get("Components") or ()}
    if "Podman Engine" in names:
        return "Podman"
    system = str(info.get("OperatingSystem", ""))
    return "Docker Desktop" if "Docker Desktop" in system else "Docker"
