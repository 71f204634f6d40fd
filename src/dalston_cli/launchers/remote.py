# ruff: noqa: ARG002 - the protocol has arguments that a remote engine has no use for
"""``remote``: engines that somebody else started, reached through URLs from the settings."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from dalston_cli.catalog.schema import EngineEntry
from dalston_cli.errors import EngineUnavailableError
from dalston_cli.launchers.base import (
    Address,
    EngineInstance,
    EngineSpec,
    ExitState,
    Preparation,
    Removed,
    Usage,
)
from dalston_cli.launchers.contact import NoAnswerError, ask_health, run_aside
from dalston_cli.launchers.failure import NotOursError


@dataclass(frozen=True, kw_only=True)
class RemoteEngine:
    """Where one engine listens.

    Attributes:
        token: The bearer token it wants; None where it wants none, or nobody knows it.
        unset: The variable that should hold the token, and is not set.
    """

    url: str
    token: str | None = field(default=None, repr=False)
    unset: str | None = None


class RemoteUnreachableError(EngineUnavailableError):
    """None of an engine's URLs answers."""

    code = "remote_unreachable"

    def __init__(self, engine: str, problems: Mapping[str, str]) -> None:
        listed = "; ".join(f"{url}: {problem}" for url, problem in problems.items())
        super().__init__(
            f"the remote engine {engine} cannot be reached ({listed})",
            hint="check the URL and the token with dalston config show, or use --launcher local",
        )


class RemoteLauncher:
    """Reaches engines at fixed URLs; starts and stops nothing.

    Args:
        engines: The URLs of each engine by its name, from the settings.
    """

    name = "remote"
    manages = False

    def __init__(self, engines: Mapping[str, tuple[RemoteEngine, ...]]) -> None:
        self._engines = engines
        self._fingerprints: dict[str, str] = {}

    def offers(self, engine: str) -> bool:
        """Whether the settings name a URL for ``engine``."""
        return bool(self._engines.get(engine))

    def digest(self, engine: EngineEntry, device: str) -> str:
        """What the engine itself says, asked for once; it knows its code, we do not.

        Raises:
            RemoteUnreachableError: None of its URLs answers.
        """
        name = engine.name
        if name not in self._fingerprints:
            self._fingerprints[name] = self._ask_fingerprint(name)
        return self._fingerprints[name]

    def is_built(self, engine: EngineEntry, device: str) -> bool:
        """Taken for granted."""
        return True

    def fingerprint(self, spec: EngineSpec) -> str:
        """The same as ``digest``."""
        return self.digest(spec.engine, spec.device)

    def prepare(self, spec: EngineSpec, preparation: Preparation) -> None:
        """Nothing is to be built here."""

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Nothing is started, so nothing has to be kept from starting."""
        yield

    def find(self) -> list[EngineInstance]:
        """Every URL of the settings, whether or not something answers there."""
        return [
            EngineInstance(
                engine=name,
                launcher=self.name,
                fingerprint="",
                replica=number,
                device="",
                identity=remote.url,
                address=Address(url=remote.url, token=remote.token),
                started_at=datetime.fromtimestamp(0, UTC),
                shares_disk=False,
                owned=False,
            )
            for name, remotes in self._engines.items()
            for number, remote in enumerate(remotes)
        ]

    def start(self, spec: EngineSpec, *, replica: int) -> EngineInstance:
        """Refused.

        Raises:
            NotOursError: Always.
        """
        raise NotOursError(spec.engine.name, "started")

    def state(self, instance: EngineInstance) -> ExitState:
        """Taken for running: only its answers can tell."""
        return ExitState(state="running")

    def stop(self, instance: EngineInstance, *, timeout_s: float) -> None:
        """Refused.

        Raises:
            NotOursError: Always.
        """
        raise NotOursError(instance.engine, "stopped")

    def tail(self, instance: EngineInstance, *, lines: int) -> list[str]:
        """None: the log is where it runs."""
        return []

    def logs(self, engine: str, *, lines: int, follow: bool) -> Iterator[str]:
        """Refused.

        Raises:
            NotOursError: Always.
        """
        raise NotOursError(engine, "looked into")

    def last_started(self, engine: str) -> datetime | None:
        """Unknown."""
        return None

    def usage(self, instance: EngineInstance) -> Usage:
        """Unknown but to its owner."""
        return Usage()

    def remove(self, engine: str) -> Removed:
        """Nothing of it is here."""
        return Removed(engine=engine)

    def _ask_fingerprint(self, name: str) -> str:
        problems = {}
        for remote in self._engines.get(name, ()):
            try:
                health = run_aside(ask_health(Address(url=remote.url, token=remote.token)))
            except NoAnswerError as error:
                unset = f"; {remote.unset} is not set" if remote.unset else ""
                problems[remote.url] = f"{error.problem}{unset}"
            else:
                return health.results or health.fingerprint
        raise RemoteUnreachableError(name, problems)
