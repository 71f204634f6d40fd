"""``remote``: engines with another owner, reached through URLs from the settings."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self

from dalston_cli.catalog.schema import EngineEntry
from dalston_cli.errors import EngineUnavailableError, UsageError
from dalston_cli.launchers import base
from dalston_cli.launchers.contact import NoAnswerError, ask_health, run_aside

if TYPE_CHECKING:
    from dalston_cli.settings.schema import RemoteEngine as RemoteSettings


@dataclass(frozen=True, kw_only=True)
class RemoteEngine:
    """Address of one engine.

    Attributes:
        token: The bearer token; None if it wants none, or the token is unknown.
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
            hint="check the URL and the token with dalston config show, and that it runs on that "
            "machine; or use --launcher local",
        )


class NoRemoteError(UsageError):
    """The remote launcher was asked for an engine that has no URL."""

    code = "no_remote"

    def __init__(self, engine: str) -> None:
        super().__init__(
            f"the settings name no URL for engine {engine}",
            hint="see dalston config path, or use --launcher local",
        )


class RemoteLauncher(base.Launcher):
    """Reaches engines at fixed URLs; starts and stops nothing."""

    name = "remote"

    def __init__(self, engines: Mapping[str, tuple[RemoteEngine, ...]]) -> None:
        self._engines = engines
        self._fingerprints: dict[str, str] = {}

    @classmethod
    def from_context(cls, context: base.LauncherContext) -> Self:
        return cls(
            {name: (_engine(one, context.environ),) for name, one in context.remotes.items()}
        )

    def claim(self, engine: EngineEntry) -> str | None:
        return "the settings name a URL for it" if self._engines.get(engine.name) else None

    def refusal(self, engine: EngineEntry, device: str) -> str | None:
        return None if self.claim(engine) else "the settings name no URL for it"

    def merit(self, engine: EngineEntry, device: str) -> str:
        return self.claim(engine) or ""

    def check(self, engine: EngineEntry) -> None:
        if not self.claim(engine):
            raise NoRemoteError(engine.name)

    def digest(self, engine: EngineEntry, device: str) -> str:
        """Ask the engine itself, once; its code is not on this machine.

        Raises:
            RemoteUnreachableError: None of its URLs answers.
        """
        name = engine.name
        if name not in self._fingerprints:
            self._fingerprints[name] = self._ask_fingerprint(name)
        return self._fingerprints[name]

    def fingerprint(self, spec: base.EngineSpec) -> str:
        return self.digest(spec.engine, spec.device)

    def find(self) -> list[base.EngineInstance]:
        """Return an instance for every URL of the settings, even if it does not answer."""
        return [
            base.EngineInstance(
                engine=name,
                launcher=self.name,
                fingerprint="",
                replica=number,
                device="",
                identity=remote.url,
                address=base.Address(url=remote.url, token=remote.token),
                started_at=datetime.fromtimestamp(0, UTC),
                owned=False,
            )
            for name, remotes in self._engines.items()
            for number, remote in enumerate(remotes)
        ]

    def _ask_fingerprint(self, name: str) -> str:
        problems = {}
        for remote in self._engines.get(name, ()):
            try:
                health = run_aside(ask_health(base.Address(url=remote.url, token=remote.token)))
            except NoAnswerError as error:
                unset = f"; {remote.unset} is not set" if remote.unset else ""
                problems[remote.url] = f"{error.problem}{unset}"
            else:
                return health.results or health.fingerprint
        raise RemoteUnreachableError(name, problems)


def _engine(remote: "RemoteSettings", environ: Mapping[str, str]) -> RemoteEngine:
    token = environ.get(remote.token_env) if remote.token_env else None
    return RemoteEngine(url=remote.url, token=token, unset=None if token else remote.token_env)


LAUNCHER = RemoteLauncher
