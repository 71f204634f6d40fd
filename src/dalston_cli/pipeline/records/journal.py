"""The journal: what runs did, and what needs not be done again.

It is a memory, not the truth: stage results are in the store, transcripts on disk. Losing it costs
time and history, never a result. ``history`` reads it for people.
"""

import json
import os
import secrets
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from dalston_cli.pipeline.events import ErrorInfo, JobFinished, RunFinished
from dalston_cli.pipeline.records.journal_schema import open_database
from dalston_cli.pipeline.records.keys import FileStamp, digest_file

JOURNAL_NAME = "journal.sqlite3"

RUNS_KEPT = 200
"""Older runs are forgotten; what was done in them is not."""

_CLOCK_TICK_NS = 50_000_000
"""A file may change twice within one tick of its file system's clock and keep its stamp."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Attempt:
    """One try of one stage on an engine.

    Attributes:
        started_at: Seconds since 1970.
        elapsed_s: Wall seconds from the request to its end, the wait for a free slot left out.
        audio_s: Length of the audio the stage worked on.
        error: What went wrong; None where nothing did.
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


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """How a recording under a plan ended once; the same recording and plan end so again.

    Attributes:
        error: Why the recording itself cannot be used; None where it was transcribed.
    """

    duration_s: float | None = None
    warnings: tuple[str, ...] = ()
    error: ErrorInfo | None = None


class Journal:
    """The journal of this user, opened; safe for several processes at once, one thread each.

    Args:
        path: The SQLite file; made where there is none.

    Raises:
        JournalUnreadableError: It is damaged.
        StateFolderError: The folder cannot be written.
        JournalTooNewError: A newer Dalston wrote it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.connection = open_database(path)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self.connection.close()

    # -- runs and jobs ---------------------------------------------------------------------------

    def begin_run(self, num_recordings: int) -> str:
        """Note that a run begins; returns its id, which sorts by time."""
        import psutil  # noqa: PLC0415 - keeps `dalston --help` fast

        now = time.time()
        run = f"{time.strftime('%Y%m%d-%H%M%S', time.localtime(now))}-{secrets.token_hex(4)}"
        self.connection.execute(
            "INSERT INTO runs (id, started_at, pid, process_started_at, folder, num_recordings)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (
                run,
                now,
                os.getpid(),
                psutil.Process().create_time(),
                os.fsencode(Path.cwd()).decode(errors="replace"),
                num_recordings,
            ),
        )
        return run

    def end_run(self, report: RunFinished) -> None:
        """Note how a run ended, and forget all but the last ``RUNS_KEPT`` runs."""
        import msgspec  # noqa: PLC0415 - keeps `dalston --help` fast

        self.connection.execute(
            "UPDATE runs SET finished_at = ?, exit_code = ?, report = ? WHERE id = ?",
            (time.time(), report.exit_code, msgspec.json.encode(report).decode(), report.run),
        )
        self._forget_old_runs()

    def _forget_old_runs(self) -> None:
        self.connection.execute(
            "DELETE FROM runs WHERE started_at <"
            " (SELECT started_at FROM runs ORDER BY started_at DESC LIMIT 1 OFFSET ?)",
            (RUNS_KEPT - 1,),
        )

    def begin_job(self, run: str, recording: str, *, suffix: str, size: int | None) -> int:
        """Note that work on a recording begins; returns the job's number."""
        cursor = self.connection.execute(
            "INSERT INTO jobs (run, recording, suffix, size, status, started_at)"
            " VALUES (?, ?, ?, ?, 'running', ?)",
            (run, recording, suffix, size, time.time()),
        )
        if cursor.lastrowid is None:  # pragma: no cover - an INSERT always has a row
            raise AssertionError
        return cursor.lastrowid

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
        self.connection.execute(
            "INSERT INTO attempts (job, stage, engine, model, device, status, started_at,"
            " elapsed_s, audio_s, batch_size, error) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                job,
                attempt.stage,
                attempt.engine,
                attempt.model,
                attempt.device,
                "failed" if attempt.error else "done",
                attempt.started_at,
                attempt.elapsed_s,
                attempt.audio_s,
                attempt.batch_size,
                attempt.error,
            ),
        )

    # -- files and outputs -----------------------------------------------------------------------

    def known_digest(self, path: Path, stamp: FileStamp) -> str | None:
        """The digest of a file whose stamp did not change since it was read; else None."""
        row = self.connection.execute(
            "SELECT digest FROM files WHERE path = ?"
            " AND size = ? AND mtime_ns = ? AND inode = ? AND device = ?",
            (_blob(path), stamp.size, stamp.mtime_ns, stamp.inode, stamp.device),
        ).fetchone()
        return None if row is None else str(row["digest"])

    def remember_digest(self, path: Path, stamp: FileStamp, digest: str) -> None:
        """Note the digest of a file that has ``stamp``."""
        self.connection.execute(
            "INSERT OR REPLACE INTO files (path, size, mtime_ns, inode, device, digest)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (_blob(path), stamp.size, stamp.mtime_ns, stamp.inode, stamp.device, digest),
        )

    def digest(self, path: Path) -> str:
        """The digest of a file's bytes; reads them only where its stamp is new.

        Raises:
            OSError: It cannot be read.
        """
        stamp = FileStamp.of(path)
        known = self.known_digest(path, stamp)
        if known is not None:
            return known
        digest = digest_file(path)
        self.remember_if_steady(path, stamp, digest)
        return digest

    def remember_if_steady(self, path: Path, stamp: FileStamp, digest: str) -> None:
        """Note a digest unless the file may have changed while it was read, or may unnoticed."""
        if FileStamp.of(path) == stamp and time.time_ns() - stamp.mtime_ns > _CLOCK_TICK_NS:
            self.remember_digest(path, stamp, digest)

    def expect_output(self, path: Path, digest: str, key: str) -> None:
        """Note, before it is written, that a file of ours will have these bytes.

        A process that dies between writing and noting would otherwise leave a file that looks
        like somebody else's.
        """
        self.connection.execute(
            "INSERT OR REPLACE INTO outputs (path, digest, key, written_at) VALUES (?, ?, ?, ?)",
            (_blob(path), digest, key, time.time()),
        )

    def confirm_output(self, path: Path, digest: str) -> None:
        """Note that a file of ours was written: what it was before does not matter any more."""
        self.connection.execute(
            "DELETE FROM outputs WHERE path = ? AND digest != ?", (_blob(path), digest)
        )
        self.remember_digest(path, FileStamp.of(path), digest)

    def output_keys(self, path: Path) -> dict[str, str]:
        """Key per digest of what we wrote, or were about to write, to this path."""
        rows = self.connection.execute(
            "SELECT digest, key FROM outputs WHERE path = ?", (_blob(path),)
        )
        return {row["digest"]: row["key"] for row in rows}

    # -- outcomes --------------------------------------------------------------------------------

    def outcome(self, key: str) -> Outcome | None:
        """How a recording under a plan ended before; None where that is not known."""
        row = self.connection.execute("SELECT * FROM results WHERE key = ?", (key,)).fetchone()
        if row is None:
            return None
        error = None
        if row["status"] == "failed":
            error = ErrorInfo(code=row["code"], message=row["message"], hint=row["hint"])
        return Outcome(
            duration_s=row["duration_s"], warnings=tuple(json.loads(row["warnings"])), error=error
        )

    def remember_outcome(self, key: str, outcome: Outcome) -> None:
        """Note how a recording under a plan ended."""
        error = outcome.error
        self.connection.execute(
            "INSERT OR REPLACE INTO results (key, status, duration_s, code, message, hint,"
            " warnings) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                key,
                "failed" if error else "done",
                outcome.duration_s,
                error.code if error else None,
                error.message if error else None,
                error.hint if error else None,
                json.dumps(outcome.warnings),
            ),
        )

    # -- what experience teaches -----------------------------------------------------------------

    def batch_size(self, model: str, device: str) -> int | None:
        """The largest batch that fitted into memory after one did not; None if all fitted."""
        row = self.connection.execute(
            "SELECT batch_size FROM batches WHERE model = ? AND device = ?", (model, device)
        ).fetchone()
        return None if row is None else int(row["batch_size"])

    def remember_batch_size(self, model: str, device: str, batch_size: int) -> None:
        """Note the batch that fits."""
        self.connection.execute(
            "INSERT OR REPLACE INTO batches (model, device, batch_size) VALUES (?, ?, ?)",
            (model, device, batch_size),
        )


def _blob(path: Path) -> bytes:
    """A path's bytes, whatever their encoding: the absolute path, as a key."""
    return os.fsencode(path.absolute())
