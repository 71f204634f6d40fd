"""``dalston plan``: the work of ``transcribe`` with reasons; nothing runs or is written."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from dalston_cli.amounts import count, duration, readable_size
from dalston_cli.console import Console, printable
from dalston_cli.options.batch import BatchOptions
from dalston_cli.options.parameters import flatten

if TYPE_CHECKING:
    from dalston_cli.commands.batch import Batch
    from dalston_cli.pipeline.forecast.forecaster import RecordingForecast
    from dalston_cli.pipeline.forecast.report import PlanDescription, PlanReport, StageDescription

_MOST_ROWS = 20
_LEAST_IMPORTANT = ("stored", "work", "state", "length")
_COLUMNS = ("recording", "state", "length", "work", "stored")


@flatten
def plan(options: BatchOptions) -> None:
    """Show what transcribe would do with the same arguments, and why.

    Nothing is decoded: lengths come from the recordings' headers, and the time that it takes from
    what the same models took on this machine before.

    dalston plan recordings/ -r --diarize

    dalston plan talk.mp3 --model auto --json
    """
    from dalston_cli.commands.batch import console_for, read_batch

    show_plan(
        read_batch(options, is_plan=True),
        console_for("plan", options),
        assume_yes=options.screen.yes,
    )


def show_plan(batch: "Batch", console: Console, *, assume_yes: bool) -> None:
    """Make the report and print it: stages with reasons, then recordings, then the sum.

    Args:
        batch: The recordings, and how to treat them.
        console: Prints it.
        assume_yes: Plan with the model that ``transcribe --yes`` would download.
    """
    import msgspec

    from dalston_cli.commands.offer import offer_models
    from dalston_cli.pipeline.forecast.report import make_report
    from dalston_cli.pipeline.intake.folder_scan import passed_over_text

    for warning in batch.warnings:
        console.warning(warning.message, hint=warning.hint)
    options = batch.options
    if assume_yes:
        options = offer_models(options, batch.environment, console, assume_yes=True)
    report = make_report(batch.recordings, options, batch.environment)
    report = msgspec.structs.replace(report, passed_over=dict(batch.passed_over))
    text = "\n".join(_plan_lines(report, console))
    if report.passed_over:
        text += f"\npassed over: {passed_over_text(report.passed_over)}"
    if batch.on_finish:
        text += f"\nto run at the end: {printable(batch.on_finish)}"
    console.result(report, text=text)
    for one in report.recordings:
        if one.problem:
            named = one.recording in one.problem
            console.warning(one.problem if named else f"{one.recording}: {one.problem}")


def _plan_lines(report: "PlanReport", console: Console) -> Iterator[str]:
    """Yield the report; with a table of the first recordings that have something to do."""
    from dalston_cli.console.run_view import schedule_text, shard_text
    from dalston_cli.pipeline.plan.schedule import ONE_PHASE

    if report.shard:
        yield shard_text(report.shard, len(report.recordings))
    if report.pipeline:
        yield f"pipeline {report.pipeline}"
    for plan in report.plans:
        yield from _one_plan(plan)
    if report.schedule and report.schedule.reason != ONE_PHASE:
        yield schedule_text(report.schedule)
    shown = [one for one in report.recordings if one.state != "unchanged"][:_MOST_ROWS]
    if shown and not console.quiet:
        yield ""
        yield console.laid_out(_COLUMNS, [_row(one) for one in shown], optional=_LEAST_IMPORTANT)
    yield ""
    yield from _sum_lines(report)


def _row(one: "RecordingForecast") -> list[str]:
    length = ("~" if one.guessed else "") + _known(one.duration_s)
    work = _at_least(one.estimated_s, exact=not one.unmeasured)
    return [printable(one.recording), one.state, length, work, ", ".join(one.done) or "-"]


def _known(seconds: float | None) -> str:
    return "-" if seconds is None else duration(seconds)


def _at_least(seconds: float | None, *, exact: bool) -> str:
    return _known(seconds) if exact or seconds is None else f"≥ {duration(seconds)}"


def _one_plan(plan: "PlanDescription") -> Iterator[str]:
    part = f", {plan.clip} s" if plan.clip else ""
    yield f"{count(plan.recordings, 'recording')} (channels: {plan.channels}{part})"
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
    yield f"    launcher {stage.launcher}: {stage.launcher_reason}"
    if stage.options:
        yield f"    {', '.join(f'{name}={_shown(value)}' for name, value in stage.options.items())}"


def _shown(value: object) -> object:
    if isinstance(value, list | tuple):
        return ",".join(map(str, value)) or "none"
    return value


def _sum_lines(report: "PlanReport") -> Iterator[str]:
    counts = ", ".join(f"{number} {state}" for state, number in report.counts.items())
    yield f"{count(len(report.recordings), 'recording')}: {counts}"
    audio = _at_least(report.audio_s, exact=not report.unknown)
    unknown = f", {report.unknown} of unknown length" if report.unknown else ""
    guessed = f", {report.guessed} estimated by size" if report.guessed else ""
    yield f"audio to work on: {audio}{unknown}{guessed}"
    yield f"estimated work of engines: {_work(report)}"
    for model, size_mb in report.pull.items():
        yield f"to download: {model}, {f'{size_mb:,} MB' if size_mb else 'of unknown size'}"
    for engine in report.build:
        amount = _amount(report.build_bytes[engine])
        yield f"to build: the {_built(report, engine)} of engine {engine}, {amount}"


def _amount(num_bytes: int | None) -> str:
    if num_bytes is None:
        return "download of unknown size"
    return f"{readable_size(num_bytes)} to download" if num_bytes else "nothing to download"


def _work(report: "PlanReport") -> str:
    """Return the time of the work as far as this machine's history tells it."""
    lacking = f"no history yet of {', '.join(report.unmeasured)}" if report.unmeasured else ""
    if report.estimated_s is None:
        return lacking or "-"
    known = _at_least(report.estimated_s, exact=not (report.unknown or lacking))
    return f"{known} ({lacking})" if lacking else known


def _built(report: "PlanReport", engine: str) -> str:
    from dalston_cli.launchers.registry import launcher_class

    stages = [stage for plan in report.plans for stage in plan.stages]
    built = {launcher_class(each.launcher).builds for each in stages if each.engine == engine}
    return "image" if "image" in built else "environment"
