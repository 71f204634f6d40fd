"""``dalston runs``: past runs and their results."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dalston_cli.commands.registry import group
from dalston_cli.console import Console
from dalston_cli.console.history_text import counts_text, run_lines
from dalston_cli.options.general import Json

if TYPE_CHECKING:
    from dalston_cli.pipeline.records.journal import Journal

app = group("runs")

_COLUMNS = ("run", "started", "state", "exit", "recordings", "counts", "folder")


@app.command("list")
def list_runs(
    *,
    limit: Annotated[
        int,
        typer.Option(
            "--limit", "-n", metavar="N", min=0, help="At most so many, newest first; 0 for all."
        ),
    ] = 20,
    json: Json = False,
) -> None:
    """List runs, newest first."""
    from dalston_cli.pipeline.records.history import list_runs as read

    with _journal() as journal:
        runs = read(journal, limit=limit or None)
    rows = [
        (
            run.run,
            run.started_at,
            run.state,
            run.exit_code,
            run.num_recordings,
            counts_text(run.counts),
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
    from dalston_cli.pipeline.records.history import show_run as read

    with _journal() as journal:
        record = read(journal, run)
    Console("runs show", json=json).result(record, text="\n".join(run_lines(record)))


def _journal() -> "Journal":
    """Open the journal; where there is none yet, an empty one in memory."""
    from dalston_cli.pipeline.records.journal import JOURNAL_NAME, Journal
    from dalston_cli.settings.locations import Locations

    path = Locations.from_environment().state / JOURNAL_NAME
    return Journal(path if path.exists() else Path(":memory:"))
