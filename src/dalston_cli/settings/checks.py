"""Settings as pydantic models: they read what is not plainly right, or say what is wrong with it.

Their names are those of messages. Import this where it is needed: pydantic takes long.
"""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from dalston_cli.nearest import did_you_mean
from dalston_cli.settings import schema
from dalston_cli.settings.explain import Key, WrongFileError, WrongValueError
from dalston_cli.settings.table import TABLE, General, Work
from dalston_cli.settings.table.kinds import remote_url, text
from dalston_cli.settings.table.machine import Machine
from dalston_cli.settings.table.output import AfterRun
from dalston_cli.settings.table.stages import KnownVoices

Text = Annotated[str, text]
ModelT = TypeVar("ModelT", bound=BaseModel)


class _Strict(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", protected_namespaces=(), defer_build=True
    )


class RemoteEngine(_Strict):
    """An engine that runs already, see ``schema.RemoteEngine``."""

    url: Annotated[str, remote_url]
    token_env: Text | None = None


class PipelineSettings(Work, _Strict):
    """Settings of a named pipeline: everything about the work, nothing about the machine."""

    def stated(self) -> dict[str, Any]:
        """Return what it sets itself, without defaults."""
        return _stated(self)


class Settings(General, Work, KnownVoices, AfterRun, Machine, _Strict):
    """Every setting's value."""


class SettingsFile(Settings):
    """``config.toml``, see ``schema.SettingsContent``."""

    profile: Text | None = None
    profiles: dict[str, Settings] = Field(default_factory=dict)
    remote: dict[str, RemoteEngine] = Field(default_factory=dict)


def checked_value(name: str, value: object) -> object:
    """Return a value as the setting holds it.

    Raises:
        WrongValueError: The setting cannot have it.
    """
    try:
        return getattr(Settings.model_validate({name: value}), name)
    except ValidationError as error:
        raise _wrong_value(error) from error


def checked_content(tables: Mapping[str, Any]) -> schema.SettingsContent:
    """Return what the tables of a settings file hold.

    Raises:
        WrongFileError: Something in them is impossible.
    """
    try:
        file = SettingsFile.model_validate(tables)
    except ValidationError as error:
        raise WrongFileError(*_problem_in_file(error)) from error
    return schema.SettingsContent(
        own=_stated(file),
        profile=file.profile,
        profiles={name: _stated(part) for name, part in file.profiles.items()},
        remote={
            name: schema.RemoteEngine(url=one.url, token_env=one.token_env)
            for name, one in file.remote.items()
        },
    )


def _stated(model: BaseModel) -> dict[str, Any]:
    return {name: getattr(model, name) for name in TABLE if name in model.model_fields_set}


def _wrong_value(error: ValidationError) -> WrongValueError:
    detail = error.errors(include_url=False)[0]
    message = detail["msg"].removeprefix("Value error, ")
    cause = detail.get("ctx", {}).get("error")  # what a check of ours raised
    return WrongValueError(
        getattr(cause, "text", detail["input"]),
        f"{message[:1].lower()}{message[1:]}",
        nearest=getattr(cause, "nearest", ()),
    )


def _problem_in_file(error: ValidationError) -> tuple[Key, str]:
    """Return the first key of a file that is wrong, and what is wrong with it."""
    detail = error.errors(include_url=False)[0]
    key = tuple(str(part) for part in detail["loc"])
    if detail["type"] == "extra_forbidden":
        near = did_you_mean(key[-1], _fields_at(key[:-1]))
        return key, f"unknown setting {'.'.join(key)}{near}"
    return key, f"{'.'.join(key)} = {_wrong_value(error)}"


def _fields_at(path: Key) -> Iterable[str]:
    """Return the keys that can stand at ``path``: at the top, in a profile or a remote engine."""
    if not path:
        return SettingsFile.model_fields
    return (RemoteEngine if path[0] == "remote" else Settings).model_fields
