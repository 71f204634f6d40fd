"""Changes of the settings file: one key at a time, comments and order kept, all or nothing."""

from collections.abc import MutableMapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dalston_cli.atomic_file import write_whole
from dalston_cli.errors import ConfigurationError, UsageError
from dalston_cli.folder_lock import lock_folder
from dalston_cli.nearest import did_you_mean
from dalston_cli.settings import explain
from dalston_cli.settings.load import decode_settings, parse_settings, read_bytes, read_value
from dalston_cli.settings.schema import SettingsContent
from dalston_cli.settings.table import TABLE

_PATIENCE_S = 20.0
"""For a change by another process, which takes a moment; another user could lock for ever."""

_TABLES = ("profiles", "remote")
_PROFILE = "profile"


class UnknownSettingError(UsageError):
    """No setting has this name."""

    code = "unknown_setting"

    def __init__(self, key: str) -> None:
        near = did_you_mean(key, [*TABLE, _PROFILE])
        super().__init__(f"unknown setting {key}{near}", hint="see: dalston config show --all")


class SettingKeyError(UsageError):
    """A key can be none of a settings file."""

    code = "setting_key"

    def __init__(self, key: str, problem: str) -> None:
        super().__init__(
            f"{key!r}: {problem}",
            hint="write it like dalston config set profiles.NAME.beam_size 5",
        )


class SettingValueError(UsageError):
    """A setting cannot have this value."""

    code = "setting_value"

    def __init__(self, key: str, problem: str) -> None:
        form = f" {TABLE[key].values}" if key in TABLE else ""
        super().__init__(f"{key} {problem}", hint=f"dalston config set {key}{form}")


class NotSetError(UsageError):
    """A setting that is to be removed is not in the file."""

    code = "not_set"

    def __init__(self, key: str, file: Path) -> None:
        super().__init__(f"{key} is not set in {file}", hint="see: dalston config show")


class SettingsFileUnwritableError(ConfigurationError):
    """The system refuses to write the settings file."""

    code = "settings_unwritable"

    def __init__(self, file: Path, problem: OSError) -> None:
        super().__init__(
            f"cannot write {file}: {problem.strerror or problem}",
            hint="use another folder: export DALSTON_CONFIG_DIR=/another/folder",
        )


@dataclass(frozen=True, kw_only=True)
class Key:
    """A key of the settings file.

    Attributes:
        path: The tables that hold it, then its own name, underscores for dashes.
    """

    path: tuple[str, ...]

    @classmethod
    def parse(cls, text: str, profile: str | None = None) -> "Key":
        """Read ``beam_size``, ``beam-size``, ``profiles.NAME.beam_size`` or ``remote.NAME.url``.

        Raises:
            SettingKeyError: Part of it is no name.
            UnknownSettingError: There is no such setting.
        """
        first, *rest = text.split(".")
        if profile == "" or "" in (first, *rest):
            raise SettingKeyError(text, "a profile, an engine and a setting have names")
        if not _is_text(f"{text}{profile}"):
            raise SettingKeyError(text, "this is not UTF-8")
        path: tuple[str, ...]
        if first in _TABLES and rest:
            *name, last = rest
            path = (first, ".".join(name), _plain(last)) if name else (first, last)
        else:
            path = (_plain(text),)
        if profile is not None and len(path) == 1:
            path = ("profiles", profile, *path)
        if path[0] != "remote" and path[-1] not in TABLE and path != (_PROFILE,):
            raise UnknownSettingError(text)
        return cls(path=path)

    @property
    def name(self) -> str:
        """The setting's own name."""
        return self.path[-1]

    def __str__(self) -> str:
        return ".".join(self.path)


def set_value(file: Path, key: Key, text: str) -> object:
    """Set a key of the settings file, which is made if it is missing; return the value.

    Raises:
        SettingValueError: The setting cannot have this value.
        UnknownProfileError: The profile that is to be in force is not in the file.
        SettingsFileError: The file is wrong elsewhere.
        SettingsFileUnwritableError: The system refuses.
    """
    value = _value(key, text)

    def change(table: MutableMapping[str, Any]) -> None:
        table[_spelled(table, key.name) or key.name] = value

    _change(file, key, change, make=True)
    return value


def unset_value(file: Path, key: Key) -> None:
    """Remove a key from the settings file.

    Raises:
        NotSetError: It is not there.
        SettingsFileError, SettingsFileUnwritableError: As for ``set_value``.
    """

    def change(table: MutableMapping[str, Any]) -> None:
        spelled = _spelled(table, key.name)
        if spelled is None:
            raise NotSetError(str(key), file)
        del table[spelled]

    _change(file, key, change, make=False)


def replace_text(file: Path, text: str) -> None:
    """Write a whole settings file, with the permissions of the one that it replaces.

    Raises:
        SettingsFileUnwritableError: The system refuses.
    """
    try:
        place = file.resolve()  # a link to a file that is kept elsewhere stays a link
        mode = place.stat().st_mode & 0o777 if place.exists() else None
        write_whole(place, text.encode(), mode=mode)
    except OSError as error:
        raise SettingsFileUnwritableError(file, error) from error


def _change(file: Path, key: Key, change: Any, *, make: bool) -> None:  # noqa: ANN401 - a function of tomlkit's tables
    import tomlkit  # noqa: PLC0415 - only while a file is changed
    from tomlkit.exceptions import TOMLKitError  # noqa: PLC0415 - the same

    try:
        with lock_folder(file.parent, patience_s=_PATIENCE_S):
            text = decode_settings(file, read_bytes(file))
            document = tomlkit.parse(text)
            table: Any = document
            for name in key.path[:-1]:
                if name not in table:
                    if not make:
                        raise NotSetError(str(key), file)
                    table[name] = tomlkit.table(is_super_table=name in _TABLES)
                table = table[name]
                if not isinstance(table, MutableMapping):
                    line = explain.line_of(text, (name,))
                    raise explain.SettingsFileError(file, line, f"{name} should be a table")
            change(table)
            changed = tomlkit.dumps(document)
            _check_profile(file, parse_settings(file, changed), key, is_set=make)
            replace_text(file, changed)
    except TOMLKitError as error:
        raise explain.SettingsFileError(file, None, f"cannot be read: {error}") from error
    except OSError as error:
        raise SettingsFileUnwritableError(file, error) from error


def _check_profile(file: Path, content: SettingsContent, key: Key, *, is_set: bool) -> None:
    """Refuse to put a profile in force that is not there."""
    profile = content.profile
    if is_set and key.path == (_PROFILE,) and profile and profile not in content.profiles:
        raise explain.UnknownProfileError(profile, content.profiles, file)


def _value(key: Key, text: str) -> object:
    """Return a value as TOML holds it."""
    if not _is_text(text):
        raise SettingValueError(key.name, f"{text!r}: this is not UTF-8")
    if key.name not in TABLE or key.path[0] == "remote":
        return text
    try:
        value = read_value(key.name, text)
    except explain.WrongValueError as error:
        raise SettingValueError(key.name, str(error)) from error
    return list(value) if isinstance(value, tuple) else value


def _spelled(table: MutableMapping[str, Any], name: str) -> str | None:
    """Return a key as the file spells it: with dashes or underscores; None where it is not set."""
    if name in table:
        return name
    return next((spelled for spelled in table if _plain(spelled) == name), None)


def _is_text(text: str) -> bool:
    """Return False for bytes of the command line that are no text."""
    return text == text.encode(errors="replace").decode()


def _plain(name: str) -> str:
    return name.replace("-", "_")
