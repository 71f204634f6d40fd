"""What a launcher is: something that can start, find, watch and stop an engine's process."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from threading import Event
from typing import Literal, Protocol

from dalston_cli.catalog.schema import EngineEntry


@dataclass(frozen=True, kw_only=True)
class EngineSpec:
    """An engine to start, and how.

    Attributes:
        device: ``cpu``, ``cuda`` or ``cuda:N``.
        also_on: Further devices, for further replicas.
        keep_alive_s: Idle seconds until the engine stops itself; -1 for never, 0 at once.
        models_dir: The folder under which all weights lie, for read access.
        weights: Files and folders with weights of this engine that lie elsewhere.
        environment: Variables for the engine beyond the launcher's own, secrets included.
        replicas: How many of it will run side by side and share the processor's cores.
    """

    engine: EngineEntry
    device: str = "cpu"
    also_on: tuple[str, ...] = ()
    keep_alive_s: float = 300.0
    models_dir: Path
    weights: tuple[Path, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    replicas: int = 1

    @property
    def devices(self) -> tuple[str, ...]:
        """Every device that a replica may run on, the first one first."""
        return (self.device, *self.also_on)


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
        fingerprint: Digest of engine code, lock, SDK and options that matter.
        replica: From 0.
        identity: The launcher's own name for it: a pid, a container id, a URL.
        shares_disk: Whether a path on this machine means the same to the engine. If not, it gets
            audio as bytes, and weights by their place below the models folder.
        owned: Whether Dalston started it, and so may end it.
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
    owned: bool = True


@dataclass(frozen=True, kw_only=True)
class ExitState:
    """Whether an instance still runs, and how it ended if not.

    Attributes:
        state: ``gone`` where it ended and nobody can tell how.
        clean: It ended of its own will, as idle engines do.
        out_of_memory: It was killed because it took more memory than it may.
    """

    state: Literal["running", "exited", "gone"]
    exit_code: int | None = None
    clean: bool = False
    out_of_memory: bool = False


@dataclass(frozen=True, kw_only=True)
class Usage:
    """What one instance takes of its machine now; None where nobody can tell.

    Attributes:
        cpu_percent: 100 is one core.
        memory_limit_mb: None where there is no limit of its own.
        processes: Processes or threads that count against its limit.
    """

    cpu_percent: float | None = None
    memory_mb: float | None = None
    memory_limit_mb: float | None = None
    processes: int | None = None


@dataclass(frozen=True, kw_only=True)
class Removed:
    """What was removed of one engine.

    Attributes:
        environments: Folders of virtual environments.
        images: Names of images.
        num_logs: Logs, and ended containers that were kept for theirs.
    """

    engine: str
    environments: tuple[Path, ...] = ()
    images: tuple[str, ...] = ()
    num_logs: int = 0


class AbandonedError(Exception):
    """Nobody waits any more for what is being prepared."""


class Preparation:
    """Something long that a launcher does before it can start an engine, and who waits for it.

    Args:
        tell: Told what is being done, a line at a time.
    """

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._abandoned = Event()

    def tell(self, line: str) -> None:
        """Say what is being done."""
        self._tell(line)

    def abandon(self) -> None:
        """Nobody waits any more; may be called from any thread."""
        self._abandoned.set()

    def check(self) -> None:
        """To be called at least every second by who waits for something else.

        Raises:
            AbandonedError: Nobody waits any more.
        """
        if self._abandoned.is_set():
            raise AbandonedError


class Launcher(Protocol):
    """Starts and finds the processes of engines; knows nothing of stages or models.

    Attributes:
        manages: Whether it starts and ends engines; one that does not only reaches them.
    """

    name: str
    manages: bool

    def digest(self, engine: EngineEntry, device: str) -> str:
        """What determines the results of ``engine`` when this launcher starts it on ``device``."""

    def is_built(self, engine: EngineEntry, device: str) -> bool:
        """Whether everything is there that ``start`` needs."""

    def fingerprint(self, spec: EngineSpec) -> str:
        """What must be the same for a running engine to be reused for ``spec``."""

    def prepare(self, spec: EngineSpec, preparation: Preparation) -> None:
        """Build what ``start`` needs if it is not there; may take minutes.

        Args:
            spec: The engine that is to start.
            preparation: Told what is being done; hears nothing where nothing is.

        Raises:
            EngineUnavailableError: It cannot be built; the message says why.
            AbandonedError: Nobody waits any more.
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

    def last_started(self, engine: str) -> datetime | None:
        """When the newest instance of ``engine`` was started that has a log; None without any."""

    def usage(self, instance: EngineInstance) -> Usage:
        """What ``instance`` takes of the machine; takes up to a second."""

    def remove(self, engine: str) -> Removed:
        """Remove what was built for an engine that does not run, and its logs."""
