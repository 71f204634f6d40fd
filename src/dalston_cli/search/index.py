"""The index of one folder: a database of SQLite in the state folder, for this user alone.

It holds what was said, so it is as private as the transcripts, and what leaves them leaves it:
freed pages are overwritten, and the full-text tables are written anew without what was removed. It
can be lost: it is made of the transcripts alone.

Reference:
    https://sqlite.org/fts5.html: external content tables, ``optimize``, ``secure-delete``.
"""

import hashlib
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Self

from dalston_cli.private_file import make_private_file, make_private_folder
from dalston_cli.search.errors import DamagedIndexError, IndexUnusableError, explained

SEARCH_NAME = "search"
"""The folder of all indexes, in the state folder."""
INDEX_NAME = "index.sqlite3"

_VERSION = 3
_BUSY_S = 30.0
_SECURE_DELETE = (3, 42)
"""The first SQLite whose full-text tables forget at once what is deleted."""

_TABLES = """
CREATE TABLE about (name TEXT PRIMARY KEY, value BLOB);
CREATE TABLE files (
    id INTEGER PRIMARY KEY,
    path BLOB NOT NULL UNIQUE,
    state TEXT NOT NULL, digest TEXT NOT NULL,
    corrections_state TEXT, corrections_digest TEXT,
    problem TEXT,
    recording TEXT, recording_digest TEXT, day TEXT, day_source TEXT
);
CREATE INDEX files_of_recording ON files (recording_digest);
CREATE INDEX files_by_problem ON files (problem);
CREATE TABLE passages (
    id INTEGER PRIMARY KEY,
    file INTEGER NOT NULL,
    start REAL NOT NULL, end REAL NOT NULL,
    speaker TEXT NOT NULL, text TEXT NOT NULL, times BLOB NOT NULL
);
CREATE INDEX passages_of_file ON passages (file);
CREATE VIEW said AS
    SELECT passages.id AS id, text, speaker, day FROM passages JOIN files ON files.id = file;
CREATE VIRTUAL TABLE words USING fts5 (
    text, speaker, day, content = 'said', content_rowid = 'id',
    tokenize = "unicode61 remove_diacritics 2 categories 'L* M* N* Co'"
);
"""
"""States are those of files when they were read, empty for one that may have changed since without
another state. ``problem`` is set for a file that is no transcript: empty, or what is wrong with it.
"""


class Index:
    """The index of a folder, opened; made where there is none.

    Args:
        place: The folder of the index, as of ``place_of``.
        folder: The absolute folder of transcripts.

    Raises:
        DamagedIndexError: The file is damaged, or is another version's.
        IndexUnusableError: The system refuses.
        NoFullTextSearchError: SQLite cannot do it.
    """

    def __init__(self, place: Path, folder: Path) -> None:
        self.folder = folder
        self.path = place / INDEX_NAME
        with self.explained():
            make_private_folder(place)
            make_private_file(self.path)
            self._connection = sqlite3.connect(self.path, timeout=_BUSY_S, isolation_level=None)
        try:
            with self.explained():
                self._prepare()
        except BaseException:
            self._connection.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    @contextmanager
    def explained(self) -> Iterator[None]:
        """Raise errors of SQLite and of the system as what they mean."""
        try:
            yield
        except sqlite3.Error as error:
            raise explained(self.path, error) from error
        except OSError as error:
            raise IndexUnusableError(self.path, error) from error

    def rows(self, statement: str, parameters: Sequence[object] = ()) -> list[Any]:
        """Run a statement and return its rows."""
        with self.explained():
            return self._connection.execute(statement, tuple(parameters)).fetchall()

    def insert(self, statement: str, parameters: Sequence[object]) -> int:
        """Run an insertion and return the number of the row."""
        with self.explained():
            return self._connection.execute(statement, tuple(parameters)).lastrowid or 0

    def insert_many(self, statement: str, rows: Sequence[Sequence[object]]) -> None:
        """Run an insertion for each of ``rows``."""
        with self.explained():
            self._connection.executemany(statement, rows)

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Make the changes of the block all at once, or none of them."""
        self.rows("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            with suppress(sqlite3.Error):
                self._connection.execute("ROLLBACK")
            raise
        self.rows("COMMIT")

    def remove_passages(self, file: int) -> None:
        """Remove what was said in one file; its row stays."""
        self.rows(
            "INSERT INTO words (words, rowid, text, speaker, day)"
            " SELECT 'delete', said.id, said.text, said.speaker, said.day"
            " FROM said JOIN passages ON passages.id = said.id WHERE passages.file = ?",
            (file,),
        )
        self.rows("DELETE FROM passages WHERE file = ?", (file,))

    def remove_file(self, file: int) -> None:
        """Remove a file, and what was said in it."""
        self.remove_passages(file)
        self.rows("DELETE FROM files WHERE id = ?", (file,))

    def forget_removed(self) -> None:
        """Write the full-text tables anew, without what was removed."""
        if sqlite3.sqlite_version_info < _SECURE_DELETE:
            self.rows("INSERT INTO words (words) VALUES ('optimize')")
        self.rows("PRAGMA wal_checkpoint (TRUNCATE)")

    def _prepare(self) -> None:
        connection = self._connection
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute("PRAGMA cache_size = -65536")
        [[version]] = connection.execute("PRAGMA user_version").fetchall()
        if version == 0:
            self._make_tables()
        elif version != _VERSION:
            raise DamagedIndexError(self.path, f"it has the format {version}")
        if folder_of(connection) != self.folder:
            raise DamagedIndexError(self.path, "it is of another folder")

    def _make_tables(self) -> None:
        connection = self._connection
        connection.execute("BEGIN IMMEDIATE")
        [[version]] = connection.execute("PRAGMA user_version").fetchall()
        if version == 0:  # else another process was faster
            for statement in filter(str.strip, _TABLES.split(";\n")):
                connection.execute(statement)
            if sqlite3.sqlite_version_info >= _SECURE_DELETE:
                connection.execute("INSERT INTO words (words, rank) VALUES ('secure-delete', 1)")
            folder = os.fsencode(self.folder)
            connection.execute("INSERT INTO about VALUES ('folder', ?)", (folder,))
            connection.execute(f"PRAGMA user_version = {_VERSION}")
        connection.execute("COMMIT")


def place_of(state: Path, folder: Path) -> Path:
    """Return the folder of the index of an absolute ``folder``."""
    return state / SEARCH_NAME / hashlib.sha256(os.fsencode(folder)).hexdigest()[:32]


def folder_of(connection: sqlite3.Connection) -> Path | None:
    """Return the folder that an index is of."""
    rows = connection.execute("SELECT value FROM about WHERE name = 'folder'").fetchall()
    return Path(os.fsdecode(rows[0][0])) if rows else None
