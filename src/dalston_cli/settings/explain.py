"""Errors in settings: what is wrong with a value, and where it was given."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from dalston_cli.errors import ConfigurationError, UsageError
from dalston_cli.nearest import did_you_mean, near_miss

Key = tuple[str, ...]


class SettingsFileError(ConfigurationError):
    """``config.toml`` cannot be read, or holds an impossible value."""

    def __init__(self, file: Path, line: int | None, problem: str) -> None:
        place = f"{file}:{line}" if line else f"{file}"
        super().__init__(f"{place}: {problem}", hint=f"edit {file}, then see: dalston config show")


class VariableError(ConfigurationError):
    """An environment variable has an impossible value."""

    def __init__(self, variable: str, problem: str) -> None:
        super().__init__(f"{variable} = {problem}", hint=f"unset {variable}")


class OptionError(UsageError):
    """An option has an impossible value."""

    def __init__(self, option: str, error: ValidationError) -> None:
        nearest = getattr(_cause(error), "nearest", ())
        hint = f"use {option} {nearest[0]}" if nearest else "see: dalston transcribe --help-all"
        problem = f"{option} {problem_of(error)}"
        found = error.errors(include_url=False)[0]["input"]
        if isinstance(found, str) and found.startswith("--"):
            problem = f"the value of {option} is missing: {found} follows it"
            hint = "see: dalston transcribe --help-all"
        super().__init__(problem, hint=hint)


class UnknownProfileError(ConfigurationError):
    """The settings file has no profile of this name."""

    def __init__(self, name: str, known: Iterable[str], file: Path) -> None:
        names = sorted(known)
        guess = near_miss(name, names)
        listed = f"it has {', '.join(names)}" if names else "it has none"
        super().__init__(
            f"no profile {name!r} in {file}: {listed}",
            hint=f"use --profile {guess}" if guess else "see: dalston config path",
        )


def problem_of(error: ValidationError) -> str:
    """Describe what is wrong with the one value that was validated."""
    detail = error.errors(include_url=False)[0]
    message = detail["msg"].removeprefix("Value error, ")
    return f"{_shown(detail['input'])}: {message[:1].lower()}{message[1:]}"


def _cause(error: ValidationError) -> object:
    """Return what a check of ours raised; None for a check of pydantic's."""
    return error.errors(include_url=False)[0].get("ctx", {}).get("error")


def problem_in_file(error: ValidationError, model: type[BaseModel]) -> tuple[Key, str]:
    """Return the first key of a file that is wrong, and what is wrong with it."""
    detail = error.errors(include_url=False)[0]
    key = tuple(str(part) for part in detail["loc"])
    if detail["type"] == "extra_forbidden":
        near = did_you_mean(key[-1], _fields_at(key[:-1], model))
        return key, f"unknown setting {'.'.join(key)}{near}"
    return key, f"{'.'.join(key)} = {problem_of(error)}"


def line_of(text: str, key: Sequence[str]) -> int | None:
    """Return the line (from 1) where a TOML text sets ``key``; None where it is not found."""
    *tables, name = key
    table = ".".join(tables)
    current = ""
    either_dash = re.escape(name).replace("_", "[-_]")
    for number, line in enumerate(text.splitlines(), start=1):
        if heading := re.match(r"\s*\[+\s*([^\]]+?)\s*\]+", line):
            current = heading[1].replace('"', "").replace("-", "_")
            if current == ".".join(key).replace("-", "_"):
                return number
        elif current == table.replace("-", "_") and re.match(rf'\s*"?{either_dash}"?\s*[=.]', line):
            return number
    return None


def _fields_at(path: Key, model: type[BaseModel]) -> Iterable[str]:
    """Return the keys that can stand at ``path``: at the top, in a profile or a remote engine."""
    if not path:
        return model.model_fields
    annotation: Any = model.model_fields[path[0]].annotation
    part: type[BaseModel] = annotation.__args__[1]
    return part.model_fields


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…"  # noqa: PLR2004 - a line's worth
