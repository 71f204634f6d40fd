"""The queue in a file of SQLite, for one server: what is answered is on the disk."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from dalston_cli.errors import ConfigurationError
from dalston_cli.private_file import make_private_file
from dalston_cli.server.queue import ENDED, QueuedJob

QUEUE_NAME = "jobs.sqlite"
_VERSION = 1
_SCHEMA = """\
create table if not exists jobs (
  id text primary key,
  owner text not null,
  state text not null,
  created_at real not null,
  key text,
  document blob not null
);
create unique index if not exists by_key on jobs (owner, key) where key is not null;
create index if not exists by_state on jobs (state, created_at);
"""


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
        try:
            make_private_file(file)
            self._database = sqlite3.connect(file, check_same_thread=False, isolation_level=None)
            self._database.execute("pragma journal_mode = wal")
            self._database.execute("pragma synchronous = full")
            version = self._database.execute("pragma user_version").fetchone()[0]
            if version not in {0, _VERSION}:
                raise QueueFileError(file, "another version of Dalston made it")
            self._database.executescript(_SCHEMA)
            self._database.execute(f"pragma user_version = {_VERSION}")
        except (OSError, sqlite3.Error) as error:
            raise QueueFileError(file, str(error)) from error

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._database.close()

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
        with self._lock:
            found = self._database.execute(
                "select count(*) from jobs where state = 'queued' and owner = coalesce(?, owner)",
                (owner,),
            ).fetchone()
        return int(found[0])

    def remove(self, number: str) -> None:
        """Forget a job; see ``Queue``."""
        with self._change() as database:
            database.execute("delete from jobs where id = ?", (number,))

    def requeue(self) -> tuple[QueuedJob, ...]:
        """Have jobs that ran wait again; see ``Queue``."""
        for job in self._select("where state = 'running'"):
            self.put(msgspec.structs.replace(job, state="queued", started_at=None))
        return self._select("")

    def untold(self) -> tuple[QueuedJob, ...]:
        """Return jobs whose webhook was not told; see ``Queue``."""
        ended = [job for job in self._select("") if job.state in ENDED]
        return tuple(job for job in ended if job.webhook is not None and not job.told)

    def _select(self, where: str, *values: object) -> tuple[QueuedJob, ...]:
        with self._lock:
            rows = self._database.execute(f"select document from jobs {where}", values).fetchall()  # noqa: S608 - our own words
        return tuple(_job(row[0]) for row in rows)

    def _replace(self, database: sqlite3.Connection, job: QueuedJob) -> bool:
        changed = database.execute(
            "update jobs set state = ?, document = ? where id = ?",
            (job.state, _document(job), job.id),
        )
        return changed.rowcount == 1

    @contextmanager
    def _change(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            self._database.execute("begin immediate")
            try:
                yield self._database
            except BaseException:
                self._database.execute("rollback")
                raise
            self._database.execute("commit")


def _document(job: QueuedJob) -> bytes:
    return msgspec.json.encode(job)


def _job(document: bytes) -> QueuedJob:
    return msgspec.json.decode(document, type=QueuedJob)
