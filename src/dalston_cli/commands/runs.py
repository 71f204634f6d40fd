"""``dalston runs``: past runs and what came of them."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dalston_cli.console import Console
from dalston_cli.options.general import Json

if TYPE_CHECKING:
    from dalston_cli.pipeline.history import JobRecord, RunRecord
    from dalston_cli.pipeline.journal import Journal

app = typer.Typer(no_args_is_help=True, help="List past runs and what came of them.")

_COLUMNS = ("run", "started", "state", "exit", "recordings", "counts", "folder")


@app.command("list")
def list_runs(
    *,
    limit: Annotated[
        int, typer.Option("--limit", "-n", min=0, help="At most so many, newest first; 0 for all.")
    ] = 20,
    json: Json = False,
) -> None:
    """List runs, newest first."""
    from dalston_cli.pipeline.history import list_runs as read  # noqa: PLC0415 - loads msgspec

    with _journal() as journal:
        runs = read(journal, limit=limit or None)
    rows = [
        (
            run.run,
            run.started_at,
            run.state,
            run.exit_code,
            run.num_recordings,
            _counts(run.counts),
            run.folder,
        )
        for run in runs
    ]
    empty = "there was no run yet; start one: dalston transcribe RECORDING"
    Console("runs list", json=json).table(_COLUMNS, rows, data=runs, empty=empty)


@app.command("show")
def show_run(
    run: Annotated[
        str | None,
        typer.Argument(metavar="[RUN]", help="A run's id or its beginning; the newest by default."),
    ] = None,
    *,
    json: Json = False,
) -> None:
    """Show what came of every recording of a run, with attempts, times and errors."""
    from dalston_cli.pipeline.history import show_run as read  # noqa: PLC0415 - loads msgspec

    with _journal() as journal:
        record = read(journal, run)
    Console("runs show", json=json).result(record, text="\n".join(_lines(record)))


def _journal() -> "Journal":
    """The journal; where there is none yet, an empty one that is written nowhere."""
    from dalston_cli.pipeline.journal import JOURNAL_NAME, Journal  # noqa: PLC0415 - loads sqlite3
    from dalston_cli.settings.locations import Locations  # noqa: PLC0415 - the same

    path = Locations.from_environment().state / JOURNAL_NAME
    return Journal(path if path.exists() else Path(":memory:"))


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {status}" for status, count in counts.items())


def _lines(record: "RunRecord") -> Iterator[str]:
    run = record.summary
    took = "" if run.elapsed_s is None else f", {run.elapsed_s:.1f} s"
    end = "" if run.exit_code is None else f", exit code {run.exit_code}"
    yield f"run {run.run} of {run.started_at} in {run.folder}: {run.state}{took}{end}"
    yield f"{run.num_recordings} recordings: {_counts(run.counts)}"
    for job in record.jobs:
        yield from _job_lines(job)


def _job_lines(job: "JobRecord") -> Iterator[str]:
    from dalston_cli.console.text import printable  # noqa: PLC0415 - only where there is one

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
