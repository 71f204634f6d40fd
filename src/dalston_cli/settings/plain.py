"""Values of settings that are plainly right: read without pydantic, whose import takes long.

Whatever is not plainly right is left to ``checks``, where pydantic reads it, or says what is wrong.
"""

import math
import re
from collections.abc import Mapping
from typing import Any, Literal, get_args, get_origin

from dalston_cli.settings.declare import Kind, Setting
from dalston_cli.settings.schema import RemoteEngine, SettingsContent
from dalston_cli.settings.table import TABLE
from dalston_cli.settings.table.kinds import remote_url, text
from dalston_cli.settings.values import split_list

_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,14}")
_DECIMAL = re.compile(r"-?[0-9]{1,9}(\.[0-9]{1,9})?")
_SWITCH = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


class UndecidedError(Exception):
    """A value is not plainly right: it may be wrong, or written in an unusual way."""


def plain_value(setting: Setting, value: object) -> object:
    """Return a value as the setting holds it.

    Raises:
        UndecidedError: Only pydantic can tell.
    """
    kind = setting.kind
    if get_origin(setting.type) is tuple:
        return _checked(kind, _list(kind, get_args(setting.type)[0], value))
    return _checked(kind, _single(kind, setting.type, value))


def plain_content(tables: Mapping[str, Any]) -> SettingsContent:
    """Return what the tables of a settings file hold; raises as ``plain_value``."""
    further = {"profile", "profiles", "remote"}
    own = {name: value for name, value in tables.items() if name not in further}
    profile = tables.get("profile")
    return SettingsContent(
        own=_stated(own),
        profile=None if profile is None else _text(text, profile),
        profiles={name: _stated(part) for name, part in _table(tables.get("profiles", {})).items()},
        remote={name: _remote(part) for name, part in _table(tables.get("remote", {})).items()},
    )


def _stated(table: object) -> dict[str, Any]:
    values = _table(table)
    if not TABLE.keys() >= values.keys():
        raise UndecidedError
    return {name: plain_value(TABLE[name], values[name]) for name in TABLE if name in values}


def _remote(table: object) -> RemoteEngine:
    values = _table(table)
    if not {"url"} <= values.keys() <= {"url", "token_env"}:
        raise UndecidedError
    token = values.get("token_env")
    return RemoteEngine(
        url=_checked(remote_url, _text(remote_url, values["url"])),
        token_env=None if token is None else _text(text, token),
    )


def _table(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise UndecidedError
    return value


def _list(kind: Kind, each: type, value: object) -> tuple[object, ...]:
    items = split_list(value) if kind.split else value
    if not isinstance(items, tuple):
        raise UndecidedError
    return tuple(_single(kind, each, item) for item in items)


def _checked(kind: Kind, value: Any) -> Any:  # noqa: ANN401 - a value may be of any type
    try:
        return value if kind.check is None else kind.check(value)
    except ValueError:
        raise UndecidedError from None


def _single(kind: Kind, wanted: Any, value: object) -> object:  # noqa: ANN401 - a type, or a Literal
    if wanted is bool:
        return _switch(value)
    if wanted is str:
        return _text(kind, value)
    if wanted is int or wanted is float:
        return _number(kind, wanted, value)
    if get_origin(wanted) is Literal and isinstance(value, str) and value in get_args(wanted):
        return value
    raise UndecidedError


def _switch(value: object) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value in _SWITCH:
        return _SWITCH[value]
    raise UndecidedError


def _text(kind: Kind, value: object) -> str:
    if not isinstance(value, str) or len(value) < (kind.min_length or 0):
        raise UndecidedError
    try:
        value.encode()
    except UnicodeEncodeError:  # bytes of a command line that are no text
        raise UndecidedError from None
    return value


def _number(kind: Kind, wanted: type[int | float], value: object) -> float:
    written = _INTEGER if wanted is int else _DECIMAL
    if isinstance(value, str) and written.fullmatch(value):
        number: float = wanted(value)
    elif type(value) is int or (wanted is float and type(value) is float):
        number = wanted(value)
    else:
        raise UndecidedError
    if not math.isfinite(number) or not _is_within(kind, number):
        raise UndecidedError
    return number


def _is_within(kind: Kind, number: float) -> bool:
    return (
        (kind.ge is None or number >= kind.ge)
        and (kind.gt is None or number > kind.gt)
        and (kind.le is None or number <= kind.le)
        and abs(number) < 2**63
    )
