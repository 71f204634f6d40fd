"""``dalston plan``: the work of ``transcribe`` with reasons; nothing runs or is written."""

from typing import TYPE_CHECKING

from dalston_cli.console.plan_text import plan_lines
from dalston_cli.options.batch import BatchOptions
from dalston_cli.options.parameters import flatten

if TYPE_CHECKING:
    from dalston_cli.commands.batch import Batch
    from dalston_cli.console import Console


@flatten
def plan(options: BatchOptions) -> None:
    """Show what transcribe would do with the same arguments, and why.

    Recordings are looked up, not read: their lengths are known where they were decoded before,
    and estimated from their sizes where others of their kind were.
    """
    from dalston_cli.commands.batch import console_for, read_batch

    show_plan(read_batch(options), console_for("plan", options))


def show_plan(batch: "Batch", console: "Console") -> None:
    """Make the report and print it: stages with reasons, then recordings, then the sum."""
    from dalston_cli.pipeline.forecast.report import make_report

    for warning in batch.warnings:
        console.warning(warning.message, hint=warning.hint)
    report = make_report(batch.recordings, batch.options, batch.surroundings)
    text = "\n".join(plan_lines(report, show_recordings=not console.quiet))
    console.result(report, text=text)
    for one in report.recordings:
        if one.problem:
            console.warning(f"{one.recording}: {one.problem}")
