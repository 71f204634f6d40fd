"""A file of the catalog as plain data, with the line of every key, and the mistakes in it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct

from dalston_cli.errors import ConfigurationError

KeyPath = tuple[str | int, ...]


class Problem(Struct, frozen=True, kw_only=True):
    """One mistake: the line counts from 1, the key is a dotted path and may be empty."""

    file: Path
    line: int
    key: str
    message: str

    def __str__(self) -> str:
        """``file:line: key: message``."""
        where = f"{self.file}:{self.line}: "
        return f"{where}{self.key}: {self.message}" if self.key else f"{where}{self.message}"


class CatalogError(ConfigurationError):
    """Files of the catalog are wrong; the message names every mistake with its file and line."""

    code = "catalog"

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        lines = [str(problem) for problem in self.problems]
        count = f"{len(lines)} mistakes in the catalog: " if len(lines) > 1 else ""
        super().__init__(
            f"{count}{'; '.join(lines)}",
            hint=f"edit {self.problems[0].file} and run the command again",
        )


class Document(Struct, frozen=True, kw_only=True):
    """A file's data, and the line (from 1) of every key and list item, by its path."""

    file: Path
    data: dict[str, Any]
    lines: Mapping[KeyPath, int]

    def line(self, path: KeyPath) -> int:
        """Return the line of ``path``, or of its nearest parent that exists."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def problem(self, path: KeyPath, message: str) -> Problem:
        """Return a mistake at ``path``."""
        key = ".".join(str(part) for part in path)
        return Problem(file=self.file, line=self.line(path), key=key, message=message)
