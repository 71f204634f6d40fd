"""The queue in a file of SQLite, for one server: what is answered is on the disk."""

import sqlite3
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec

from dalston_cli.errors import ConfigurationError
from dalston_cli.private_file import make_private_file
from dalston_cli.server.queue import ENDED, QueuedJob, QueueError

QUEUE_NAME = "jobs.sqlite"
_VERSION = 2
_TABLE = """\
create table if not exists jobs (
  id text primary key,
  owner text not null,
  state text not null,
  created_at real not null,
  key text,
  document blob not null,
  untold integer not null default 0
)"""
_INDEXES = (
    "create unique index if not exists by_key on jobs (owner, key) where key is not null",
    "create index if not exists by_state on jobs (state, created_at)",
    "create index if not exists by_owner on jobs (owner, created_at)",
    "create index if not exists by_untold on jobs (created_at) where untold",
)
_NUMBERS_AT_ONCE = 500


class QueueFileError(ConfigurationError):
    """The file of the queue cannot be used."""

    code = "queue_file"

    def __init__(self, file: Path, problem: str) -> None:
        super().__init__(
            f"the jobs in {file} cannot be used: {problem}",
            hint=f"move it away: mv {file} {file}.old",
        )


class SqliteQueue:
    """A queue; see ``Queue``. Any thread may use it.

    Args:
        folder: For this user alone.

    Raises:
        QueueFileError: The file cannot be used.
    """

    def __init__(self, folder: Path) -> None:
        self._lock = threading.Lock()
        file = folder / QUEUE_NAME
        self.place = str(file)
        try:
            make_private_file(file)
            self._database = sqlite3.connect(file, check_same_thread=False, isolation_level=None)
            self._database.execute("pragma journal_mode = wal")
            self._database.execute("pragma synchronous = full")
            self._make_tables(file)
        except QueueError as error:
            self.close()
            raise QueueFileError(file, error.problem) from error
        except (OSError, sqlite3.Error) as error:
            raise QueueFileError(file, str(error)) from error

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._database.close()

    def check(self) -> None:
        """Make sure that jobs can be read; see ``Queue``."""
        self._rows("select id from jobs limit 1")

    def add(self, job: QueuedJob) -> QueuedJob:
        """Keep a job; see ``Queue``."""
        with self._change() as database:
            if job.key is not None:
                row = database.execute(
                    "select document from jobs where owner = ? and key = ?", (job.owner, job.key)
                ).fetchone()
                if row is not None:
                    return _job(row[0])
            database.execute(
                "insert into jobs (id, owner, state, created_at, key, document)"
                " values (?, ?, ?, ?, ?, ?)",
                (job.id, job.owner, job.state, job.created_at, job.key, _document(job)),
            )
        return job

    def take(self) -> QueuedJob | None:
        """Take the job that waits longest; see ``Queue``."""
        with self._change() as database:
            row = database.execute(
                "select document from jobs where state = 'queued' order by created_at limit 1"
            ).fetchone()
            if row is None:
                return None
            taken = msgspec.structs.replace(_job(row[0]), state="running")
            self._replace(database, taken)
            return taken

    def put(self, job: QueuedJob) -> bool:
        """Keep a job as it is now; see ``Queue``."""
        with self._change() as database:
            return self._replace(database, job)

    def get(self, number: str) -> QueuedJob | None:
        """Return a job; see ``Queue``."""
        found = self._select("where id = ?", number)
        return found[0] if found else None

    def of(self, owner: str, *, most: int) -> tuple[QueuedJob, ...]:
        """Return a caller's jobs; see ``Queue``."""
        return self._select("where owner = ? order by created_at desc limit ?", owner, most)

    def num_waiting(self, owner: str | None = None) -> int:
        """Return how many jobs wait; see ``Queue``."""
        whose = "" if owner is None else " and owner = ?"
        counted = self._rows(
            f"select count(*) from jobs where state = 'queued'{whose}",  # noqa: S608 - our own words
            *(() if owner is None else (owner,)),
        )
        return int(counted[0][0])

    def remove(self, number: str) -> None:
        """Forget a job; see ``Queue``."""
        with self._change() as database:
            database.execute("delete from jobs where id = ?", (number,))

    def requeue(self) -> tuple[QueuedJob, ...]:
        """Have jobs that ran wait again; see ``Queue``."""
        for job in self._select("where state = 'running'"):
            self.put(msgspec.structs.replace(job, state="queued", started_at=None))
        return self._select("where state = 'queued' order by created_at")

    def known(self, numbers: Collection[str]) -> frozenset[str]:
        """Return those of the numbers that are jobs; see ``Queue``."""
        asked, found = [*numbers], set[str]()
        for first in range(0, len(asked), _NUMBERS_AT_ONCE):
            some = asked[first : first + _NUMBERS_AT_ONCE]
            marks = ",".join("?" * len(some))
            rows = self._rows(f"select id from jobs where id in ({marks})", *some)  # noqa: S608 - marks only
            found.update(row[0] for row in rows)
        return frozenset(found)

    def untold(self) -> tuple[QueuedJob, ...]:
        """Return jobs whose webhook was not told; see ``Queue``."""
        return self._select("where untold order by created_at")

    def _make_tables(self, file: Path) -> None:
        """Make what is missing, of a file of version 1 as well."""
        with self._change() as database:
            version = database.execute("pragma user_version").fetchone()[0]
            if version not in {0, 1, _VERSION}:
                raise QueueFileError(file, "another version of Dalston made it")
            database.execute(_TABLE)
            if version == 1:
                database.execute("alter table jobs add column untold integer not null default 0")
                rows = database.execute("select document from jobs").fetchall()
                for job in (_job(row[0]) for row in rows):
                    self._replace(database, job)
            for index in _INDEXES:
                database.execute(index)
            database.execute(f"pragma user_version = {_VERSION}")

    def _select(self, where: str, *values: object) -> tuple[QueuedJob, ...]:
        rows = self._rows(f"select document from jobs {where}", *values)  # noqa: S608 - our own words
        return tuple(_job(row[0]) for row in rows)

    def _rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with self._lock:
            try:
                return self._database.execute(query, values).fetchall()
            except sqlite3.Error as error:
                raise QueueError(str(error)) from error

    def _replace(self, database: sqlite3.Connection, job: QueuedJob) -> bool:
        changed = database.execute(
            "update jobs set state = ?, document = ?, untold = ?"
            " where id = ? and (? or state in ('queued', 'running'))",
            (job.state, _document(job), _is_untold(job), job.id, job.state in ENDED),
        )
        return changed.rowcount == 1

    @contextmanager
    def _change(self) -> Iterator[sqlite3.Connection]:
        """Change jobs in one step, or not at all."""
        with self._lock:
            try:
                self._database.execute("begin immediate")
                try:
                    yield self._database
                    self._database.execute("commit")
                except BaseException:
                    with suppress(sqlite3.Error):  # it may have ended by itself
                        self._database.execute("rollback")
                    raise
            except sqlite3.Error as error:
                raise QueueError(str(error)) from error


def _is_untold(job: QueuedJob) -> bool:
    return job.state in ENDED and job.webhook is not None and not job.told


def _document(job: QueuedJob) -> bytes:
    return msgspec.json.encode(job)


def _job(document: bytes) -> QueuedJob:
    return msgspec.json.decode(document, type=QueuedJob)
