"""The containers of one home: lists, starts, inspects, measures, ends and removes them."""

import secrets
import socket
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dalston_cli.launchers.base import ExitState, Usage
from dalston_cli.launchers.docker import labels
from dalston_cli.launchers.docker.containers.memory import Taken
from dalston_cli.launchers.docker.daemon import Daemon, DaemonRefusedError
from dalston_cli.launchers.folder_launcher import plain_line

_ALIVE = frozenset({"running", "paused", "restarting"})
_NEVER_RAN = "created"
_POLL_S = 0.05
_TERMINATE_S = 3

_MB = 1_000_000
_CACHES = ("inactive_file", "total_inactive_file")
"""Names of memory that the kernel can reclaim at once, by cgroup version 2 and 1."""


@dataclass(frozen=True, kw_only=True)
class Container:
    """One container, as its labels describe it.

    Attributes:
        folder: Its own folder on this machine; None where it listens on a port.
        models: The folder of weights that it was given.
        models_mark: See ``labels.MODELS``.
    """

    id: str
    engine: str
    fingerprint: str
    replica: int
    device: str
    folder: Path | None
    models: Path
    models_mark: str
    status: str
    created_at: datetime

    @property
    def runs(self) -> bool:
        """True after it has started and until it has ended."""
        return self.status in _ALIVE

    @property
    def sees_its_models(self) -> bool:
        """True if the folder of weights that it was given is still the one at that path."""
        return models_mark(self.models) == self.models_mark

    @property
    def has_log(self) -> bool:
        """True if it ever ran."""
        return self.status != _NEVER_RAN


class Containers:
    """The containers of one home on a daemon; other containers are never touched."""

    def __init__(self, daemon: Daemon, home: str) -> None:
        self.home = home
        self._daemon = daemon

    def all(self) -> list[Container]:
        """List every container, also those that have ended, the newest first.

        Raises:
            DaemonUnavailableError: The daemon does not answer.
        """
        label = f"{labels.HOME}={self.home}"
        with self._daemon.explained():
            found = self._daemon.client.api.containers(all=True, filters={"label": [label]})
        known = (_describe(each) for each in found)
        ours = [each for each in known if each is not None]
        return sorted(ours, key=lambda each: each.created_at, reverse=True)

    def start(self, arguments: Mapping[str, Any], *, name: str, stdin: bytes | None = None) -> str:
        """Create a container, start it and return its id.

        Args:
            arguments: For the daemon.
            name: Middle of its name, for people.
            stdin: All that it reads from its standard input, which nothing keeps or shows.

        Raises:
            DaemonRefusedError: The daemon refuses; nothing is left of the container.
            DaemonUnavailableError: The daemon does not answer.
        """
        whole = f"dalston-{name}-{secrets.token_hex(4)}"
        with self._daemon.explained():
            container = self._daemon.client.containers.create(name=whole, **arguments)
        identity = str(container.id)
        try:
            with self._daemon.explained(), self._feeding(identity, stdin):
                container.start()
        except BaseException:
            with suppress(Exception):  # the first error is the one to report
                self.remove(identity, running=True)
            raise
        return identity

    @contextmanager
    def _feeding(self, identity: str, stdin: bytes | None) -> Iterator[None]:
        """Attach to a container before it starts, and write to its standard input afterwards."""
        if stdin is None:
            yield
            return
        api = self._daemon.client.api
        stream = api.attach_socket(identity, params={"stdin": 1, "stream": 1})
        connection = getattr(stream, "_sock", stream)  # bare where it is TLS
        try:
            yield
            connection.sendall(stdin)
            with suppress(OSError, NotImplementedError):  # TLS cannot end one direction only
                connection.shutdown(socket.SHUT_WR)
        finally:
            if response := getattr(stream, "_response", None):
                response.close()  # before what it reads from, which it flushes
            stream.close()
            connection.close()

    def inspect(self, identity: str) -> dict[str, Any] | None:
        """Return the daemon's description of a container; None if it is gone."""
        from docker.errors import NotFound  # noqa: PLC0415 - takes 0.4 s to load

        try:
            with self._daemon.explained():
                found: dict[str, Any] = self._daemon.client.api.inspect_container(identity)
        except NotFound:
            return None
        return found

    def state(self, identity: str) -> ExitState:
        """Return whether it runs, and how it ended if not."""
        found = self.inspect(identity)
        return exit_state(found["State"]) if found else ExitState(state="gone")

    def wait(self, identity: str, *, timeout_s: float) -> None:
        """Wait until it has ended, but no longer than ``timeout_s``."""
        deadline = time.monotonic() + timeout_s
        while self.state(identity).state == "running" and time.monotonic() < deadline:
            time.sleep(_POLL_S)

    def end(self, identity: str) -> None:
        """Ask its process to end, and kill it if it does not."""
        found = self.inspect(identity)
        if found is None:
            return
        with self._unless_done(), self._daemon.explained():
            if found["State"]["Status"] == "paused":
                self._daemon.client.api.unpause(identity)  # else no signal reaches it
            self._daemon.client.api.stop(identity, timeout=_TERMINATE_S)

    def remove(self, identity: str, *, running: bool = False) -> None:
        """Remove one that has ended, with its volume and its log; ``running`` ends it first."""
        with self._unless_done(), self._daemon.explained():
            self._daemon.client.api.remove_container(identity, v=True, force=running)

    def usage(self, identity: str) -> Usage:
        """Measure what it uses; takes a second or two."""
        found = self.inspect(identity)
        if found is None or found["State"]["Status"] not in _ALIVE:
            return Usage()
        with self._daemon.explained():
            stats: dict[str, Any] = self._daemon.client.api.stats(identity, stream=False)
        return container_usage(stats, memory_limit=int(found["HostConfig"].get("Memory") or 0))

    def memory(self) -> list[Taken]:
        """Measure the memory of every engine's container on the daemon, also of other owners."""
        api = self._daemon.client.api
        with self._daemon.explained():
            found = api.containers(filters={"label": [labels.ENGINE]})
        taken = []
        for identity in (str(each["Id"]) for each in found):
            with self._unless_done(), self._daemon.explained():
                described = api.inspect_container(identity)
                stats = api.stats(identity, stream=False, one_shot=True)
                limit = int(described["HostConfig"].get("Memory") or 0)
                usage = container_usage(stats, memory_limit=limit)
                home = described["Config"]["Labels"].get(labels.HOME)
                taken.append(
                    Taken(
                        id=identity,
                        limit_mb=limit // _MB or None,
                        used_mb=usage.memory_mb or 0.0,
                        ours=home == self.home,
                    )
                )
        return taken

    def limit_memory(self, identity: str, limit_mb: int) -> None:
        """Change the limit of a running container."""
        limit = limit_mb * _MB
        with self._unless_done(), self._daemon.explained():
            self._daemon.client.api.update_container(identity, mem_limit=limit, memswap_limit=limit)

    @contextmanager
    def _unless_done(self) -> Iterator[None]:
        """Ignore that another process has done this already, or is doing it."""
        from docker.errors import NotFound  # noqa: PLC0415 - takes 0.4 s to load

        try:
            yield
        except NotFound:
            return
        except DaemonRefusedError as error:
            if "already in progress" not in error.explanation:
                raise


def models_mark(folder: Path) -> str:
    """Return a mark that tells a folder from a later one at the same path."""
    try:
        return str(folder.stat().st_ino)
    except OSError:
        return ""


def exit_state(state: Mapping[str, Any]) -> ExitState:
    """Translate the daemon's word for a container's state."""
    if state["Status"] in _ALIVE:
        return ExitState(state="running")
    code = int(state["ExitCode"])
    return ExitState(
        state="exited",
        exit_code=code,
        clean=code == 0,
        out_of_memory=bool(state.get("OOMKilled")) and code != 0,
    )


def _describe(found: Mapping[str, Any]) -> Container | None:
    """Read one entry of the daemon's list; None for a container of another version."""
    named = found["Labels"]
    try:
        folder = named.get(labels.FOLDER)
        mark, _, models = named[labels.MODELS].partition(":")
        return Container(
            id=str(found["Id"]),
            engine=named[labels.ENGINE],
            fingerprint=named[labels.FINGERPRINT],
            replica=int(named[labels.REPLICA]),
            device=named[labels.DEVICE],
            folder=Path(folder) if folder else None,
            models=Path(models),
            models_mark=mark,
            status=str(found["State"]),
            created_at=datetime.fromtimestamp(int(found["Created"]), UTC),
        )
    except (KeyError, ValueError):
        return None


def container_usage(stats: Mapping[str, Any], *, memory_limit: int) -> Usage:
    """Compute the usage of one container; ``memory_limit`` is in bytes, 0 for none.

    Reference: https://docs.docker.com/reference/api/engine/ (ContainerStats)
    """
    memory = stats.get("memory_stats") or {}
    used = memory.get("usage")
    details = memory.get("stats") or {}
    cache = next((details[name] for name in _CACHES if name in details), 0)
    return Usage(
        cpu_percent=_cpu_percent(stats.get("cpu_stats") or {}, stats.get("precpu_stats") or {}),
        memory_mb=None if used is None else round(max(0, used - cache) / _MB, 1),
        memory_limit_mb=round(memory_limit / _MB, 1) if memory_limit else None,
        processes=(stats.get("pids_stats") or {}).get("current"),
    )


def _cpu_percent(now: Mapping[str, Any], before: Mapping[str, Any]) -> float | None:
    """Compare two samples; the machine's time counts all cores."""
    try:
        spent = now["cpu_usage"]["total_usage"] - before["cpu_usage"]["total_usage"]
        passed = now["system_cpu_usage"] - before["system_cpu_usage"]
        cores = now.get("online_cpus") or len(now["cpu_usage"]["percpu_usage"])
    except KeyError:
        return None
    return round(100 * cores * spent / passed, 1) if passed > 0 else None


def tail_log(daemon: Daemon, container: str, lines: int) -> list[str]:
    """Read the last lines of a container's log, without colours; none if it is gone."""
    from docker.errors import NotFound  # noqa: PLC0415 - takes 0.4 s to load

    try:
        with daemon.explained():
            text: bytes = daemon.client.api.logs(container, tail=lines)
    except NotFound:
        return []
    return [plain_line(line) for line in _split([text])]


def follow_log(daemon: Daemon, container: str, lines: int) -> Iterator[str]:
    """Yield the last lines, and every new line until the container has ended.

    Raises:
        DaemonUnavailableError: The daemon does not answer, or stops answering.
    """
    with daemon.explained():
        stream = daemon.client.api.logs(container, tail=lines, stream=True, follow=True)
        try:
            yield from map(plain_line, _split(stream))
        finally:
            # Its own close() leaves the socket's file open, and there is no other way to that.
            stream._response.close()  # type: ignore[attr-defined]  # noqa: SLF001 - see above


def _split(chunks: Iterable[bytes]) -> Iterator[str]:
    """Join pieces that end anywhere into lines."""
    rest = b""
    for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        yield from (line.decode(errors="replace") for line in lines)
    if rest:
        yield rest.decode(errors="replace")
