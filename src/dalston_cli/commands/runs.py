"""``dalston runs``: past runs and their results."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import PurePath
from typing import Annotated

import typer

from dalston_cli.amounts import count
from dalston_cli.commands.registry import group
from dalston_cli.commands.runs_accept import accept
from dalston_cli.console import Console, printable
from dalston_cli.options.general import Json
from dalston_cli.pipeline.records import history
from dalston_cli.pipeline.records.journal import JOURNAL_NAME, Journal
from dalston_cli.settings.locations import Locations

app = group("runs")
app.command("accept")(accept)

_COLUMNS = ("run", "started", "state", "exit", "recordings", "counts", "folder")
_LEAST_IMPORTANT = ("folder", "exit", "counts", "state")
_NUM_OFFERED = 20
_MOST_LISTED = 1_000_000


def complete_runs(incomplete: str) -> list[tuple[str, str]]:
    """Return ids of the newest runs, each with its time and recordings."""
    with _journal() as journal:
        runs = history.list_runs(journal, limit=_NUM_OFFERED)
    return [
        (run.run, f"{_local(run.started_at)}, {_names(run)}")
        for run in runs
        if run.run.startswith(incomplete)
    ]


@app.command("list")
def list_runs(
    *,
    limit: Annotated[
        int,
        typer.Option(
            "--limit",
            "-n",
            metavar="N",
            min=0,
            max=_MOST_LISTED,
            help="At most so many, newest first; 0 for all.",
        ),
    ] = 20,
    json: Json = False,
) -> None:
    """List runs, newest first."""
    with _journal() as journal:
        runs = history.list_runs(journal, limit=limit or None)
    rows = [
        (
            run.run,
            _local(run.started_at),
            run.state,
            run.exit_code,
            _names(run),
            _counts_text(run.counts),
            run.folder,
        )
        for run in runs
    ]
    empty = "there was no run yet; start one: dalston transcribe RECORDING"
    Console("runs list", json=json).table(
        _COLUMNS, rows, data=runs, empty=empty, optional=_LEAST_IMPORTANT
    )


@app.command("show")
def show_run(
    run: Annotated[
        str | None,
        typer.Argument(
            metavar="[RUN]",
            help="A run's id or its beginning; the newest by default.",
            autocompletion=complete_runs,
        ),
    ] = None,
    *,
    json: Json = False,
) -> None:
    """Show what came of every recording of a run, with attempts, times and errors."""
    with _journal() as journal:
        record = history.show_run(journal, run)
    Console("runs show", json=json).result(record, text="\n".join(run_lines(record)))


def run_lines(record: history.RunRecord) -> Iterator[str]:
    """Yield everything about one run, line by line."""
    from dalston_cli.console.run_view import schedule_text, shard_text

    run = record.summary
    took = "" if run.elapsed_s is None else f", {run.elapsed_s:.1f} s"
    end = "" if run.exit_code is None else f", exit code {run.exit_code}"
    yield f"run {run.run} of {_local(run.started_at)} in {run.folder}: {run.state}{took}{end}"
    if run.shard:
        yield shard_text(run.shard, run.num_recordings)
    if run.schedule and run.schedule.phases:
        yield schedule_text(run.schedule)
    yield f"{count(run.num_recordings, 'recording')}: {_counts_text(run.counts)}"
    for job in record.jobs:
        yield from _job_lines(job)


def _job_lines(job: history.JobRecord) -> Iterator[str]:
    audio = "" if job.duration_s is None else f", {job.duration_s:.1f} s of audio"
    took = "" if job.elapsed_s is None else f" in {job.elapsed_s:.1f} s"
    yield f"  {printable(job.recording)}: {job.status}{took}{audio}"
    for attempt in job.attempts:
        problem = f": {attempt.error}" if attempt.error else ""
        batch = f", batch size {attempt.batch_size}" if attempt.batch_size else ""
        yield (
            f"    {attempt.stage} with {attempt.model} on {attempt.device}{batch}: "
            f"{attempt.status} after {attempt.elapsed_s:.2f} s{problem}"
        )
    if job.error:
        yield f"    error: {job.error}"
    if job.hint:
        yield f"    hint: {job.hint}"
    for output in job.outputs:
        yield f"    {printable(output)}"


def _local(started_at: str) -> str:
    """Return a time such as ``2026-11-29 04:46:39`` on the user's clock."""
    return datetime.fromisoformat(started_at).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def _names(run: history.RunInfo) -> str:
    """Return text such as ``talk.wav, call.mp3 and 8 more``; before it the shard, such as 2/8."""
    names = [PurePath(name).name for name in run.recordings]
    more = run.num_recordings - len(names)
    shard = f"shard {run.shard.number}/{run.shard.of}: " if run.shard else ""
    if not names:
        return shard + count(more, "recording")
    return shard + ", ".join(names) + (f" and {more:,} more" if more > 0 else "")


def _counts_text(counts: Mapping[str, int]) -> str:
    """Return text such as ``3 done, 1 failed``."""
    return ", ".join(f"{number} {status}" for status, number in counts.items())


def _journal() -> Journal:
    """Open the journal; where there is none yet, an empty one in memory."""
    return Journal.if_there(Locations.from_environment().state / JOURNAL_NAME)
