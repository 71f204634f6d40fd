"""The journal's tables, and opening its file.

Several CLIs use the file at the same time: write-ahead logging lets them read while one writes,
and the busy time-out makes writers wait for each other.
"""

import sqlite3
import time
from contextlib import ExitStack, closing
from functools import cache
from pathlib import Path

from dalston_cli.pipeline.records.journal_errors import (
    JournalConnection,
    JournalHeldError,
    JournalTooNewError,
    JournalUnreadableError,
    StateFolderError,
    check_regular,
)
from dalston_cli.pipeline.records.private_state import close_state
from dalston_cli.private_file import make_private_file

IN_MEMORY = Path(":memory:")
"""SQLite's name for a journal that is on no disk."""

BUSY_TIMEOUT_S = 20.0

_FORMAT_1 = """
CREATE TABLE IF NOT EXISTS runs (
    id TEXT PRIMARY KEY,
    started_at REAL NOT NULL,
    finished_at REAL,
    pid INTEGER NOT NULL,
    process_started_at REAL NOT NULL,
    folder TEXT NOT NULL,
    num_recordings INTEGER NOT NULL,
    exit_code INTEGER,
    report TEXT
) STRICT;
CREATE TABLE IF NOT EXISTS jobs (
    id INTEGER PRIMARY KEY,
    run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    recording TEXT NOT NULL,
    suffix TEXT NOT NULL,
    size INTEGER,
    status TEXT NOT NULL,
    started_at REAL NOT NULL,
    elapsed_s REAL,
    duration_s REAL,
    error_code TEXT,
    error_message TEXT,
    error_hint TEXT,
    outputs TEXT NOT NULL DEFAULT '[]'
) STRICT;
CREATE INDEX IF NOT EXISTS jobs_of_run ON jobs (run);
CREATE INDEX IF NOT EXISTS jobs_by_suffix ON jobs (suffix, id);
CREATE TABLE IF NOT EXISTS attempts (
    job INTEGER NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    stage TEXT NOT NULL,
    engine TEXT NOT NULL,
    model TEXT NOT NULL,
    device TEXT NOT NULL,
    status TEXT NOT NULL,
    started_at REAL NOT NULL,
    elapsed_s REAL NOT NULL,
    audio_s REAL NOT NULL,
    batch_size INTEGER,
    error TEXT
) STRICT;
CREATE INDEX IF NOT EXISTS attempts_of_job ON attempts (job);
CREATE INDEX IF NOT EXISTS attempts_by_model ON attempts (model, device, status);
CREATE TABLE IF NOT EXISTS files (
    path BLOB PRIMARY KEY,
    size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    inode INTEGER NOT NULL,
    device INTEGER NOT NULL,
    digest TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS outputs (
    path BLOB NOT NULL,
    digest TEXT NOT NULL,
    key TEXT NOT NULL,
    written_at REAL NOT NULL,
    PRIMARY KEY (path, digest)
) STRICT;
CREATE TABLE IF NOT EXISTS results (
    key TEXT PRIMARY KEY,
    status TEXT NOT NULL,
    duration_s REAL,
    code TEXT,
    message TEXT,
    hint TEXT,
    warnings TEXT NOT NULL DEFAULT '[]'
) STRICT;
CREATE TABLE IF NOT EXISTS batches (
    model TEXT NOT NULL,
    device TEXT NOT NULL,
    batch_size INTEGER NOT NULL,
    PRIMARY KEY (model, device)
) STRICT;
"""

_FORMAT_2 = """
ALTER TABLE outputs RENAME TO outputs_1;
CREATE TABLE outputs (
    path BLOB NOT NULL,
    digest TEXT,
    dropped INTEGER NOT NULL DEFAULT 0,
    key TEXT NOT NULL,
    written_at REAL NOT NULL,
    UNIQUE (path, digest),
    CHECK (dropped = (digest IS NULL))
) STRICT;
CREATE UNIQUE INDEX outputs_dropped ON outputs (path) WHERE dropped;
INSERT INTO outputs
    SELECT path, nullif(digest, 'left out'), digest = 'left out', key, written_at FROM outputs_1;
DROP TABLE outputs_1;
"""

_FORMAT_3 = """
CREATE TABLE claims (
    key TEXT PRIMARY KEY,
    holder TEXT NOT NULL,
    pid INTEGER NOT NULL
) STRICT;
CREATE TABLE refused (
    path BLOB PRIMARY KEY,
    digest TEXT NOT NULL,
    accepted INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE recordings (
    path BLOB NOT NULL,
    digest TEXT NOT NULL,
    PRIMARY KEY (path, digest)
) STRICT;
CREATE INDEX recordings_by_digest ON recordings (digest);
ALTER TABLE outputs ADD COLUMN recording TEXT;
CREATE INDEX outputs_of_recording ON outputs (recording);
ALTER TABLE results ADD COLUMN recording TEXT;
CREATE INDEX results_of_recording ON results (recording);
"""

_FORMAT_4 = """
CREATE INDEX outputs_by_digest ON outputs (digest, key);
CREATE INDEX outputs_by_key ON outputs (key);
"""

_FORMATS = (_FORMAT_1, _FORMAT_2, _FORMAT_3, _FORMAT_4)
"""Statements that bring a journal to each format from the one before it; 0 is an empty file."""

SCHEMA_VERSION = len(_FORMATS)


def open_database(path: Path, busy_timeout_s: float = BUSY_TIMEOUT_S) -> JournalConnection:
    """Open the journal, making it where there is none.

    Raises:
        JournalUnreadableError: It is damaged.
        JournalHeldError: Another process held it for longer than ``busy_timeout_s``.
        StateFolderError: The folder cannot be written.
        JournalTooNewError: A newer Dalston wrote it.
        JournalNoFileError: It is a folder, a pipe or a device.
    """
    try:
        if path != IN_MEMORY:
            close_state(path.parent)
            check_regular(path)
            # Where a link points to, if it is one; SQLite gives its rights to the files beside it.
            make_private_file(path.resolve())
        connection = sqlite3.connect(
            path, timeout=busy_timeout_s, isolation_level=None, factory=JournalConnection
        )
    except OSError as error:
        raise StateFolderError(path.parent, error.strerror or str(error)) from error
    except sqlite3.Error as error:
        raise StateFolderError(path.parent, str(error)) from error
    connection.path, connection.busy_timeout_s = path, busy_timeout_s
    with ExitStack() as stack:
        stack.callback(connection.close)
        _prepare(connection)
        stack.pop_all()
    return connection


@cache
def _empty() -> bytes:
    """Return an empty journal: to make its tables takes more than a millisecond."""
    made = sqlite3.connect(":memory:", isolation_level=None, factory=JournalConnection)
    made.path, made.busy_timeout_s = IN_MEMORY, BUSY_TIMEOUT_S
    with closing(made):
        _upgrade(made)
        return made.serialize()


def _prepare(connection: JournalConnection) -> None:
    connection.row_factory = sqlite3.Row
    if connection.path == IN_MEMORY and hasattr(connection, "deserialize"):  # not in every build
        connection.deserialize(_empty())
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > SCHEMA_VERSION:
        raise JournalTooNewError(connection.path, version, SCHEMA_VERSION)
    if version < 0:
        raise JournalUnreadableError(connection.path, f"format {version}")
    if version < SCHEMA_VERSION:
        _use_write_ahead_log(connection)
        _upgrade(connection)
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA foreign_keys = ON")


def _upgrade(connection: JournalConnection) -> None:
    """Bring the tables to this format in one step; another process may have done so meanwhile."""
    connection.execute("BEGIN IMMEDIATE")
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    for script in _FORMATS[version:]:
        for statement in script.split(";"):
            connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    connection.execute("COMMIT")


def _use_write_ahead_log(connection: JournalConnection) -> None:
    """Switch the log mode; SQLite does not wait for others here, so this does."""
    deadline = time.monotonic() + connection.busy_timeout_s
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except JournalHeldError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return
