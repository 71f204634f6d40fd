"""Every launcher by its name, and which one an engine is started with.

A new launcher is a module with a class that fulfils ``base.Launcher`` and a line in
``make_launchers``.
"""

import os
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dalston_cli.catalog.schema import EngineEntry
from dalston_cli.errors import UsageError
from dalston_cli.launchers.base import Launcher
from dalston_cli.launchers.docker.launcher import DockerLauncher
from dalston_cli.launchers.docker.options import DockerOptions
from dalston_cli.launchers.local.launcher import LocalLauncher
from dalston_cli.launchers.remote import RemoteEngine, RemoteLauncher
from dalston_cli.nearest import did_you_mean
from dalston_cli.settings.locations import Locations

if TYPE_CHECKING:
    from dalston_cli.settings.load import ResolvedSettings
    from dalston_cli.settings.schema import RemoteEngine as RemoteSettings
    from dalston_cli.settings.schema import Settings

AUTO = "auto"


class UnknownLauncherError(UsageError):
    """There is no launcher of that name."""

    code = "unknown_launcher"

    def __init__(self, name: str, known: Iterable[str]) -> None:
        super().__init__(
            f"there is no launcher {name}", hint=f"use --launcher with one of {', '.join(known)}"
        )


class NoRemoteError(UsageError):
    """The remote launcher was asked for an engine that has no URL."""

    code = "no_remote"

    def __init__(self, engine: str) -> None:
        super().__init__(
            f"the settings name no URL for engine {engine}",
            hint="see dalston config path, or use --launcher local",
        )


@dataclass(frozen=True, kw_only=True)
class LauncherChoice:
    """A launcher, and why it."""

    launcher: Launcher
    reason: str


@dataclass(frozen=True)
class Launchers:
    """The launchers of this process.

    Attributes:
        docker, local, remote: The launchers.
        requested: What the user wants: a launcher's name or ``auto``.
    """

    docker: DockerLauncher
    local: LocalLauncher
    remote: RemoteLauncher
    requested: str = AUTO
    _chosen: dict[tuple[str, str], LauncherChoice] = field(
        default_factory=dict, repr=False, compare=False
    )

    @property
    def by_name(self) -> Mapping[str, Launcher]:
        """Every launcher by its name."""
        return {"docker": self.docker, "local": self.local, "remote": self.remote}

    def choose(self, engine: EngineEntry, device: str) -> LauncherChoice:
        """The launcher for ``engine`` on ``device``, and the reason; asked again, the same one.

        Raises:
            UnknownLauncherError: The user wants one that does not exist.
            NoRemoteError: The user wants ``remote`` for an engine without a URL.
            DaemonUnavailableError: The user wants ``docker``, and no daemon answers.
        """
        key = (engine.name, device)
        if key not in self._chosen:
            asked = self.requested != AUTO
            choice = self._requested(engine) if asked else self._best(engine, device)
            self._chosen[key] = choice
        return self._chosen[key]

    def _best(self, engine: EngineEntry, device: str) -> LauncherChoice:
        if self.remote.offers(engine.name):
            reason = "the settings name a URL for it"
            return LauncherChoice(launcher=self.remote, reason=reason)
        if engine.embedded:
            reason = "it needs no environment of its own"
            return LauncherChoice(launcher=self.local, reason=reason)
        if self.local.is_built(engine, device) and self._lacks_image(engine, device):
            reason = "its environment is built, and its image for Docker is not"
            return LauncherChoice(launcher=self.local, reason=reason)
        if refusal := self.docker.refusal(engine, device):
            return LauncherChoice(launcher=self.local, reason=refusal)
        built = self.docker.is_built(engine, device)
        reason = f"Docker answers, and the engine's image {'is here' if built else 'can be had'}"
        return LauncherChoice(launcher=self.docker, reason=reason)

    def _lacks_image(self, engine: EngineEntry, device: str) -> bool:
        """Whether Docker answers and has no image of the engine as it is now."""
        daemon = self.docker.daemon
        answers = daemon.may_be_there() and daemon.problem() is None
        return answers and not self.docker.is_built(engine, device)

    def _requested(self, engine: EngineEntry) -> LauncherChoice:
        launcher = self.by_name.get(self.requested)
        if launcher is None:
            raise UnknownLauncherError(self.requested, (AUTO, *self.by_name))
        if launcher is self.remote and not self.remote.offers(engine.name):
            raise NoRemoteError(engine.name)
        if launcher is self.docker and (problem := self.docker.daemon.problem()):
            raise problem
        return LauncherChoice(launcher=launcher, reason="it was asked for")


def make_launchers(
    locations: Locations,
    *,
    requested: str = AUTO,
    offline: bool = False,
    remotes: Mapping[str, tuple[RemoteEngine, ...]] | None = None,
    docker: DockerOptions | None = None,
) -> Launchers:
    """The launchers for one invocation.

    Args:
        locations: Where engines' environments, logs, sockets and weights lie.
        requested: A launcher's name, or ``auto``.
        offline: Build no environment and no image, and pull none.
        remotes: URLs of remote engines by engine name.
        docker: How images are had and what containers may take.
    """
    return Launchers(
        docker=DockerLauncher(
            locations, docker or DockerOptions(), offline=offline, required=requested == "docker"
        ),
        local=LocalLauncher(locations, offline=offline),
        remote=RemoteLauncher(remotes or {}),
        requested=requested,
    )


def configured_launchers(
    resolved: "ResolvedSettings",
    locations: Locations,
    environ: Mapping[str, str] = os.environ,
) -> Launchers:
    """The launchers that the settings ask for; tokens of remote engines come from ``environ``."""
    settings = resolved.settings
    return make_launchers(
        locations,
        requested=settings.launcher,
        offline=settings.offline,
        remotes={
            name: (_remote_engine(remote, environ),) for name, remote in resolved.remote.items()
        },
        docker=docker_options(settings),
    )


def docker_options(settings: "Settings") -> DockerOptions:
    """What the settings say about images and containers."""
    return DockerOptions(
        pull=settings.pull_image,
        registry=settings.image_registry,
        base_image=settings.base_image,
        memory_mb=settings.engine_memory_mb,
        cpus=settings.engine_cpus,
    )


def _remote_engine(remote: "RemoteSettings", environ: Mapping[str, str]) -> RemoteEngine:
    token = environ.get(remote.token_env) if remote.token_env else None
    return RemoteEngine(url=remote.url, token=token, unset=None if token else remote.token_env)


def check_remotes(resolved: "ResolvedSettings", engines: Collection[str]) -> None:
    """Make sure that every remote engine of the settings is one that exists.

    Args:
        resolved: The settings.
        engines: Names of all engines.

    Raises:
        SettingsFileError: One is not; it would never be asked for.
    """
    from dalston_cli.settings.explain import SettingsFileError, line_of  # noqa: PLC0415 - loads pydantic

    for name in resolved.remote:
        if name not in engines:
            line = line_of(resolved.file.read_text(encoding="utf-8"), ("remote", name))
            problem = f"remote.{name}: there is no engine `{name}`{did_you_mean(name, engines)}"
            raise SettingsFileError(resolved.file, line, problem)
