"""The settings as pydantic models, which check files, variables and options.

The settings themselves are declared in ``settings.table``.
"""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from dalston_cli.settings.declare import Kind
from dalston_cli.settings.table import TABLE, General, Work
from dalston_cli.settings.table.kinds import text
from dalston_cli.settings.table.machine import Machine
from dalston_cli.settings.table.output import AfterRun
from dalston_cli.settings.table.stages import KnownVoices
from dalston_cli.settings.values import text_like

Text = Annotated[str, text]


class _Strict(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", protected_namespaces=(), defer_build=True
    )


class RemoteEngine(_Strict):
    """An engine that runs already, somewhere.

    Attributes:
        url: Its address, such as ``http://gpu-server:8401``.
        token_env: The environment variable that holds its bearer token.
    """

    url: Annotated[
        str, Kind(check=text_like(r"https?://[^\s/]+\S*", "http://HOST:PORT or https://HOST"))
    ]
    token_env: Text | None = None


class PipelineSettings(Work, _Strict):
    """Settings of a named pipeline: everything about the work, nothing about the machine."""

    def stated(self) -> dict[str, Any]:
        """Return what it sets itself, without defaults."""
        return {name: getattr(self, name) for name in TABLE if name in self.model_fields_set}


class Settings(General, Work, KnownVoices, AfterRun, Machine, _Strict):
    """Every setting's value."""


class SettingsFile(Settings):
    """``config.toml``: settings, the same again per profile, and remote engines.

    Attributes:
        profile: The profile in force where neither ``--profile`` nor the environment names one.
        profiles: Settings that go before the file's own while their profile is in force.
        remote: By engine name.
    """

    profile: Text | None = None
    profiles: dict[str, Settings] = Field(default_factory=dict)
    remote: dict[str, RemoteEngine] = Field(default_factory=dict)

    def stated(self, profile: str | None) -> dict[str, Any]:
        """Return what the file itself sets, or one of its profiles, without defaults."""
        part = self if profile is None else self.profiles[profile]
        return {name: getattr(part, name) for name in TABLE if name in part.model_fields_set}
