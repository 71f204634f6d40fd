"""Errors of the journal's file, and which of them an error of SQLite is.

A damaged file shows itself at any statement, and a full disk at any that writes; so every statement
of the journal goes through ``JournalConnection``.
"""

import shlex
import sqlite3
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dalston_cli.errors import ConfigurationError, DalstonError, UnavailableError

_REFUSED = frozenset(
    {
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_NOLFS,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_READONLY,
    }
)
_CUT_OFF = frozenset({sqlite3.SQLITE_IOERR_SHORT_READ, sqlite3.SQLITE_IOERR_CORRUPTFS})
_HELD = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL})
_PRIMARY = 0xFF
"""The part of an extended error code that says what kind of error it is."""


class JournalError(DalstonError):
    """The journal cannot be used, and so no run can go on."""


class StateFolderError(JournalError, UnavailableError):
    """The folder of the journal cannot be made or written, or has no room left."""

    code = "state_folder"

    def __init__(self, folder: Path, reason: str) -> None:
        super().__init__(
            f"the state folder {folder} cannot be used: {reason}",
            hint=f"look at room and permissions: df -h {shlex.quote(str(folder))}, or use another "
            "one: export DALSTON_STATE_DIR=/another/folder",
        )


class JournalHeldError(JournalError, UnavailableError):
    """Another process does not let go of the journal."""

    code = "journal_held"

    def __init__(self, path: Path, waited_s: float) -> None:
        super().__init__(
            f"another process holds the journal of runs, and did not let go of it within "
            f"{waited_s:g} s: {path}",
            hint=f"see which one it is: fuser -v {shlex.quote(str(path))}, and run the same "
            "command again when it has ended",
        )


class JournalUnreadableError(JournalError, ConfigurationError):
    """The journal's file is damaged."""

    code = "journal_unreadable"

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(
            f"the journal of runs cannot be used: {path}: {reason}",
            hint="make it anew of what can be read: dalston doctor --repair"
            "   (results and transcripts are kept)",
        )


class JournalNoFileError(JournalError, ConfigurationError):
    """A folder, a pipe or a device is where the journal should be."""

    code = "journal_no_file"

    def __init__(self, path: Path) -> None:
        there, away = shlex.quote(str(path)), shlex.quote(f"{path}.old")
        super().__init__(
            f"the journal of runs cannot be used: {path} is no regular file",
            hint=f"move it away, and run the same command again: mv {there} {away}",
        )


class JournalTooNewError(JournalError, ConfigurationError):
    """The journal was written by a newer version of Dalston."""

    code = "journal_too_new"

    def __init__(self, path: Path, version: int, known: int) -> None:
        super().__init__(
            f"the journal of runs is of a newer Dalston (format {version}, "
            f"this one knows {known}): {path}",
            hint="upgrade Dalston: pip install --upgrade dalston, or use another state folder: "
            "export DALSTON_STATE_DIR=/another/folder",
        )


class JournalConnection(sqlite3.Connection):
    """A connection whose errors are those above."""

    path = Path()
    busy_timeout_s = 0.0

    def execute(self, sql: str, parameters: Sequence[object] = ()) -> "JournalCursor":  # type: ignore[override]  # by position only
        """Run a statement; return the cursor, whose errors are those above, too."""
        return self.cursor(JournalCursor).execute(sql, parameters)

    def explained(self, error: sqlite3.Error) -> DalstonError:
        """Return what an error of SQLite means for this file."""
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT)
        kind = sqlite3.SQLITE_CORRUPT if code in _CUT_OFF else code & _PRIMARY
        if kind in _HELD:
            return JournalHeldError(self.path, self.busy_timeout_s)
        if kind in _REFUSED:
            return StateFolderError(self.path.parent, str(error))
        return JournalUnreadableError(self.path, str(error))


class JournalCursor(sqlite3.Cursor):
    """A cursor whose errors are those above."""

    connection: JournalConnection

    def execute(self, sql: str, parameters: Sequence[object] = ()) -> "JournalCursor":  # type: ignore[override]  # by position only
        """Run a statement."""
        try:
            super().execute(sql, tuple(parameters))
        except sqlite3.Error as error:
            raise self.connection.explained(error) from error
        return self

    def fetchone(self) -> Any:  # noqa: ANN401 - a row, or None
        """Return the next row; None where there is none."""
        try:
            return super().fetchone()
        except sqlite3.Error as error:
            raise self.connection.explained(error) from error

    def fetchall(self) -> list[Any]:
        """Return the rows that are left."""
        try:
            return super().fetchall()
        except sqlite3.Error as error:
            raise self.connection.explained(error) from error

    def __next__(self) -> Any:  # noqa: ANN401 - a row
        """Return the next row."""
        try:
            return super().__next__()
        except sqlite3.Error as error:
            raise self.connection.explained(error) from error


def check_regular(path: Path) -> None:
    """Refuse what would make SQLite wait for ever, or fail without saying why.

    Raises:
        JournalNoFileError: ``path`` is there, and is no regular file.
        OSError: The system does not say.
    """
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISREG(mode):
        raise JournalNoFileError(path)


@contextmanager
def sound_values(path: Path) -> Iterator[None]:
    """Take values that no journal can hold for damage to its file.

    SQLite has no checksums: damage inside of a value shows where the value is read.

    Raises:
        JournalUnreadableError: The block met such a value.
    """
    try:
        yield
    except (ArithmeticError, LookupError, TypeError, ValueError) as error:
        raise JournalUnreadableError(path, f"a value in it is impossible ({error})") from error
