"""Resolve flags, environment and file to one value per setting, with its origin."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal, get_args

from msgspec import Struct

from dalston_cli.regular_file import read_regular
from dalston_cli.settings import explain
from dalston_cli.settings.locations import Locations
from dalston_cli.settings.plain import UndecidedError, plain_content, plain_value
from dalston_cli.settings.schema import RemoteEngine, Settings, SettingsContent
from dalston_cli.settings.table import TABLE
from dalston_cli.settings.toml import MAX_BYTES, read_toml

FILE_NAME = "config.toml"

SourceKind = Literal["option", "environment", "profile", "file", "pipeline", "default"]
PRECEDENCE: tuple[SourceKind, ...] = get_args(SourceKind)
"""Sources of values; the first that has one counts."""


class Source(Struct, frozen=True, kw_only=True):
    """The origin of a value.

    Attributes:
        place: The option, the variable, the file (with its profile), or the pipeline; empty for
            a default.
    """

    kind: SourceKind
    place: str = ""


class ResolvedSettings(Struct, frozen=True, kw_only=True):
    """Every setting's value, and its origin.

    Attributes:
        file: Path of the settings file, which need not exist.
        profile: The profile in force, if any.
    """

    settings: Settings
    sources: Mapping[str, Source]
    file: Path
    profile: str | None
    remote: Mapping[str, RemoteEngine]

    def from_pipeline(self) -> frozenset[str]:
        """Return the settings that only the pipeline sets."""
        return frozenset(name for name, at in self.sources.items() if at.kind == "pipeline")


def load_settings(
    flags: Mapping[str, object] | None = None,
    *,
    profile: str | None = None,
    pipelines: Callable[[str], Mapping[str, object]] | None = None,
    environ: Mapping[str, str] = os.environ,
    file: Path | None = None,
) -> ResolvedSettings:
    """Take every setting from flag, environment, profile, file, pipeline or default, in this order.

    Args:
        flags: Values from the command line by setting; None means that the flag was not given.
        profile: The profile that ``--profile`` names.
        pipelines: Returns the validated settings of the pipeline of a name; what it raises is
            passed on. None for commands about the machine and its engines.
        environ: The environment.
        file: The settings file; None takes the one in the configuration folder. It need not
            exist.

    Raises:
        OptionError: A flag's value is impossible.
        VariableError: A variable's value is impossible.
        SettingsFileError: The file cannot be read or holds something impossible.
        UnknownProfileError: The profile is not in the file.
    """
    file = file or Locations.from_environment(environ).config / FILE_NAME
    content = read_file(file)
    profile = profile or environ.get("DALSTON_PROFILE") or content.profile
    if profile is not None and profile not in content.profiles:
        raise explain.UnknownProfileError(profile, content.profiles, file)
    layers: list[tuple[Source, Mapping[str, Any]]] = [
        (Source(kind="file", place=str(file)), content.stated(None))
    ]
    if profile is not None:
        place = f"{file} [profiles.{profile}]"
        layers.append((Source(kind="profile", place=place), content.stated(profile)))
    for name, value in _from_environment(environ).items():
        layers.append((Source(kind="environment", place=TABLE[name].variable), {name: value}))
    for name, value in _from_flags(flags or {}).items():
        layers.append((Source(kind="option", place=TABLE[name].flag), {name: value}))
    values: dict[str, Any] = {}
    sources = dict.fromkeys(TABLE, Source(kind="default"))
    for source, layer in layers:
        values |= layer
        sources |= dict.fromkeys(layer, source)
    if pipelines and (pipeline := values.get("pipeline")):
        given = {key: value for key, value in pipelines(pipeline).items() if key not in values}
        values |= given
        sources |= dict.fromkeys(given, Source(kind="pipeline", place=f"pipeline {pipeline}"))
    return ResolvedSettings(
        settings=Settings(**values),
        sources=sources,
        file=file,
        profile=profile,
        remote=content.remote,
    )


def read_file(file: Path) -> SettingsContent:
    """Read the settings file; one that does not exist is empty.

    Raises:
        SettingsFileError: It cannot be read, or holds something impossible.
    """
    return parse_settings(file, decode_settings(file, read_bytes(file)))


def read_bytes(file: Path) -> bytes:
    """Return what a settings file holds; nothing where there is none.

    Raises:
        SettingsFileError: It is no regular file, or the system refuses.
    """
    try:
        return read_regular(file, limit=MAX_BYTES)
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise explain.SettingsFileError(file, None, f"cannot be read: {error.strerror}") from error


def decode_settings(file: Path, data: bytes) -> str:
    """Return the text of a settings file; ``file`` is for messages.

    Raises:
        SettingsFileError: It is no UTF-8; the error has the line.
    """
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        problem = f"cannot be read: {error.reason}, this is not UTF-8"
        raise explain.SettingsFileError(file, line, problem) from error


def parse_settings(file: Path, text: str) -> SettingsContent:
    """Read the text of a settings file; ``file`` is for messages.

    Raises:
        SettingsFileError: It holds something impossible.
    """
    tables = _underscored(read_toml(file, text))
    try:
        return plain_content(tables)
    except UndecidedError:
        from dalston_cli.settings.checks import checked_content  # noqa: PLC0415 - loads pydantic

    try:
        return checked_content(tables)
    except explain.WrongFileError as error:
        line = explain.line_of(text, error.key)
        raise explain.SettingsFileError(file, line, str(error)) from error


def read_value(name: str, value: object) -> object:
    """Return a setting's value, which may be a text of the command line or the environment.

    Raises:
        WrongValueError: The setting cannot have it.
    """
    try:
        return plain_value(TABLE[name], value)
    except UndecidedError:
        from dalston_cli.settings.checks import checked_value  # noqa: PLC0415 - loads pydantic

    return checked_value(name, value)


def read_settings(values: Mapping[str, object]) -> Settings:
    """Return settings with some values, which are read as ``read_value`` does."""
    return Settings(**{name: read_value(name, value) for name, value in values.items()})


def _underscored(table: Mapping[str, Any]) -> dict[str, Any]:
    """Turn dashes in keys into underscores, but not in names of profiles and engines."""
    plain = {name.replace("-", "_"): value for name, value in table.items()}
    if isinstance(profiles := plain.get("profiles"), dict):
        plain["profiles"] = {
            name: _underscored(part) if isinstance(part, dict) else part
            for name, part in profiles.items()
        }
    return plain


def _from_environment(environ: Mapping[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name in TABLE:
        if text := environ.get(TABLE[name].variable):
            try:
                values[name] = read_value(name, text)
            except explain.WrongValueError as error:
                raise explain.VariableError(TABLE[name].variable, str(error)) from error
    return values


def _from_flags(flags: Mapping[str, object]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, value in flags.items():
        if value is None or value == []:
            continue
        try:
            values[name] = read_value(name, value)
        except explain.WrongValueError as error:
            raise explain.OptionError(TABLE[name].flag, error, setting=name) from error
    return values
