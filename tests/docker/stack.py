"""A Compose stack of one test's own, made from a copy of this repository's files."""

import os
import secrets
import shutil
import subprocess
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

import docker
from docker.models.containers import Container
from tests.support import compose

REPOSITORY = Path(__file__).resolve().parents[2]
HEALTHY_S = 240
_PROJECT_LABEL = "com.docker.compose.project"
_SERVICE_LABEL = "com.docker.compose.service"
_FILES = ("compose.yaml", "compose.dev.yaml", ".dockerignore")
_FOLDERS = (
    *("dockerfiles", "engines/sdk/src/dalston_sdk"),
    *("engines/refine", "engines/transcribe", "engines/translate"),
)


class Stack:
    """Runs Compose as a user would who has just cloned the repository.

    Args:
        folder: Where the copy goes.
        host: Where the daemon listens.
        major: The version of Compose; 0 for the newest.
        variables: The content of ``.env``.

    Attributes:
        token: The token of every engine of it.
    """

    def __init__(self, folder: Path, host: str, major: int = 0, **variables: str | Path) -> None:
        here = compose.commands()
        self._major = major or next(iter(here))
        self._command = here[self._major]
        self.folder = folder
        self.project = f"dt{secrets.token_hex(4)}"
        self.token = secrets.token_urlsafe(16)
        self.client = docker.DockerClient(base_url=host)
        self._environ = {
            **{name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
            "DOCKER_HOST": host,
            "COMPOSE_PROJECT_NAME": self.project,
        }
        _copy_repository(folder)
        variables["DALSTON_ENGINE_TOKEN"] = self.token
        lines = "".join(f"{name}={value}\n" for name, value in variables.items())
        (folder / ".env").write_text(lines, encoding="utf-8")

    def compose(self, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """Run to the end, whatever it comes to."""
        return subprocess.run(
            [*self._command, *arguments],
            cwd=self.folder,
            env=self._environ | environ,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
            stdin=subprocess.DEVNULL,
        )

    def run(self, *arguments: str, **environ: str) -> str:
        """Run to a good end; what it printed."""
        done = self.compose(*arguments, **environ)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def up(self, service: str, *options: str, **environ: str) -> None:
        """Start a service and wait until Docker calls every replica of it healthy."""
        self.run("up", "-d", "--no-build", *options, service, **environ)
        self.wait(service)

    def wait(self, service: str) -> None:
        """Until Docker calls every replica of a service healthy."""
        deadline = time.monotonic() + HEALTHY_S
        while {_health(each) for each in self.containers(service)} != {"healthy"}:
            assert time.monotonic() < deadline, self.run("logs", "--no-color")
            time.sleep(0.2)

    def containers(self, service: str | None = None) -> list[Container]:
        """All of this stack, or of one of its services."""
        labels = [f"{_PROJECT_LABEL}={self.project}"]
        labels += [f"{_SERVICE_LABEL}={service}"] if service else []
        return self.client.containers.list(all=True, ignore_removed=True, filters={"label": labels})

    def url(self, container: Container) -> str:
        """Return the URL of one of its engines."""
        container.reload()
        [port] = container.attrs["NetworkSettings"]["Ports"]["8400/tcp"]
        return f"http://{port['HostIp']}:{port['HostPort']}"

    def volumes(self) -> set[str]:
        """Names of the volumes that its containers have."""
        mounts = [each for one in self.containers() for each in one.attrs["Mounts"]]
        return {each["Name"] for each in mounts if each["Type"] == "volume"}

    def there(self, volumes: Collection[str]) -> set[str]:
        """Those of ``volumes`` that the daemon has."""
        return {one.name for one in self.client.volumes.list()} & set(volumes)

    def down(self) -> None:
        """Take everything down, and make sure of it."""
        volumes = self.volumes()
        self.take_down()
        for name in self.there(volumes):  # a daemon that is busy forgets one now and then
            self.client.volumes.get(name).remove()

    def take_down(self) -> None:
        """Run what the page says; Compose 1 takes down all profiles' services anyway."""
        everything = ("--profile", "*") if self._major > 1 else ()
        self.run(*everything, "down", "-v")

    def left_over(self) -> list[str]:
        """Containers and networks of this stack, in words."""
        label = {"label": f"{_PROJECT_LABEL}={self.project}"}
        return [
            *(f"container {one.name}" for one in self.containers()),
            *(f"network {one.name}" for one in self.client.networks.list(filters=label)),
        ]


@contextmanager
def made_stack(folder: Path, host: str, major: int = 0, **variables: str | Path) -> Iterator[Stack]:
    """A stack that is taken down at the end; see ``Stack``."""
    stack = Stack(folder, host, major, **variables)
    try:
        yield stack
    finally:
        stack.down()
        left = stack.left_over()
        stack.client.close()
    assert not left, left


def _copy_repository(folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    for name in _FILES:
        shutil.copy(REPOSITORY / name, folder / name)
    for name in _FOLDERS:
        ignored = shutil.ignore_patterns("__pycache__", "data")
        shutil.copytree(REPOSITORY / name, folder / name, ignore=ignored)
    if bundle := os.environ.get("SSL_CERT_FILE"):
        (folder / "certificates").mkdir()
        shutil.copy(bundle, folder / "certificates" / "bundle.pem")


def _health(container: Container) -> str:
    return str(container.attrs["State"].get("Health", {}).get("Status", "none"))
