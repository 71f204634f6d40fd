"""The answer of ``dalston plan``: plans, and what they would mean for each recording."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from dalston_cli.pipeline.environment import Environment
from dalston_cli.pipeline.events import ScheduleInfo, ShardInfo
from dalston_cli.pipeline.forecast.forecaster import Forecaster, RecordingForecast
from dalston_cli.pipeline.intake.shard import share_of
from dalston_cli.pipeline.jobs.batches import fitting_batch
from dalston_cli.pipeline.outputs.target import check_outputs, output_spec, output_stems
from dalston_cli.pipeline.plan.model import RecordingPlan, StagePlan
from dalston_cli.pipeline.plan.planner import Planner
from dalston_cli.pipeline.records.history import measured_rtfx
from dalston_cli.pipeline.records.journal import JOURNAL_NAME, Journal
from dalston_cli.pipeline.records.opening import open_store, tell_nothing
from dalston_cli.pipeline.request import RecordingRequest, RunOptions
from dalston_cli.pipeline.scheduling import schedule_of
from dalston_cli.pipeline.session import (
    check_models,
    distinct_plans,
    stages_to_pull,
)


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
        audio_s: Audio still to be worked on, as far as it is known; None where it is known of no
            recording.
        unknown: Recordings whose length is not known before they are decoded.
        guessed: Recordings whose length is estimated from their size.
        estimated_s: Seconds engines will work, as far as it can be told; None where nothing was
            measured yet.
        unmeasured: Stages that are to be done and have no history on this machine, each with its
            model.
        passed_over: What lies in the given folders and is no recording; see ``RunFinished``.
        shard: The part of all recordings that these are; None for all.
        schedule: Whether stages would run side by side, and why.
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
    guessed: int
    estimated_s: float | None
    unmeasured: tuple[str, ...]
    passed_over: dict[str, int] = {}
    shard: ShardInfo | None = None
    schedule: ScheduleInfo | None = None


def make_report(
    recordings: Sequence[RecordingRequest], options: RunOptions, environment: Environment
) -> PlanReport:
    """Plan, and look at every recording without reading it; write nothing.

    Raises:
        UsageError: What is asked for is impossible.
        InputError: Outputs would collide, or cannot be written.
        ModelUnavailableError: No installed model does a stage that was asked for, or one that is
            missing must not be pulled.
    """
    stems = output_stems(recordings, options)
    check_outputs(stems, options)
    share = share_of(recordings, stems, options.shard)
    planner = Planner(environment.plan_context(), options)
    distinct = distinct_plans(share.recordings, planner)
    wanted = stages_to_pull(distinct, options)
    check_models(wanted, options, environment)
    locations = environment.locations
    names = None if share.stems is None else tuple(map(str, share.stems))
    share = msgspec.structs.replace(share, stems=None)
    del stems  # a path takes four times the room of its text
    with Journal.if_there(locations.state / JOURNAL_NAME) as journal:
        forecaster = Forecaster(
            planner,
            output_spec(options),
            journal,
            open_store(options.store, locations, tell_nothing, is_listed=True),
        )
        found = tuple(forecaster.look(share.recordings, names))
        schedule = schedule_of(distinct, options, environment, journal)
        uses = Counter(forecast.plan for forecast in found)
        plans = tuple(
            _describe(plan, uses[number], journal) for number, plan in enumerate(forecaster.plans)
        )
    sizes = {stage.model.id: stage.model.size_mb for stage in wanted if not stage.is_linked}
    downloads = _downloads(forecaster.plans, environment)
    report = _report(options.pipeline, plans, found, forecaster.plans, sizes, downloads)
    return msgspec.structs.replace(report, shard=share.info, schedule=schedule.info)


def _report(
    pipeline: str | None,
    descriptions: tuple[PlanDescription, ...],
    found: tuple[RecordingForecast, ...],
    plans: Sequence[RecordingPlan],
    pull: dict[str, int],
    downloads: dict[str, int | None],
) -> PlanReport:
    to_do = [one for one in found if one.state not in {"unchanged", "blocked"}]
    to_do = [one for one in to_do if one.estimated_s != 0.0]  # of the others all is stored
    lengths = [one.duration_s for one in to_do if one.duration_s is not None]
    times = [one.estimated_s for one in to_do if one.estimated_s is not None]
    return PlanReport(
        pipeline=pipeline,
        plans=descriptions,
        recordings=found,
        counts=dict(sorted(Counter(one.state for one in found).items())),
        pull=pull,
        build=tuple(sorted(downloads)),
        build_bytes=downloads,
        audio_s=sum(lengths) if lengths or not to_do else None,
        unknown=len(to_do) - len(lengths),
        guessed=sum(one.guessed for one in to_do),
        estimated_s=sum(times) if times or not to_do else None,
        unmeasured=tuple(dict.fromkeys(_without_history(to_do, plans))),
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


def _without_history(
    to_do: Sequence[RecordingForecast], plans: Sequence[RecordingPlan]
) -> Iterator[str]:
    for one in to_do:
        models = {stage.name: each.model.id for stage, each in plans[one.plan].stages.items()}
        yield from (f"{name} with {models[name]}" for name in one.unmeasured)


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
        rtfx=measured_rtfx(journal, stage.kind, stage.model.id, stage.device),
        reason=stage.reason,
        launcher_reason=stage.launch.reason,
    )
