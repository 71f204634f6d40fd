"""What a launcher is: something that can start, find, watch and stop an engine's process."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal, Protocol

from dalston_cli.catalog.schema import EngineEntry


@dataclass(frozen=True, kw_only=True)
class EngineSpec:
    """An engine to start, and how.

    Attributes:
        device: ``cpu``, ``cuda`` or ``cuda:N``.
        keep_alive_s: Idle seconds until the engine stops itself; -1 for never, 0 at once.
        models_dir: The folder under which all weights lie, for read access.
        environment: Variables for the engine beyond the launcher's own, secrets included.
        replicas: How many of it will run side by side and share the processor's cores.
    """

    engine: EngineEntry
    device: str = "cpu"
    keep_alive_s: float = 300.0
    models_dir: Path
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    replicas: int = 1


@dataclass(frozen=True, kw_only=True)
class Address:
    """Where an engine listens: a Unix socket, or a URL with a bearer token."""

    socket: Path | None = None
    url: str | None = None
    token: str | None = field(default=None, repr=False)


@dataclass(frozen=True, kw_only=True)
class EngineInstance:
    """One engine that was started.

    Attributes:
        fingerprint: Digest of engine code, lock, SDK, device and options that matter.
        replica: From 0.
        identity: The launcher's own name for it: a pid, a container id, a URL.
        shares_disk: Whether a path on this machine means the same to the engine.
    """

    engine: str
    launcher: str
    fingerprint: str
    replica: int
    device: str
    identity: str
    address: Address
    started_at: datetime
    shares_disk: bool = True


@dataclass(frozen=True, kw_only=True)
class ExitState:
    """Whether an instance still runs, and how it ended if not.

    Attributes:
        state: ``gone`` where it ended and nobody can tell how.
    """

    state: Literal["running", "exited", "gone"]
    exit_code: int | None = None


class Launcher(Protocol):
    """Starts and finds the processes of engines; knows nothing of stages or models.

    Attributes:
        manages: Whether it starts and ends engines; one that does not only reaches them.
    """

    name: str
    manages: bool

    def fingerprint(self, spec: EngineSpec) -> str:
        """What must be the same for a running engine to be reused for ``spec``."""

    def prepare(self, spec: EngineSpec, report: Callable[[str], None]) -> None:
        """Build what ``start`` needs if it is not there; may take minutes.

        Args:
            spec: The engine that is to start.
            report: Told what is being done, a line at a time; never called where nothing is.

        Raises:
            EngineUnavailableError: It cannot be built; the message says why.
        """

    def exclusive(self) -> AbstractContextManager[None]:
        """Keep every other process from starting engines; held only to look and to start."""

    def find(self) -> list[EngineInstance]:
        """Every instance of every engine that this launcher started and that still runs."""

    def start(self, spec: EngineSpec, *, replica: int) -> EngineInstance:
        """Start one; returns as soon as the process exists, before it is ready.

        Args:
            spec: The engine, after ``prepare``.
            replica: The number it should have; the next free one is taken if that is in use.

        Raises:
            EngineUnavailableError: It cannot be started; the message says why.
        """

    def state(self, instance: EngineInstance) -> ExitState:
        """Whether the instance runs."""

    def stop(self, instance: EngineInstance, *, timeout_s: float) -> None:
        """Ask it to finish, wait, then end it; leaves nothing behind but its log."""

    def tail(self, instance: EngineInstance, *, lines: int) -> list[str]:
        """The last lines that ``instance`` logged."""

    def logs(self, engine: str, *, lines: int, follow: bool) -> Iterator[str]:
        """The last lines of the newest log of ``engine``, and the ones to come if ``follow``."""
