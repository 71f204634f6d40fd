"""Docker daemons for tests: the one that all tests share, and private ones that may be stopped."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import docker
import psutil
import requests

HOST = "DALSTON_TEST_DOCKER_HOST"
IMAGE = "DALSTON_TEST_BASE_IMAGE"
START_S = 180
_POLL_S = 0.05
_OURS = "dalston."


@contextmanager
def connected(host: str) -> Iterator[docker.DockerClient]:
    """The library's client of the daemon at ``host``."""
    client = docker.DockerClient(base_url=host, timeout=120)
    try:
        yield client
    finally:
        client.close()


def problem_of_shared(environ: Mapping[str, str]) -> str | None:
    """Return why tests have no daemon, with what to do; None where they have one."""
    advice = "run the tests by: sudo -E .ci/docker scripts/test-all"
    missing = [name for name in (HOST, IMAGE) if not environ.get(name)]
    if missing:
        return f"no Docker daemon for tests ({' and '.join(missing)} not set); {advice}"
    if not _listens(environ[HOST]):
        return f"no Docker daemon at {environ[HOST]}; {advice}"
    try:
        with connected(environ[HOST]) as client:
            client.images.get(environ[IMAGE])
    except docker.errors.ImageNotFound:
        return f"{environ[HOST]} has no image {environ[IMAGE]}; {advice}"
    return None


def problem_of_private() -> str | None:
    """Return why no private daemon can be started; None where it can."""
    if os.geteuid() != 0:
        return (
            "a daemon of the test's own needs root; "
            "run the tests by: sudo -E .ci/docker scripts/test-all"
        )
    if shutil.which("dockerd") is None:
        return "dockerd is missing; install it: apt-get install docker.io"
    return None


def left_over(host: str) -> list[str]:
    """Containers, networks and volumes with labels of ours, in words."""
    with connected(host) as client:
        found = [
            *(
                ("container", one.name, one.labels)
                for one in client.containers.list(all=True, ignore_removed=True)
            ),
            *(("network", one.name, one.attrs.get("Labels")) for one in client.networks.list()),
            *(("volume", one.name, one.attrs.get("Labels")) for one in client.volumes.list()),
        ]
    named = [(f"{kind} {name}", _ours(labels or {})) for kind, name, labels in found]
    return [f"{what} ({', '.join(labels)})" for what, labels in named if labels]


def _ours(labels: Mapping[str, Any]) -> list[str]:
    return sorted(f"{key}={value}" for key, value in labels.items() if key.startswith(_OURS))


def processes_with(word: str) -> list[psutil.Process]:
    """Those that have it in their command line."""
    return [
        process
        for process in psutil.process_iter(["cmdline"])
        if any(word in one for one in process.info["cmdline"] or ())
    ]


class PrivateDaemon:
    """A daemon of one test's own, which may be stopped and killed; its containers get no network.

    It keeps its images and containers while it is stopped. It leaves the machine's firewall alone.

    Attributes:
        folder: Everything of it; short, because a Unix socket's path may have 107 bytes only.
        host: Where it listens, for ``DOCKER_HOST``.
    """

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="dd-"))
        self.host = f"unix://{self.folder}/d.sock"
        self._log = self.folder / "log"
        self._process: subprocess.Popen[bytes] | None = None
        (self.folder / "daemon.json").write_text("{}")  # not the one of the machine's own daemon

    def is_running(self) -> bool:
        """Return True if its process runs."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start it, and wait until it answers; nothing where it runs."""
        if self.is_running():
            return
        (self.folder / "d.pid").unlink(missing_ok=True)
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command(),
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                # A containerd that a new daemon finds without one writes its stacks there.
                env=os.environ | {"TMPDIR": str(self.folder)},
            )
        deadline = time.monotonic() + START_S
        while not self.answers():
            said = self._log.read_text(errors="replace")[-2000:]
            assert self.is_running(), f"the daemon ended:\n{said}"
            assert time.monotonic() < deadline, f"no answer within {START_S} s:\n{said}"
            time.sleep(_POLL_S)

    def stop(self) -> None:
        """End it politely, and with it its containers, which it keeps."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it at once; its containers run on, without a daemon, until it is started again."""
        self._end(signal.SIGKILL)

    def answers(self) -> bool:
        """Return True if it answers."""
        if not _listens(self.host):
            return False
        try:
            with connected(self.host) as client:
                return bool(client.ping())
        except (docker.errors.DockerException, requests.RequestException):
            return False  # it is just beginning, or ending

    def load_image(self, name: str, *, source: str) -> None:
        """Copy the image ``name`` from the daemon that listens at ``source``."""
        with (
            connected(source) as giver,
            connected(self.host) as taker,
            tempfile.TemporaryFile(dir=self.folder) as archive,
        ):
            for chunk in giver.images.get(name).save(named=name):
                archive.write(chunk)
            archive.seek(0)
            taker.images.load(archive)

    def remove(self) -> None:
        """End it with everything of it, whatever state it is in; nothing where that was done."""
        if not self.folder.exists():
            return
        try:
            self.start()  # who was killed has left containers
            with connected(self.host) as client:
                for container in client.containers.list(all=True, ignore_removed=True):
                    container.remove(force=True, v=True)
        finally:
            self.stop()
            self._end_remains()
            shutil.rmtree(self.folder)

    def _command(self) -> list[str]:
        folder = self.folder
        return [
            # In a network of its own: a daemon without a bridge removes the one of the machine's.
            *("unshare", "--net"),
            *("dockerd", "--config-file", f"{folder}/daemon.json", "--host", self.host),
            *("--data-root", f"{folder}/root", "--exec-root", f"{folder}/exec"),
            *("--pidfile", f"{folder}/d.pid", "--group", "root"),
            *("--exec-opt", "native.cgroupdriver=cgroupfs", "--cgroup-parent", folder.name),
            *("--bridge=none", "--iptables=false", "--ip-forward=false", "--ip-masq=false"),
        ]

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait()

    def _end_remains(self) -> None:
        """End what it started, and remove what it mounted and its control groups."""
        mark = str(self.folder)
        named = Path("/sys/fs/cgroup").rglob(f"{self.folder.name}/**")
        groups = sorted((one for one in named if one.is_dir()), reverse=True)
        members = {
            int(pid) for group in groups for pid in (group / "cgroup.procs").read_text().split()
        }
        processes = [one for one in psutil.process_iter() if one.pid in members]
        processes += processes_with(mark)
        for process in processes:
            process.kill()
        psutil.wait_procs(processes, timeout=START_S)
        places = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
        for place in sorted((one for one in places if one.startswith(mark)), reverse=True):
            subprocess.run(["umount", "--lazy", place], check=True)
        for group in groups:
            group.rmdir()


def _listens(host: str) -> bool:
    """Return True if a server listens on that Unix socket; the library leaves dead ones open."""
    with socket.socket(socket.AF_UNIX) as place:
        return place.connect_ex(host.removeprefix("unix://")) == 0
