"""The settings file as plain data: what is wrong with it as TOML, and where."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dalston_cli.control_characters import named_control
from dalston_cli.settings.explain import Key, SettingsFileError, line_of

MAX_BYTES = 256_000
_MAX_NUMBER = 2**63
_LINE = re.compile(r"at line (\d+)")
_LONG_KEY = re.compile(r"""(?:[\w-]+\s*\.\s*|"[^"\n]*"\s*\.\s*|'[^'\n]*'\s*\.\s*){100}""")
"""Python's reader takes minutes for one key of 30,000 parts."""


def read_toml(file: Path, text: str) -> dict[str, Any]:
    """Return the tables of a settings file.

    Args:
        file: For messages.
        text: What it holds.

    Raises:
        SettingsFileError: It is not TOML, or would take long to read.
    """
    if found := _LONG_KEY.search(text):
        long_line = text.count("\n", 0, found.start()) + 1
        raise SettingsFileError(file, long_line, "cannot be read: a key has too many parts")
    try:
        raw = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        line, problem = _explained(error, text)
        raise SettingsFileError(file, line, f"cannot be read: {problem}") from error
    for key, problem in _odd_values(raw, ()):
        raise SettingsFileError(file, line_of(text, key), f"{'.'.join(key)} {problem}")
    return raw


def _odd_values(value: object, key: Key) -> Iterator[tuple[Key, str]]:
    match value:
        case dict():
            for name, part in value.items():
                if control := named_control(name):
                    yield (*key, name), f"has the control character {control} in its name"
                yield from _odd_values(part, (*key, name))
        case list():
            for part in value:
                yield from _odd_values(part, key)
        case str() if control := named_control(value):
            yield key, f"holds the control character {control}"
        case int() if abs(value) >= _MAX_NUMBER:
            yield key, "is too large a number"


def _explained(error: ValueError | RecursionError, text: str) -> tuple[int | None, str]:
    """Return the line and what is wrong with it."""
    match error:
        case tomllib.TOMLDecodeError():
            at = _LINE.search(str(error))
            return int(at[1]) if at else text.rstrip().count("\n") + 1, str(error)  # at the end
        case RecursionError():
            return _densest_line(text), "it is nested too deeply"
        case _:
            return _line_of_number(text), "a number is too large"


def _densest_line(text: str) -> int:
    lines = text.splitlines()
    return 1 + max(range(len(lines)), key=lambda at: lines[at].count("[") + lines[at].count("{"))


def _line_of_number(text: str) -> int | None:
    found = re.search(r"\d(?:_?\d){4000}", text)
    return text.count("\n", 0, found.start()) + 1 if found else None
