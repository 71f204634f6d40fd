"""The journal: a memory of runs, and of what need not be done again.

Stage results are in the store and transcripts on disk: losing the journal costs time and history,
never a result. ``history`` reads it for people.
"""

import json
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Self

import msgspec
from msgspec import Struct
from msgspec.structs import asdict

from dalston_cli.pipeline.endpoints import FileStamp
from dalston_cli.pipeline.events import ErrorInfo, JobFinished, RunFinished
from dalston_cli.pipeline.records.journal_errors import sound_values
from dalston_cli.pipeline.records.journal_schema import BUSY_TIMEOUT_S, IN_MEMORY, open_database
from dalston_cli.pipeline.request import RecordingRequest

JOURNAL_NAME = "journal.sqlite3"

_NOTED_TOGETHER = 250

RUNS_KEPT = 200
"""Older runs are forgotten, but not the results of their work."""


class Attempt(Struct, frozen=True, kw_only=True):
    """One try of one stage on an engine.

    Attributes:
        started_at: Seconds since 1970.
        elapsed_s: Wall seconds from the request to its end, the wait for a free slot excluded; of
            seconds in which the engine worked on several requests, a share.
        audio_s: Length of the audio the stage worked on.
        error: The failure; None for a success.
    """

    stage: str
    engine: str
    model: str
    device: str
    started_at: float
    elapsed_s: float
    audio_s: float
    batch_size: int | None = None
    error: str | None = None


class Outcome(Struct, frozen=True, kw_only=True):
    """The end of a recording's job under a plan; the same recording and plan end so again.

    ``error`` says why the recording itself cannot be used; None if it was transcribed.
    """

    duration_s: float | None = None
    warnings: tuple[str, ...] = ()
    error: ErrorInfo | None = None


class Journal:
    """The journal of this user, opened; safe for several processes at once, one thread each.

    A *reference* is the text that stands for a recording or an output; of a file it is its
    absolute path, whatever bytes that is made of (``surrogateescape``).

    Raises as ``open_database``.
    """

    def __init__(self, path: Path, *, busy_timeout_s: float = BUSY_TIMEOUT_S) -> None:
        self.path = path
        self.connection = open_database(path, busy_timeout_s)
        self._unchanged: list[tuple[object, ...]] = []

    @classmethod
    def if_there(cls, path: Path) -> Self:
        """Open a journal for looking at it; where there is none yet, an empty one in memory."""
        return cls(path if path.exists() else IN_MEMORY)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self.connection.close()

    def _put(self, table: str, **values: object) -> int:
        """Insert a row, replacing the one with its key; return the row's number."""
        columns, marks = ", ".join(values), ", ".join("?" * len(values))
        statement = f"INSERT OR REPLACE INTO {table} ({columns}) VALUES ({marks})"  # noqa: S608 - names from this module only
        return self.connection.execute(statement, tuple(values.values())).lastrowid or 0

    @contextmanager
    def in_one_step(self) -> Iterator[None]:
        """Write all that the block notes at once; it must not wait, for others cannot write."""
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            if self.connection.in_transaction:  # SQLite ends it itself where the disk is full
                self.connection.execute("ROLLBACK")
            raise
        self.connection.execute("COMMIT")

    # -- runs and jobs ---------------------------------------------------------------------------

    def begin_run(self, num_recordings: int) -> str:
        """Note that a run begins; return its id, which sorts by time."""
        now = time.time()
        run = f"{time.strftime('%Y%m%d-%H%M%S', time.localtime(now))}-{secrets.token_hex(4)}"
        self._put(
            "runs",
            id=run,
            started_at=now,
            pid=os.getpid(),
            process_started_at=_began_at(os.getpid()),
            folder=os.fsencode(_working_folder()).decode(errors="replace"),
            num_recordings=num_recordings,
        )
        return run

    def end_run(self, report: RunFinished) -> None:
        """Note how a run ended, and forget all but the last ``RUNS_KEPT`` runs."""
        self._flush()
        if report.counts.get("cancelled"):  # some may wait for a turn that does not come
            self.connection.execute(
                "UPDATE jobs SET status = 'cancelled' WHERE run = ? AND status = 'running'",
                (report.run,),
            )
        self.connection.execute(
            "UPDATE runs SET finished_at = ?, exit_code = ?, report = ? WHERE id = ?",
            (time.time(), report.exit_code, msgspec.json.encode(report).decode(), report.run),
        )
        self.connection.execute(
            "DELETE FROM runs WHERE started_at <"
            " (SELECT started_at FROM runs ORDER BY started_at DESC LIMIT 1 OFFSET ?)",
            (RUNS_KEPT - 1,),
        )

    def begin_job(self, run: str, recording: str, *, suffix: str, size: int | None) -> int:
        """Note that work on a recording begins; return the job's number."""
        self._flush()
        return self._put(
            "jobs",
            run=run,
            recording=recording,
            suffix=suffix,
            size=size,
            status="running",
            started_at=time.time(),
        )

    def note_unchanged(self, run: str, recording: RecordingRequest, finished: JobFinished) -> None:
        """Note a recording for which nothing had to be done.

        It is written with others, soon: a killed process loses no more than a line of history.
        """
        now = time.time()
        self._unchanged.append(
            (
                run,
                recording.name,
                recording.relative.suffix.lower(),
                recording.size,
                finished.status,
                now,
                finished.elapsed_s,
                finished.duration_s,
                json.dumps(finished.outputs),
            )
        )
        if len(self._unchanged) >= _NOTED_TOGETHER:
            self._flush()

    def _flush(self) -> None:
        """Write the recordings for which nothing had to be done."""
        rows, self._unchanged = self._unchanged, []
        if not rows:
            return
        with self.in_one_step():
            for row in rows:
                self.connection.execute(
                    "INSERT INTO jobs (run, recording, suffix, size, status, started_at, elapsed_s,"
                    " duration_s, outputs) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    row,
                )

    def end_job(self, job: int, finished: JobFinished) -> None:
        """Note how work on a recording ended."""
        error = finished.error or ErrorInfo(code="", message="")
        self.connection.execute(
            "UPDATE jobs SET status = ?, elapsed_s = ?, duration_s = ?, error_code = ?,"
            " error_message = ?, error_hint = ?, outputs = ? WHERE id = ?",
            (
                finished.status,
                finished.elapsed_s,
                finished.duration_s,
                error.code or None,
                error.message or None,
                error.hint,
                json.dumps(finished.outputs),
                job,
            ),
        )

    def add_attempt(self, job: int, attempt: Attempt) -> None:
        """Note one try of one stage."""
        status = "failed" if attempt.error else "done"
        self._put("attempts", job=job, status=status, **asdict(attempt))

    # -- files and outputs -----------------------------------------------------------------------

    def known_digest(self, reference: str, stamp: FileStamp) -> str | None:
        """Return the digest of a file whose stamp did not change since it was read; else None."""
        row = self.connection.execute(
            "SELECT digest FROM files WHERE path = ?"
            " AND size = ? AND mtime_ns = ? AND inode = ? AND device = ?",
            (os.fsencode(reference), stamp.size, stamp.mtime_ns, stamp.inode, stamp.device),
        ).fetchone()
        return None if row is None else str(row["digest"])

    def remember_digest(self, reference: str, stamp: FileStamp, digest: str) -> None:
        """Note the digest of a file that has ``stamp``."""
        self._put("files", path=os.fsencode(reference), digest=digest, **asdict(stamp))

    def expect_output(
        self, reference: str, digest: str, key: str, *, recording: str | None = None
    ) -> None:
        """Note, before it is written, that an output will have these bytes.

        Otherwise a process that dies between writing and noting would leave a file that Dalston
        would not recognize as its own. ``recording`` is the digest of what it is a transcript of.
        """
        path, now = os.fsencode(reference), time.time()
        self._put("outputs", path=path, digest=digest, key=key, written_at=now, recording=recording)

    def drop_output(self, reference: str, key: str) -> None:
        """Note that a transcript lacks what this optional output needs."""
        path = os.fsencode(reference)
        self._put("outputs", path=path, dropped=True, key=key, written_at=time.time())

    def confirm_output(self, reference: str, stamp: FileStamp, digest: str) -> None:
        """Note that an output was written: its earlier contents do not matter any more."""
        self.connection.execute(
            "DELETE FROM outputs WHERE path = ? AND digest IS NOT ?",
            (os.fsencode(reference), digest),
        )
        self.remember_digest(reference, stamp, digest)

    def key_of_output(self, reference: str, stamp: FileStamp) -> str | None:
        """Return the key of an output that has not changed since; None where a look is needed."""
        row = self.connection.execute(
            "SELECT key FROM files JOIN outputs USING (path, digest) WHERE path = ?"
            " AND size = ? AND mtime_ns = ? AND inode = ? AND device = ?",
            (os.fsencode(reference), stamp.size, stamp.mtime_ns, stamp.inode, stamp.device),
        ).fetchone()
        return None if row is None else str(row["key"])

    def output_keys(self, reference: str) -> dict[str | None, str]:
        """Return the key by digest of each text that was, or was about to be, written here.

        The key of an output that was dropped has None for its digest.
        """
        rows = self.connection.execute(
            "SELECT digest, key FROM outputs WHERE path = ?", (os.fsencode(reference),)
        )
        return {row["digest"]: row["key"] for row in rows}

    def adopt_output(self, reference: str, digest: str, key: str) -> bool:
        """Note that an output lies here, too, that was moved or copied; False if it is none."""
        adopted = self.connection.execute(
            "INSERT OR REPLACE INTO outputs (path, digest, key, written_at, recording)"
            " SELECT ?, digest, key, ?, recording FROM outputs WHERE digest = ? AND key = ?"
            " LIMIT 1",
            (os.fsencode(reference), time.time(), digest, key),
        )
        return adopted.rowcount > 0

    def is_output(self, digest: str) -> bool:
        """Return True if an output with these bytes was written anywhere."""
        row = self.connection.execute(
            "SELECT 1 FROM outputs WHERE digest = ? LIMIT 1", (digest,)
        ).fetchone()
        return row is not None

    def was_written(self, name: str, key: str) -> bool:
        """Return True if an output of this key was written to a file of this name, anywhere."""
        rows = self.connection.execute(
            "SELECT path FROM outputs WHERE key = ? AND NOT dropped LIMIT 100", (key,)
        )
        return any(os.path.basename(row["path"]) == os.fsencode(name) for row in rows)  # noqa: PTH119 - bytes

    def written_with(self, key: str) -> tuple[str, ...]:
        """Return the references of the outputs of this key, those that were dropped as well."""
        rows = self.connection.execute("SELECT path FROM outputs WHERE key = ?", (key,))
        return tuple(os.fsdecode(row["path"]) for row in rows)

    # -- outcomes --------------------------------------------------------------------------------

    def outcome(self, key: str) -> Outcome | None:
        """Return how a recording's job under a plan ended before; None if that is not known."""
        row = self.connection.execute("SELECT * FROM results WHERE key = ?", (key,)).fetchone()
        if row is None:
            return None
        error = None
        if row["status"] == "failed":
            error = ErrorInfo(code=row["code"], message=row["message"], hint=row["hint"])
        warnings: tuple[str, ...] = ()
        if row["warnings"] != "[]":
            with sound_values(self.path):
                warnings = tuple(json.loads(row["warnings"]))
        return Outcome(duration_s=row["duration_s"], warnings=warnings, error=error)

    def remember_outcome(self, key: str, outcome: Outcome, *, recording: str | None = None) -> None:
        """Note how a recording's job under a plan ended; ``recording`` is its digest."""
        error = outcome.error
        self._put(
            "results",
            key=key,
            status="failed" if error else "done",
            duration_s=outcome.duration_s,
            code=error and error.code,
            message=error and error.message,
            hint=error and error.hint,
            warnings=json.dumps(outcome.warnings),
            recording=recording,
        )

    def remember_recording(self, reference: str, digest: str) -> None:
        """Note that a recording had these bytes when results of it were stored."""
        self.connection.execute(
            "INSERT INTO recordings (path, digest) VALUES (?, ?) ON CONFLICT DO NOTHING",
            (os.fsencode(reference), digest),
        )

    # -- batches ---------------------------------------------------------------------------------

    def batch_size(self, model: str, device: str) -> int | None:
        """Return the largest batch that fitted into memory after one did not; None if all did."""
        row = self.connection.execute(
            "SELECT batch_size FROM batches WHERE model = ? AND device = ?", (model, device)
        ).fetchone()
        return None if row is None else int(row["batch_size"])

    def remember_batch_size(self, model: str, device: str, batch_size: int) -> None:
        """Note the batch that fits."""
        self._put("batches", model=model, device=device, batch_size=batch_size)


@cache
def _began_at(pid: int) -> float:
    """Return when this process began."""
    import psutil  # noqa: PLC0415 - keeps `dalston --help` fast

    return psutil.Process(pid).create_time()


def _working_folder() -> str:
    """Return the current folder; empty where it was removed."""
    try:
        return str(Path.cwd())
    except FileNotFoundError:
        return ""
