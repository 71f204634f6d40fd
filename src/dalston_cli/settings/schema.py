"""The values of settings, and what a settings file holds.

The settings themselves are declared in ``settings.table``; ``plain`` and ``checks`` read what
people wrote.
"""

from collections.abc import Mapping
from typing import Any, NoReturn, Self

from msgspec import Struct

from dalston_cli.settings.table import TABLE, General, Work
from dalston_cli.settings.table.machine import Machine
from dalston_cli.settings.table.output import AfterRun
from dalston_cli.settings.table.stages import KnownVoices


class RemoteEngine(Struct, frozen=True, kw_only=True):
    """An engine that runs already, somewhere.

    Attributes:
        url: Its address, such as ``http://gpu-server:8401``.
        token_env: The environment variable that holds its bearer token.
    """

    url: str
    token_env: str | None = None


class Settings(General, Work, KnownVoices, AfterRun, Machine):
    """Every setting's value: the class has the defaults, an object what is stated."""

    def __init__(self, **stated: object) -> None:
        """Take values as ``load.read_value`` returns them; nothing is checked here.

        Raises:
            TypeError: There is no such setting.
        """
        if unknown := stated.keys() - TABLE.keys():
            raise TypeError(f"no such setting: {', '.join(sorted(unknown))}")
        vars(self).update(stated)

    def replaced(self, **changes: object) -> Self:
        """Return the same with other values of some settings."""
        return type(self)(**{**vars(self), **changes})

    def every(self) -> dict[str, Any]:
        """Return all values by name."""
        return {name: getattr(self, name) for name in TABLE}

    def stated(self) -> dict[str, Any]:
        """Return the values that were given, without defaults."""
        return {name: value for name, value in self.every().items() if name in vars(self)}

    def __setattr__(self, name: str, value: object) -> NoReturn:
        """Refuse changes."""
        raise AttributeError(f"{name} cannot be set to {value!r}: settings do not change")

    def __eq__(self, other: object) -> bool:
        """Compare all values, stated or not."""
        return isinstance(other, Settings) and self.every() == other.every()

    def __hash__(self) -> int:
        """Fit to ``__eq__``."""
        return hash(tuple(self.every().values()))

    def __repr__(self) -> str:
        """Show what is stated."""
        return f"Settings({', '.join(f'{name}={value!r}' for name, value in vars(self).items())})"


class SettingsContent(Struct, frozen=True, kw_only=True):
    """What ``config.toml`` holds: settings, the same again per profile, and remote engines.

    Attributes:
        own: Values of the file itself, by setting, without defaults.
        profile: The profile in force where neither ``--profile`` nor the environment names one.
        profiles: Values that go before the file's own while their profile is in force.
        remote: By engine name.
    """

    own: Mapping[str, Any]
    profile: str | None
    profiles: Mapping[str, Mapping[str, Any]]
    remote: Mapping[str, RemoteEngine]

    def stated(self, profile: str | None) -> Mapping[str, Any]:
        """Return what the file itself sets, or one of its profiles, without defaults."""
        return self.own if profile is None else self.profiles[profile]
