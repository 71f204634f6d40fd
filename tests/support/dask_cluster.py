"""A real cluster of Dask for tests: a scheduler and workers, each a process of its own."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import psutil
from tests.cli.terminal import Shell
from tests.support.places import folder_variables
from tests.support.processes import line_of
from tests.support.waiting import eventually

_START_S = 120
_QUIET = {
    "DASK_DISTRIBUTED__SCHEDULER__HTTP__ROUTES": "[]",
    "DASK_DISTRIBUTED__WORKER__HTTP__ROUTES": "[]",
    "DASK_DISTRIBUTED__ADMIN__SYSTEM_MONITOR__GIL__ENABLED": "false",
    "DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED": "false",
}
"""No pages for browsers and no measuring: processes start in less time."""
_END_S = 180


class DaskCluster:
    """Starts, kills and ends a scheduler and its workers.

    Args:
        folder: For logs and files of theirs.
        environ: Their variables: those of Dalston among them.
    """

    def __init__(self, folder: Path, environ: Mapping[str, str]) -> None:
        self.folder = folder
        self.environ = {**_QUIET, **environ, "DASK_TEMPORARY_DIRECTORY": str(folder)}
        self.address = ""
        self.scheduler: subprocess.Popen[bytes] | None = None
        self.workers: list[subprocess.Popen[bytes]] = []
        self._num_started = 0

    async def start(self, num_workers: int = 2, *, through: Sequence[str] = ()) -> None:
        """Start a scheduler, at the same address as before if there was one, and workers."""
        file = self.folder / f"scheduler{self._num_started}.json"
        port = self.address.rpartition(":")[2] or "0"
        where = ("--host", "127.0.0.1", "--port", port, "--scheduler-file", str(file))
        self.scheduler = self._spawn("dask_scheduler", *where, "--no-dashboard")
        await eventually(file.exists, timeout_s=_START_S)
        line = await eventually(lambda: self._address_in(file), timeout_s=_START_S)
        self.address = line
        for _ in range(num_workers):
            self.add_worker(through=through)

    def _address_in(self, file: Path) -> str:
        with suppress(ValueError):
            return str(json.loads(file.read_text())["address"])
        return ""

    def add_worker(
        self,
        *options: str,
        through: Sequence[str] = (),
        environ: Mapping[str, str] | None = None,
    ) -> subprocess.Popen[bytes]:
        """Start a worker that takes two recordings at once."""
        own = ("--nthreads", "2", "--no-nanny", "--no-dashboard", "--memory-limit", "0")
        where = (self.address, "--host", "127.0.0.1", "--death-timeout", "60")
        worker = self._spawn(
            "dask_worker", *where, *own, *options, through=through, environ=environ
        )
        self.workers.append(worker)
        return worker

    def _spawn(
        self,
        module: str,
        *options: str,
        through: Sequence[str] = (),
        environ: Mapping[str, str] | None = None,
    ) -> subprocess.Popen[bytes]:
        self._num_started += 1
        with (self.folder / f"{module}{self._num_started}.log").open("wb") as log:
            return subprocess.Popen(
                [*through, sys.executable, "-m", f"distributed.cli.{module}", *options],
                env={**self.environ, **(environ or {})},
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def log(self) -> str:
        """Return all that the processes wrote."""
        return "\n".join(path.read_text(errors="replace") for path in self.folder.glob("*.log"))

    def kill_scheduler(self) -> None:
        """Kill the scheduler; its workers notice and end by themselves."""
        assert self.scheduler is not None
        self.scheduler.kill()
        self.scheduler.wait(_END_S)

    def wait_for_workers_to_end(self) -> None:
        """Wait until no worker runs any more."""
        for worker in self.workers:
            try:
                worker.wait(_END_S)
            except subprocess.TimeoutExpired:
                worker.kill()
                worker.wait(_END_S)
                raise
        self.workers = []

    def close(self) -> None:
        """Kill everything but engines: asked to end, a worker waits a minute for its work."""
        for process in [*self.workers, *([self.scheduler] if self.scheduler else [])]:
            with suppress(psutil.Error):
                one = psutil.Process(process.pid)
                one.suspend()  # so that it starts no more of them
                for child in one.children(recursive=True):
                    if "dalston_sdk" not in line_of(child):
                        child.kill()
            process.kill()
            process.wait(_END_S)


def line_with(lines: Iterator[str], text: str) -> str:
    """Read lines until one has a text; return all of them."""
    read = ""
    for line in lines:
        read += line
        if text in line:
            return read
    raise AssertionError(f"no {text} in {read}")


def shell_at(folder: Path, short: Path) -> Iterator[Shell]:
    """Yield a shell whose folders lie in one, sockets in a short one; end every engine after it."""
    (folder / "work").mkdir()
    shell = Shell(folder, folder / "work")
    shell.environ |= folder_variables(folder, runtime=short / "run")
    shell.environ["DALSTON_OFFLINE"] = "yes"
    yield shell
    for runtime in (short / "run", *short.glob("run.worker*/run")):
        ended = shell.call(
            "engines", "stop", "--all", environ={"DALSTON_RUNTIME_DIR": str(runtime)}
        )
        assert ended.code == 0, ended.err


def cluster_of(shell: Shell, folder: Path) -> Iterator[DaskCluster]:
    """Yield a cluster, not started, with the shell's variables; end it after the test."""
    (folder / "dask").mkdir()
    cluster = DaskCluster(folder / "dask", shell.environ)
    yield cluster
    cluster.close()
