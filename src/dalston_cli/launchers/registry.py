"""Every launcher by its name, and the choice of one for an engine.

A new launcher is a folder with a ``launcher.py`` whose ``LAUNCHER`` fulfils ``base.Launcher``, and
its name in ``settings.choices.LauncherName``.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, cast, get_args

from msgspec import Struct

from dalston_cli.catalog.schema import EngineEntry
from dalston_cli.errors import UsageError
from dalston_cli.launchers.base import Launcher, LauncherContext
from dalston_cli.settings.choices import AUTO, LauncherName
from dalston_cli.settings.explain import SettingsFileError, line_of
from dalston_cli.settings.locations import Locations

if TYPE_CHECKING:
    from dalston_cli.catalog.catalog import Catalog
    from dalston_cli.settings.load import ResolvedSettings

LAUNCHER_NAMES = tuple(name for name in get_args(LauncherName) if name != AUTO)


class UnknownLauncherError(UsageError):
    """There is no launcher of that name."""

    code = "unknown_launcher"

    def __init__(self, name: str, known: Iterable[str]) -> None:
        super().__init__(
            f"there is no launcher {name}", hint=f"use --launcher with one of {', '.join(known)}"
        )


@cache
def launcher_class(name: str) -> type[Launcher]:
    """Return the class of the launcher called ``name``, one of ``LAUNCHER_NAMES``."""
    module = import_module(f"dalston_cli.launchers.{name}.launcher")
    return cast("type[Launcher]", module.LAUNCHER)


class LauncherChoice(Struct, frozen=True, kw_only=True):
    """A launcher, and the reason for it."""

    launcher: Launcher
    reason: str


@dataclass(frozen=True)
class Launchers:
    """The launchers of this process.

    Attributes:
        by_name: Every launcher; ``auto`` prefers the earlier ones.
        requested: Name of the launcher that the user wants, or ``auto``.

    One that stopped working is not taken any more, see ``give_up``.
    """

    by_name: Mapping[str, Launcher]
    requested: str = AUTO
    _chosen: dict[tuple[str, str], LauncherChoice] = field(
        default_factory=dict, repr=False, compare=False
    )

    _lost: dict[str, str] = field(default_factory=dict, repr=False, compare=False)

    @property
    def may_change(self) -> bool:
        """True if another launcher may be taken in place of one that stops working."""
        return self.requested == AUTO

    def give_up(self, name: str, reason: str) -> None:
        """Take another launcher from now on than the one called ``name``, which stopped working."""
        self._lost[name] = reason
        for key in [key for key, choice in self._chosen.items() if choice.launcher.name == name]:
            del self._chosen[key]

    def choose(self, engine: EngineEntry, device: str) -> LauncherChoice:
        """Return the launcher for ``engine`` on ``device``; for equal arguments the same one.

        Raises:
            UnknownLauncherError: The user wants one that does not exist.
            DalstonError: The one that the user wants cannot start or reach the engine.
        """
        key = (engine.name, device)
        if key not in self._chosen:
            asked = self.requested != AUTO
            choice = self._requested(engine) if asked else self._best(engine, device)
            self._chosen[key] = choice
        return self._chosen[key]

    def _requested(self, engine: EngineEntry) -> LauncherChoice:
        launcher = self.by_name.get(self.requested)
        if launcher is None:
            raise UnknownLauncherError(self.requested, (AUTO, *self.by_name))
        launcher.check(engine)
        return LauncherChoice(launcher=launcher, reason="it was asked for")

    def _best(self, engine: EngineEntry, device: str) -> LauncherChoice:
        names = [name for name in self.by_name if name not in self._lost]
        for name in reversed(names):
            if claim := self.by_name[name].claim(engine):
                return LauncherChoice(launcher=self.by_name[name], reason=claim)
        every = tuple(self.by_name[name] for name in names)
        refusals = list(self._lost.values())
        for number, launcher in enumerate(every):
            if better := _built_elsewhere(launcher, every[number + 1 :], engine, device):
                return better
            refusal = launcher.refusal(engine, device)
            if refusal is None:
                reason = refusals[0] if refusals else launcher.merit(engine, device)
                return LauncherChoice(launcher=launcher, reason=reason)
            refusals.append(refusal)
        raise AssertionError("no launcher takes every engine: " + "; ".join(refusals))


def _built_elsewhere(
    launcher: Launcher, later: Iterable[Launcher], engine: EngineEntry, device: str
) -> LauncherChoice | None:
    """Return a later launcher that has built the engine, if this one would have to build it."""
    for other in later:
        if other.manages and other.is_built(engine, device):
            if not launcher.answers() or _is_ready(launcher, engine, device):
                return None
            mine = f"its {launcher.builds} for {launcher.name.capitalize()}"
            reason = f"its {other.builds} is built, and {mine} is not"
            return LauncherChoice(launcher=other, reason=reason)
    return None


def _is_ready(launcher: Launcher, engine: EngineEntry, device: str) -> bool:
    return launcher.is_built(engine, device) or launcher.serves(engine, device)


class _MadeWhenUsed(Mapping[str, Launcher]):
    """Launchers by name; the code of one is loaded when it is looked up."""

    def __init__(self, make: Callable[[str], Launcher]) -> None:
        self._make = cache(make)

    def __getitem__(self, name: str) -> Launcher:
        if name not in LAUNCHER_NAMES:
            raise KeyError(name)
        return self._make(name)

    def __iter__(self) -> Iterator[str]:
        return iter(LAUNCHER_NAMES)

    def __len__(self) -> int:
        return len(LAUNCHER_NAMES)


def make_launchers(context: LauncherContext) -> Launchers:
    """Return every launcher, made when it is asked for the first time."""
    by_name = _MadeWhenUsed(lambda name: launcher_class(name).from_context(context))
    return Launchers(by_name, context.requested)


def configured_launchers(
    resolved: "ResolvedSettings", locations: Locations, environ: Mapping[str, str] = os.environ
) -> Launchers:
    """Make the launchers as the settings want them; tokens are taken from ``environ``."""
    return make_launchers(
        LauncherContext(
            locations=locations,
            requested=resolved.settings.launcher,
            offline=resolved.settings.offline,
            settings=resolved.settings,
            remotes=resolved.remote,
            environ=environ,
        )
    )


def check_remotes(resolved: "ResolvedSettings", catalog: "Catalog") -> None:
    """Make sure that every remote engine of the settings is one that exists.

    Raises:
        SettingsFileError: One is not; it would never be used.
    """
    for name in resolved.remote:
        try:
            catalog.engine(name)
        except UsageError as error:
            line = line_of(resolved.file.read_text(encoding="utf-8"), ("remote", name))
            problem = f"remote.{name}: {error.message}"
            raise SettingsFileError(resolved.file, line, problem) from error
