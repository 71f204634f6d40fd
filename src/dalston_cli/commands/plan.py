"""``dalston plan``: what ``transcribe`` would do, and why; nothing runs and nothing is written."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from dalston_cli.options.batch import BatchOptions
from dalston_cli.options.grouping import flatten

if TYPE_CHECKING:
    from dalston_cli.commands.batch import Batch
    from dalston_cli.console import Console
    from dalston_cli.pipeline.plan_report import PlanDescription, PlanReport, StageDescription

_MOST_ROWS = 20
_RECORDING_COLUMNS = ("recording", "state", "length", "work", "stored")


@flatten
def plan(options: BatchOptions) -> None:
    """Show what transcribe would do with the same arguments, and why.

    Recordings are looked up, not read: their lengths are known where they were decoded before,
    and estimated from their sizes where others of their kind were.
    """
    from dalston_cli.commands.batch import console_for, read_batch  # noqa: PLC0415 - slow to load

    show_plan(read_batch(options), console_for("plan", options))


def show_plan(batch: "Batch", console: "Console") -> None:
    """Make the report and print it: stages with reasons, then recordings, then the sum."""
    from dalston_cli.console.amounts import duration  # noqa: PLC0415 - slow to load
    from dalston_cli.console.table import render_table  # noqa: PLC0415 - the same
    from dalston_cli.console.text import printable  # noqa: PLC0415 - the same
    from dalston_cli.pipeline.plan_report import make_report  # noqa: PLC0415 - the same

    def known(seconds: float | None) -> str:
        return "-" if seconds is None else duration(seconds)

    for warning in batch.warnings:
        console.warning(warning.message, hint=warning.hint)
    report = make_report(batch.recordings, batch.options, batch.surroundings)
    lines = [line for one in report.plans for line in _plan_lines(one)]
    shown = [one for one in report.recordings if one.state != "unchanged"][:_MOST_ROWS]
    if shown and not console.quiet:
        rows = [
            [
                printable(one.recording),
                one.state,
                known(one.duration_s),
                known(one.estimated_s),
                ", ".join(one.done) or "-",
            ]
            for one in shown
        ]
        lines += ["", render_table(_RECORDING_COLUMNS, rows)]
    lines += ["", *_sum_lines(report, known(report.audio_s), known(report.estimated_s))]
    console.result(report, text="\n".join(lines))
    for one in report.recordings:
        if one.problem:
            console.warning(f"{one.recording}: {one.problem}")


def _plan_lines(plan: "PlanDescription") -> Iterator[str]:
    part = f", {plan.clip} s" if plan.clip else ""
    yield f"{plan.recordings} recordings (channels: {plan.channels}{part})"
    for stage in plan.stages:
        yield from _stage_lines(stage)
    for stage_name, reason in plan.skipped.items():
        yield f"  {stage_name}: skipped, {reason}"
    for advice in plan.advice:
        yield f"  note: {advice}"


def _stage_lines(stage: "StageDescription") -> Iterator[str]:
    details = [f"device {stage.device}", f"launcher {stage.launcher}"]
    if stage.compute_type:
        details.append(f"compute type {stage.compute_type}")
    if stage.batch_size:
        details.append(f"batch size {stage.batch_size}")
    if stage.vram_mb:
        details.append(f"{stage.vram_mb:,} MB of GPU memory")
    if stage.rtfx:
        details.append(f"RTFx {stage.rtfx:.1f} when last measured")
    yield f"  {stage.stage}: {stage.model} on engine {stage.engine} ({', '.join(details)})"
    yield f"    {stage.reason}"
    if stage.options:
        yield f"    {', '.join(f'{name}={value}' for name, value in stage.options.items())}"


def _sum_lines(report: "PlanReport", audio: str, work: str) -> Iterator[str]:
    counts = ", ".join(f"{count} {state}" for state, count in report.counts.items())
    yield f"{len(report.recordings)} recordings: {counts}"
    unknown = f", {report.unknown} of unknown length" if report.unknown else ""
    yield f"audio to work on: {audio}{unknown}; estimated work of engines: {work}"
    for model, size_mb in report.pull.items():
        yield f"to download: {model}, {size_mb:,} MB"
    for engine in report.build:
        yield f"to build: the environment of engine {engine}"
