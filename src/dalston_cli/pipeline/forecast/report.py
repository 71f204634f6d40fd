"""The answer of ``dalston plan``: plans, and what they would mean for each recording."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from dalston_cli.pipeline.environment import Environment
from dalston_cli.pipeline.forecast.forecaster import Forecaster, RecordingForecast
from dalston_cli.pipeline.jobs.batches import fitting_batch
from dalston_cli.pipeline.plan.model import RecordingPlan, StagePlan
from dalston_cli.pipeline.plan.planner import Planner
from dalston_cli.pipeline.records.history import measured_rtfx
from dalston_cli.pipeline.records.journal import JOURNAL_NAME, Journal
from dalston_cli.pipeline.records.store import FileStore
from dalston_cli.pipeline.request import RecordingRequest, RunOptions
from dalston_cli.pipeline.session import STORE_NAME, output_spec, output_stems


class StageDescription(Struct, frozen=True, kw_only=True):
    """One stage of a plan.

    Attributes:
        batch_size: None lets the engine choose.
        options: What the user or the model set; the rest is the engine's own choice.
        vram_mb: Memory the model needs on a GPU; None where it was not measured.
        pull: The model has to be downloaded first.
        build: The engine's environment or image has to be built first.
        rtfx: Audio seconds per second of the engine's work, as measured in earlier runs.
    """

    stage: str
    engine: str
    model: str
    launcher: str
    device: str
    compute_type: str | None
    batch_size: int | None
    options: dict[str, Any]
    vram_mb: int | None
    pull: bool
    build: bool
    rtfx: float | None
    reason: str
    launcher_reason: str


class PlanDescription(Struct, frozen=True, kw_only=True):
    """One plan, and the number of recordings that go through it."""

    recordings: int
    stages: tuple[StageDescription, ...]
    skipped: dict[str, str]
    channels: str | int
    clip: str | None
    advice: tuple[str, ...]


class PlanReport(Struct, frozen=True, kw_only=True):
    """The forecast of a run.

    Attributes:
        counts: Recordings per state.
        pull: Models to download, with their sizes in MB.
        build: Engines whose environments have to be built.
        build_bytes: How much each of these downloads; None where that is not known.
        audio_s: Audio still to be worked on; None where it is known of no recording.
        unknown: Recordings whose length is not known before they are decoded.
        estimated_s: Seconds engines will work; None where nothing was measured yet.
    """

    pipeline: str | None
    plans: tuple[PlanDescription, ...]
    recordings: tuple[RecordingForecast, ...]
    counts: dict[str, int]
    pull: dict[str, int]
    build: tuple[str, ...]
    build_bytes: dict[str, int | None]
    audio_s: float | None
    unknown: int
    estimated_s: float | None


def make_report(
    recordings: Sequence[RecordingRequest], options: RunOptions, environment: Environment
) -> PlanReport:
    """Plan, and look at every recording without reading it; write nothing.

    Raises:
        UsageError: What is asked for is impossible.
        InputError: Outputs would collide.
        ModelUnavailableError: No installed model does a stage that was asked for.
    """
    stems = output_stems(recordings, options)
    state = environment.locations.state
    path = state / JOURNAL_NAME
    with Journal(path if path.exists() else Path(":memory:")) as journal:
        forecaster = Forecaster(
            Planner(environment.plan_context(), options),
            output_spec(options),
            journal,
            FileStore(state / STORE_NAME),
        )
        found = tuple(forecaster.look(recordings, stems))
        uses = Counter(forecast.plan for forecast in found)
        plans = tuple(
            _describe(plan, uses[number], journal) for number, plan in enumerate(forecaster.plans)
        )
    downloads = _downloads(forecaster.plans, environment)
    return _report(options.pipeline, plans, found, forecaster.plans, downloads)


def _report(
    pipeline: str | None,
    descriptions: tuple[PlanDescription, ...],
    found: tuple[RecordingForecast, ...],
    plans: Sequence[RecordingPlan],
    downloads: dict[str, int | None],
) -> PlanReport:
    to_do = [forecast for forecast in found if forecast.state not in {"unchanged", "blocked"}]
    lengths = [one.duration_s for one in to_do if one.duration_s is not None]
    times = [one.estimated_s for one in to_do if one.estimated_s is not None]
    missing = {model.id: model.size_mb for plan in plans for model in plan.missing_models}
    return PlanReport(
        pipeline=pipeline,
        plans=descriptions,
        recordings=found,
        counts=dict(sorted(Counter(one.state for one in found).items())),
        pull=missing,
        build=tuple(sorted(downloads)),
        build_bytes=downloads,
        audio_s=sum(lengths) if lengths or not to_do else None,
        unknown=len(to_do) - len(lengths),
        estimated_s=sum(times) if times or not to_do else None,
    )


def _downloads(plans: Sequence[RecordingPlan], environment: Environment) -> dict[str, int | None]:
    """Return the engines that have to be built, and how much each downloads."""
    unbuilt = {
        stage.engine.name: stage
        for plan in plans
        for stage in plan.stages.values()
        if not stage.launch.built
    }
    launchers = environment.launchers.by_name
    return {
        name: launchers[stage.launch.launcher].download_bytes(stage.engine, stage.device)
        for name, stage in unbuilt.items()
    }


def _describe(plan: RecordingPlan, uses: int, journal: Journal) -> PlanDescription:
    return PlanDescription(
        recordings=uses,
        stages=tuple(_describe_stage(stage, journal) for stage in plan.stages.values()),
        skipped={skipped.stage.kind.value: skipped.reason for skipped in plan.skipped},
        channels=plan.channels,
        clip=str(plan.clip) if plan.clip else None,
        advice=tuple(advice.message for advice in plan.advice),
    )


def _describe_stage(stage: StagePlan, journal: Journal) -> StageDescription:
    options = {
        name: value
        for name, value in msgspec.to_builtins(stage.options).items()
        if value is not None and name != "batch_size"
    }
    return StageDescription(
        stage=stage.kind,
        engine=stage.engine.name,
        model=stage.model.id,
        launcher=stage.launch.launcher,
        device=stage.device,
        compute_type=stage.compute_type,
        batch_size=fitting_batch(stage, stage.device, journal),
        options=options,
        vram_mb=stage.model.hardware.vram_mb if stage.device != "cpu" else None,
        pull=stage.to_download,
        build=not stage.launch.built,
        rtfx=measured_rtfx(journal, stage.model.id, stage.device),
        reason=stage.reason,
        launcher_reason=stage.launch.reason,
    )
