# ruff: noqa: ARG002 - what a launcher does by default needs few of its arguments
"""The launcher protocol: launchers start, find, watch and stop the processes of engines."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Literal, Protocol, Self

from msgspec import Struct

from dalston_cli.catalog.schema import EngineEntry
from dalston_cli.diagnosis import Diagnosis
from dalston_cli.errors import EngineUnavailableError
from dalston_cli.settings.choices import AUTO
from dalston_cli.settings.locations import Locations

if TYPE_CHECKING:
    from dalston_cli.settings.schema import RemoteEngine, Settings


@dataclass(frozen=True, kw_only=True)
class EngineSpec:
    """An engine to start, and how.

    Attributes:
        device: ``cpu``, ``cuda`` or ``cuda:N``.
        also_on: Further devices, for further replicas.
        keep_alive_s: Idle seconds until the engine stops itself; -1 for never, 0 at once.
        models_dir: The folder under which all weights lie, for read access.
        weights: Files and folders with weights of this engine outside ``models_dir``.
        needed: Those of them that the work is done with.
        environment: Variables for the engine beyond the launcher's own, secrets included.
        replicas: Number of processes that run side by side and share the processor's cores.
    """

    engine: EngineEntry
    device: str = "cpu"
    also_on: tuple[str, ...] = ()
    keep_alive_s: float = 300.0
    models_dir: Path
    weights: tuple[Path, ...] = ()
    needed: tuple[Path, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    replicas: int = 1

    @property
    def devices(self) -> tuple[str, ...]:
        """Every device that a replica may run on, the first one first."""
        return (self.device, *self.also_on)


@dataclass(frozen=True, kw_only=True)
class Address:
    """Address of an engine: a Unix socket, or a URL with a bearer token; neither if it has none."""

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
        owned: True if Dalston started it, and so may end it.
        problem: Reason why it is not used whatever for, as far as its launcher knows.
    """

    engine: str
    launcher: str
    fingerprint: str
    replica: int
    device: str
    identity: str
    address: Address
    started_at: datetime
    owned: bool = True
    problem: str | None = None


class ExitState(Struct, frozen=True, kw_only=True):
    """State of an instance, and how it ended if it did.

    Attributes:
        state: ``gone`` if it ended and its exit code is unknown.
        clean: It stopped itself, as idle engines do.
        out_of_memory: It was killed because it took more memory than it may.
        memory_short: The kernel ended some process of this machine for want of memory while it ran.
    """

    state: Literal["running", "exited", "gone"]
    exit_code: int | None = None
    clean: bool = False
    out_of_memory: bool = False
    memory_short: bool = False


class Usage(Struct, frozen=True, kw_only=True):
    """Resources that one instance uses now; None where they are unknown.

    Attributes:
        cpu_percent: 100 is one core.
        memory_limit_mb: None if it has no limit of its own.
        processes: Processes or threads that count against its limit.
    """

    cpu_percent: float | None = None
    memory_mb: float | None = None
    memory_limit_mb: float | None = None
    processes: int | None = None


class Removed(Struct, frozen=True, kw_only=True):
    """Files and images of one engine that were removed; logs in files or ended containers."""

    engine: str
    environments: tuple[Path, ...] = ()
    images: tuple[str, ...] = ()
    num_logs: int = 0


class NotOursError(EngineUnavailableError):
    """An engine was to be started, stopped or looked into, which only its owner does."""

    code = "not_ours"

    def __init__(self, engine: str, verb: str) -> None:
        super().__init__(
            f"engine {engine} was not started by this Dalston and cannot be {verb} from here",
            hint=f"do that where it was started, or have one of your own: "
            f"dalston engines start {engine} --launcher local",
        )


class AbandonedError(Exception):
    """The caller no longer waits for a preparation."""


def _ignore_bytes(done: int, total: int) -> None:
    """Count nothing."""


def _ignore_part(part: float) -> None:
    """Show nothing."""


class Preparation:
    """A long preparation before an engine can start.

    Attributes:
        tell: Gets each line of progress.
        count: Gets the bytes that are downloaded, and all there are; 0 while these are unknown.
        advance: Gets the part that is done, from 0 to 1, of a preparation that tells no bytes.
    """

    def __init__(
        self,
        tell: Callable[[str], None],
        count: Callable[[int, int], None] = _ignore_bytes,
        advance: Callable[[float], None] = _ignore_part,
    ) -> None:
        self.tell = tell
        self.count = count
        self.advance = advance
        self._abandoned = Event()

    def telling(self, tell: Callable[[str], None]) -> "Preparation":
        """Return the same preparation, whose lines go to ``tell``."""
        other = Preparation(tell, self.count, self.advance)
        other._abandoned = self._abandoned
        return other

    def abandon(self) -> None:
        """Ask the preparation to stop; may be called from any thread."""
        self._abandoned.set()

    def check(self) -> None:
        """Raise ``AbandonedError`` if it should stop; to be called at least every second."""
        if self._abandoned.is_set():
            raise AbandonedError


@dataclass(frozen=True, kw_only=True)
class LauncherContext:
    """The inputs of a launcher's constructor.

    Attributes:
        offline: Build no environment and no image, and pull none.
        settings: None for the defaults.
        remotes: URLs of engines, by engine name.
    """

    locations: Locations
    requested: str = AUTO
    offline: bool = False
    settings: "Settings | None" = None
    remotes: Mapping[str, "RemoteEngine"] = field(default_factory=dict)
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)


Product = Literal["environment", "image"] | None
"""Noun for the thing that a launcher builds before an engine can start; None for nothing."""


class Launcher(Protocol):
    """Starts and finds the processes of engines; knows nothing of stages or models.

    The defaults are those of a launcher that only reaches engines.

    Attributes:
        name: As in ``settings.choices.LauncherName``.
        manages: It starts and ends engines; one that does not only reaches them.
        builds: Kind of thing that it builds before an engine can start.
        brings_own_weights: Its engines have their own weights; none are pulled for them.
        shares_disk: A path on this machine means the same to its engines. Others get audio as
            bytes, and weights by their place below the models folder.
        keeps_logs: The logs of its engines can be read here.
    """

    name: str
    manages: bool = False
    builds: Product = None
    brings_own_weights: bool = True
    shares_disk: bool = False
    keeps_logs: bool = False

    @classmethod
    def from_context(cls, context: LauncherContext) -> Self:
        """Make the launcher."""

    def claim(self, engine: EngineEntry) -> str | None:
        """Return why ``auto`` takes this launcher before all others; None if it need not."""
        return None

    def refusal(self, engine: EngineEntry, device: str) -> str | None:
        """Return why ``auto`` does not take this launcher; None if nothing speaks against it."""
        return None

    def merit(self, engine: EngineEntry, device: str) -> str:
        """Return why ``auto`` takes this launcher, which refused nothing."""

    def answers(self) -> bool:
        """Return True if engines can be started with it at all now."""
        return self.manages

    def check(self, engine: EngineEntry) -> None:
        """Raise a ``DalstonError`` if the user may not ask for this launcher, which cannot work."""
        return

    def diagnose(self) -> Iterable[Diagnosis]:
        """Look at what it needs on this machine; changes nothing."""
        return ()

    def digest(self, engine: EngineEntry, device: str) -> str:
        """Return the digest of everything in the engine that determines its results."""

    def is_built(self, engine: EngineEntry, device: str) -> bool:
        """Return True if everything is there that ``start`` needs."""
        return True

    def build_problem(self, engine: EngineEntry, device: str) -> str | None:
        """Return why what ``start`` needs could not be built now; may ask servers for seconds."""
        return self.refusal(engine, device)

    def download_bytes(self, engine: EngineEntry, device: str) -> int | None:
        """Return how much is downloaded before ``start``; None where that is not known."""
        return 0 if self.is_built(engine, device) else None

    def fingerprint(self, spec: EngineSpec) -> str:
        """Return what must be the same for a running engine to be reused for ``spec``."""

    def unfitness(self, instance: EngineInstance, spec: EngineSpec, mark: str) -> str | None:
        """Return why a running engine is not used for ``spec``; None if it is.

        Args:
            instance: The engine; one of another owner, or ours.
            spec: What is wanted.
            mark: The fingerprint of ``spec``.
        """
        if instance.problem:
            return instance.problem
        if instance.device not in spec.devices:
            return f"it runs on {instance.device}, and {' or '.join(spec.devices)} is wanted"
        return None if instance.fingerprint == mark else "it runs other files than those here"

    def serves(self, engine: EngineEntry, device: str) -> bool:
        """Return True if an engine of another owner runs that would be used; it needs no start."""
        return False

    def prepare(self, spec: EngineSpec, preparation: Preparation) -> None:
        """Build what ``start`` needs if it is missing; may take minutes.

        Raises:
            EngineUnavailableError: It cannot be built; the message says why.
            AbandonedError: The caller no longer waits.
        """
        return

    def exclusive(self) -> AbstractContextManager[None]:
        """Keep other processes from starting engines; held only to look and to start."""
        return nullcontext()

    def find(self) -> list[EngineInstance]:
        """Return every instance of every engine of this launcher that runs."""

    def start(self, spec: EngineSpec, *, replica: int) -> EngineInstance:
        """Start one; return as soon as the process exists, before it is ready.

        It gets the next free number from ``replica`` on. ``prepare`` was called before.

        Raises:
            EngineUnavailableError: It cannot be started; the message says why.
            RuntimeFolderError: The runtime folder cannot be trusted, or its path is too long.
        """
        raise NotOursError(spec.engine.name, "started")

    def state(self, instance: EngineInstance) -> ExitState:
        """Return whether the instance runs, and how it ended if not, as far as that is known."""
        return ExitState(state="running")

    def stop(self, instance: EngineInstance, *, timeout_s: float) -> None:
        """Ask it to finish, wait, then end it; only its log stays. 0 ends it without asking.

        Raises:
            NotOursError: Dalston did not start it.
        """
        raise NotOursError(instance.engine, "stopped")

    def tail(self, instance: EngineInstance, *, lines: int) -> list[str]:
        """Return the last lines that ``instance`` logged."""
        return []

    def see_log(self, instance: EngineInstance) -> str:
        """Return a hint where the log of ``instance`` can be read."""
        return f"see its log on the machine where it runs: {instance.address.url}"

    def logs(self, engine: str, *, lines: int, follow: bool) -> Iterator[str]:
        """Yield the last lines of the newest log of ``engine``, and later ones if ``follow``.

        Raises:
            NoLogError: There is none.
        """
        raise NotOursError(engine, "looked into")

    def last_started(self, engine: str) -> datetime | None:
        """Return when the newest instance with a log was started; None if there is none."""
        return None

    def usage(self, instance: EngineInstance) -> Usage:
        """Return what ``instance`` uses of the machine; takes up to a second."""
        return Usage()

    def remove(self, engine: str) -> Removed:
        """Remove what was built for an engine that does not run, and its logs."""
        return Removed(engine=engine)
