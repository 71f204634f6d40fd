"""Errors in settings: what is wrong with a value, and where it was given."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from dalston_cli.errors import ConfigurationError, UsageError
from dalston_cli.nearest import near_miss

Key = tuple[str, ...]


class WrongValueError(ValueError):
    """A setting cannot have a value; the text shows the value and says why.

    Attributes:
        found: The value.
        nearest: Values that were perhaps meant.
    """

    def __init__(self, found: object, problem: str, *, nearest: Sequence[str] = ()) -> None:
        super().__init__(f"{_shown(found)}: {problem}")
        self.found = found
        self.nearest = nearest


class WrongFileError(ValueError):
    """A key of a settings file is impossible, or its value is; the text says why."""

    def __init__(self, key: Key, problem: str) -> None:
        super().__init__(problem)
        self.key = key


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
    """An option has an impossible value.

    Attributes:
        error: What is wrong with the value, without the option.
        setting: The setting that the option is for.
    """

    def __init__(self, option: str, error: WrongValueError, *, setting: str) -> None:
        self.error = error
        self.setting = setting
        hint = "see: dalston transcribe --help-all"
        problem = f"{option} {error}"
        if isinstance(error.found, str) and error.found.startswith("--"):
            problem = f"the value of {option} is missing: {error.found} follows it"
        elif error.nearest:
            hint = f"use {option} {error.nearest[0]}"
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


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…"  # noqa: PLR2004 - a line's worth
