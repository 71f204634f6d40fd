"""Past runs in the journal, for people and programs, and their speeds, to estimate the next."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from sqlite3 import Row
from typing import Literal

import msgspec
from msgspec import Struct

from dalston_cli.errors import UsageError
from dalston_cli.nearest import did_you_mean
from dalston_cli.pipeline.events import ScheduleInfo, ShardInfo
from dalston_cli.pipeline.records.journal import Journal
from dalston_cli.pipeline.records.journal_errors import sound_values

RunState = Literal["running", "finished", "died"]

_FIRST = 3
_LATEST = 50
"""Number of attempts, or recordings, that an estimate looks back on."""


class UnknownRunError(UsageError):
    """The journal has no such run."""

    code = "unknown_run"

    def __init__(self, run: str, known: Sequence[str]) -> None:
        super().__init__(
            f"there is no run `{run}`{did_you_mean(run, known)}", hint="dalston runs list"
        )


class NoRunsError(UsageError):
    """The journal has no run at all."""

    code = "no_runs"

    def __init__(self) -> None:
        super().__init__("there are no runs yet", hint="dalston transcribe talk.mp3")


class _Told(Struct):
    """The part of a run's report that is shown with the run."""

    shard: ShardInfo | None = None
    schedule: ScheduleInfo | None = None


class RunInfo(Struct, frozen=True, kw_only=True):
    """One run.

    Attributes:
        state: ``died`` is a run whose process is gone before it finished.
        started_at: ISO 8601, UTC.
        elapsed_s: Wall seconds; None if the run did not finish.
        counts: Recordings per status; those in progress when a run died are ``unfinished``.
        folder: The command's working folder.
        recordings: Names of the first recordings that were begun, at most three.
        shard: The part of all recordings that it was over; None for all, and while it runs.
        schedule: Whether stages ran side by side, and why; None while it runs.
    """

    run: str
    state: RunState
    started_at: str
    elapsed_s: float | None
    exit_code: int | None
    num_recordings: int
    counts: dict[str, int]
    folder: str
    recordings: tuple[str, ...] = ()
    shard: ShardInfo | None = None
    schedule: ScheduleInfo | None = None


class AttemptRecord(Struct, frozen=True, kw_only=True):
    """One try of one stage; ``elapsed_s`` excludes the wait for a free slot."""

    stage: str
    engine: str
    model: str
    device: str
    status: str
    elapsed_s: float
    audio_s: float
    batch_size: int | None
    error: str | None


class JobRecord(Struct, frozen=True, kw_only=True):
    """One recording of a run."""

    recording: str
    status: str
    elapsed_s: float | None
    duration_s: float | None
    outputs: tuple[str, ...]
    error_code: str | None
    error: str | None
    hint: str | None
    attempts: tuple[AttemptRecord, ...]


class RunRecord(Struct, frozen=True, kw_only=True):
    """One run with its jobs and attempts."""

    summary: RunInfo
    jobs: tuple[JobRecord, ...]


def list_runs(journal: Journal, *, limit: int | None = 20) -> tuple[RunInfo, ...]:
    """Return the newest runs, newest first; all of them if ``limit`` is None."""
    rows = journal.connection.execute(
        "SELECT * FROM runs ORDER BY started_at DESC, rowid DESC LIMIT ?",
        (-1 if limit is None else limit,),
    )
    with sound_values(journal.path):
        return tuple(_summary(journal, row) for row in rows.fetchall())


def show_run(journal: Journal, run: str | None = None) -> RunRecord:
    """Return one run by its id or a unique prefix of it; None for the newest.

    Raises:
        NoRunsError: There is none at all.
        UnknownRunError: There is no such run, or there is more than one.
    """
    row = _find(journal, run)
    jobs = journal.connection.execute("SELECT * FROM jobs WHERE run = ? ORDER BY id", (row["id"],))
    with sound_values(journal.path):
        return RunRecord(
            summary=_summary(journal, row),
            jobs=tuple(_job(journal, job) for job in jobs.fetchall()),
        )


def measured_rtfx(journal: Journal, stage: str, model: str, device: str) -> float | None:
    """Return the last RTFx of a model in a stage; None where there is no history.

    It is audio seconds per wall second, model loading excluded.
    """
    row = journal.connection.execute(
        "SELECT sum(audio_s) AS audio, sum(elapsed_s) AS wall FROM (SELECT audio_s, elapsed_s"
        " FROM attempts WHERE stage = ? AND model = ? AND device = ? AND status = 'done'"
        " ORDER BY rowid DESC LIMIT ?)",
        (stage, model, device, _LATEST),
    ).fetchone()
    return row["audio"] / row["wall"] if row["wall"] else None


def seconds_per_byte(journal: Journal, suffix: str) -> float | None:
    """Return audio seconds per byte of the last recordings with this suffix, such as ``.mp3``."""
    row = journal.connection.execute(
        "SELECT sum(duration_s) AS audio, sum(size) AS size FROM (SELECT duration_s, size"
        " FROM jobs WHERE suffix = ? AND duration_s > 0 AND size > 0"
        " ORDER BY id DESC LIMIT ?)",
        (suffix, _LATEST),
    ).fetchone()
    return row["audio"] / row["size"] if row["size"] else None


def _find(journal: Journal, run: str | None) -> Row:
    rows = journal.connection.execute("SELECT * FROM runs ORDER BY started_at, rowid")
    every: list[Row] = rows.fetchall()
    if not every:
        raise NoRunsError
    if run is None:
        return every[-1]
    found = [row for row in every if row["id"].startswith(run)]
    if len(found) == 1:
        return found[0]
    raise UnknownRunError(run, [row["id"] for row in every])


def _summary(journal: Journal, row: Row) -> RunInfo:
    counts = journal.connection.execute(
        "SELECT status, count(*) AS n FROM jobs WHERE run = ? GROUP BY status ORDER BY status",
        (row["id"],),
    )
    names = journal.connection.execute(
        "SELECT recording FROM jobs WHERE run = ? ORDER BY id LIMIT ?", (row["id"], _FIRST)
    )
    finished, state = row["finished_at"], _state(row)
    told = _told(row["report"])
    running = "unfinished" if state == "died" else "running"
    return RunInfo(
        run=row["id"],
        state=state,
        started_at=datetime.fromtimestamp(row["started_at"], UTC).isoformat(timespec="seconds"),
        elapsed_s=None if finished is None else finished - row["started_at"],
        exit_code=row["exit_code"],
        num_recordings=row["num_recordings"],
        counts={
            running if status == "running" else status: number
            for status, number in counts.fetchall()
        },
        folder=row["folder"],
        recordings=tuple(name for (name,) in names.fetchall()),
        shard=told.shard,
        schedule=told.schedule,
    )


def _told(report: str | None) -> _Told:
    try:
        return _Told() if report is None else msgspec.json.decode(report, type=_Told)
    except msgspec.MsgspecError as error:
        raise ValueError(str(error)) from error


def _state(row: Row) -> RunState:
    """Return the state by the run's process; a later process with its number is another one."""
    import psutil  # noqa: PLC0415 - keeps `dalston --help` fast

    if row["finished_at"] is not None:
        return "finished"
    try:
        started_at = psutil.Process(row["pid"]).create_time()
    except psutil.NoSuchProcess:
        return "died"
    return "running" if abs(started_at - row["process_started_at"]) < 1 else "died"


def _job(journal: Journal, row: Row) -> JobRecord:
    attempts = journal.connection.execute(
        "SELECT * FROM attempts WHERE job = ? ORDER BY rowid", (row["id"],)
    )
    return JobRecord(
        recording=row["recording"],
        status=row["status"],
        elapsed_s=row["elapsed_s"],
        duration_s=row["duration_s"],
        outputs=tuple(json.loads(row["outputs"])),
        error_code=row["error_code"],
        error=row["error_message"],
        hint=row["error_hint"],
        attempts=tuple(_attempt(attempt) for attempt in attempts.fetchall()),
    )


def _attempt(row: Row) -> AttemptRecord:
    return AttemptRecord(**{name: row[name] for name in AttemptRecord.__struct_fields__})
