"""Repair of a damaged journal: a new one with every row that can still be read.

Stage results are in the store and transcripts on disk, so what cannot be read costs history, and
the time to read recordings and outputs again. The damaged file is set aside, not removed.
"""

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from dalston_cli.errors import DalstonError
from dalston_cli.pipeline.records.journal_errors import (
    JournalConnection,
    JournalTooNewError,
    JournalUnreadableError,
    StateFolderError,
    check_regular,
)
from dalston_cli.pipeline.records.journal_schema import IN_MEMORY, SCHEMA_VERSION, open_database

_BESIDE = ("", "-wal", "-shm")
_TABLES = (
    "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY rowid"
)

_IMPOSSIBLE = {
    "runs": "started_at NOT BETWEEN 0 AND 253402300799 OR pid NOT BETWEEN 1 AND 2147483647",
    "jobs": "CASE WHEN json_valid(outputs) THEN json_type(outputs) <> 'array' ELSE 1 END",
    "results": "CASE WHEN json_valid(warnings) THEN json_type(warnings) <> 'array' ELSE 1 END",
}
"""Rows by table that no journal can hold: times before 1970 or after 9999, lists that are none."""


@dataclass(frozen=True, kw_only=True)
class Repaired:
    """A journal that was made anew.

    Attributes:
        rows: Number of rows that could be read, by table.
        set_aside: The damaged file.
    """

    rows: dict[str, int]
    set_aside: Path


def check_journal(path: Path) -> int | None:
    """Read the whole journal, and change nothing; return its number of runs, None without one.

    Raises:
        JournalUnreadableError: It is damaged anywhere.
        JournalTooNewError: A newer Dalston wrote it.
        JournalNoFileError: It is a folder, a pipe or a device.
        JournalHeldError, StateFolderError: It cannot be read now.
    """
    if not path.exists():
        return None
    with closing(_read_only(path)) as connection:
        version: int = connection.execute("PRAGMA user_version").fetchone()[0]
        if version > SCHEMA_VERSION:
            raise JournalTooNewError(path, version, SCHEMA_VERSION)
        problem: str = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if problem != "ok":
            raise JournalUnreadableError(path, problem.replace("\n", " "))
        if version == SCHEMA_VERSION:  # one of an earlier version is upgraded when it is opened
            _check_contents(connection)
        number: int = connection.execute("SELECT count(*) FROM runs").fetchone()[0]
    return number


def repair_journal(path: Path) -> Repaired | None:
    """Make a damaged journal anew; None where it is sound, or there is none.

    Raises:
        JournalTooNewError: A newer Dalston wrote it.
        JournalHeldError, StateFolderError: It cannot be read or written now.
    """
    try:
        check_journal(path)
    except JournalUnreadableError:
        pass
    else:
        return None
    set_aside = path.with_name(f"{path.name}.damaged-{time.strftime('%Y%m%d-%H%M%S')}")
    unfinished = path.with_name(f"{path.name}.new-{os.getpid()}")
    try:
        with closing(open_database(unfinished)) as new:
            rows = _copy(path, new)
            new.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        log, index = Path(f"{path}-wal"), Path(f"{path}-shm")
        index.unlink(missing_ok=True)  # made of the log
        if log.exists():  # first, or a journal made in its place would take it for its own
            log.rename(f"{set_aside}-wal") if log.stat().st_size else log.unlink()
        path.rename(set_aside)
        unfinished.replace(path)
    except OSError as error:
        raise StateFolderError(path.parent, error.strerror or str(error)) from error
    finally:
        for end in _BESIDE:
            Path(f"{unfinished}{end}").unlink(missing_ok=True)
    return Repaired(rows=rows, set_aside=set_aside)


def _check_contents(connection: JournalConnection) -> None:
    """Look for what SQLite takes for sound, and no statement of ours can do with."""
    there = _columns(connection)
    with closing(open_database(IN_MEMORY)) as new:
        missing = _columns(new) - there
    if missing:
        raise JournalUnreadableError(connection.path, f"{'.'.join(min(missing))} is missing")
    for table in sorted({table for table, _ in there}):
        for _ in connection.execute(f"SELECT * FROM {table}"):  # noqa: S608 - tables of SQLite's
            pass  # text that is none is met when it is read
    for table, condition in _IMPOSSIBLE.items():
        if connection.execute(f"SELECT 1 FROM {table} WHERE {condition}").fetchone():  # noqa: S608 - ours
            raise JournalUnreadableError(connection.path, f"a value in {table} is impossible")


def _columns(connection: JournalConnection) -> set[tuple[str, str]]:
    tables = [table for (table,) in connection.execute(_TABLES).fetchall()]
    return {
        (table, row[1])
        for table in tables
        for row in connection.execute(f"PRAGMA table_info({table})").fetchall()
    }


def _read_only(path: Path) -> JournalConnection:
    place = f"{path.absolute().as_uri()}?mode=ro"
    try:
        check_regular(path)
        connection = sqlite3.connect(place, uri=True, factory=JournalConnection)
    except OSError as error:
        raise StateFolderError(path.parent, error.strerror or str(error)) from error
    except sqlite3.Error as error:
        raise StateFolderError(path.parent, str(error)) from error
    connection.path = path
    return connection


def _copy(path: Path, new: JournalConnection) -> dict[str, int]:
    """Copy what can be read of every table; return the number of rows by table."""
    rows = {}
    new.execute("PRAGMA foreign_keys = OFF")
    new.execute("BEGIN IMMEDIATE")
    for (table,) in new.execute(_TABLES).fetchall():
        known = {row[1] for row in new.execute(f"PRAGMA table_info({table})").fetchall()}
        known.add("rowid")
        for row in _rows(path, table):
            columns = [name for name in dict.fromkeys(row.keys()) if name in known]
            names, marks = ", ".join(columns), ", ".join("?" * len(columns))
            with suppress(DalstonError):  # a value that its column cannot have
                new.execute(
                    f"INSERT OR IGNORE INTO {table} ({names}) VALUES ({marks})",  # noqa: S608 - our tables
                    [row[name] for name in columns],
                )
        if table in _IMPOSSIBLE:
            new.execute(f"DELETE FROM {table} WHERE {_IMPOSSIBLE[table]}")  # noqa: S608 - ours
        rows[table] = new.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608
    for table in ("jobs", "attempts"):  # of runs or jobs that could not be read
        above, column = {"jobs": ("runs", "run"), "attempts": ("jobs", "job")}[table]
        new.execute(f"DELETE FROM {table} WHERE {column} NOT IN (SELECT id FROM {above})")  # noqa: S608
    new.execute("COMMIT")
    return rows


def _rows(path: Path, table: str) -> Iterator[sqlite3.Row]:
    """Yield the rows before the damage, then those after it from the last one on."""
    for order in ("", " ORDER BY rowid DESC"):
        with suppress(DalstonError), closing(_read_only(path)) as old:
            old.row_factory = sqlite3.Row
            yield from old.execute(f"SELECT rowid, * FROM {table}{order}")  # noqa: S608 - our tables
            return
