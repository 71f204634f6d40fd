"""From recordings and options to a run: what ``dalston transcribe`` and programs call."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from dalston_cli.catalog.schema import ModelEntry
from dalston_cli.catalog.weights.acquire import ensure_installed
from dalston_cli.catalog.weights.exchange import PullProgress
from dalston_cli.catalog.weights.inventory import weights_elsewhere
from dalston_cli.catalog.weights.options import PullOptions
from dalston_cli.errors import UsageError
from dalston_cli.formats.registry import writers_named
from dalston_cli.launchers.pool.engines import EngineUse, RunEngines
from dalston_cli.launchers.pool.notices import PoolNotice, Ready, Starting, Trouble
from dalston_cli.launchers.pool.pool import Pool
from dalston_cli.pipeline.events import (
    EngineReady,
    EngineStarting,
    Event,
    ModelPulling,
    RunFinished,
    WarningRaised,
)
from dalston_cli.pipeline.outputs.folder import check_writable
from dalston_cli.pipeline.outputs.names import name_outputs
from dalston_cli.pipeline.outputs.writer import OutputSpec
from dalston_cli.pipeline.plan.model import RecordingPlan
from dalston_cli.pipeline.plan.planner import Planner
from dalston_cli.pipeline.records.journal import JOURNAL_NAME, Journal
from dalston_cli.pipeline.records.store import ResultStore
from dalston_cli.pipeline.request import NO_OVERRIDES, RecordingRequest, RunOptions
from dalston_cli.pipeline.running.budget import Budget
from dalston_cli.pipeline.running.job import JobTools
from dalston_cli.pipeline.running.run import RunSpec, jobs_at_once, run
from dalston_cli.pipeline.running.scratch import scratch_folder
from dalston_cli.pipeline.running.stage_execution import StageTools
from dalston_cli.pipeline.surroundings import Surroundings
from dalston_cli.stages.prepare import Preparer

Emit = Callable[[Event], None]

STORE_NAME = "store"
SCRATCH_NAME = "decoded"


def no_text(text: str) -> None:
    """Refuses text for standard output: for runs that write files."""
    raise AssertionError(text)


class RecordingOptionError(UsageError):
    """What the manifest says about one recording is impossible."""

    code = "recording_option"

    def __init__(self, name: str, error: UsageError) -> None:
        super().__init__(f"{name}: {error.message}", hint=error.hint)


@dataclass(frozen=True, kw_only=True)
class Listeners:
    """Who hears what happens.

    Attributes:
        emit: Every event, from the event loop.
        print_text: Transcripts for standard output.
    """

    emit: Emit
    print_text: Callable[[str], None] = no_text


async def transcribe(
    recordings: Sequence[RecordingRequest],
    options: RunOptions,
    surroundings: Surroundings,
    listeners: Listeners,
) -> RunFinished:
    """Transcribe every recording; what was done before is not done again.

    Raises:
        UsageError: What is asked for is impossible; found before anything runs.
        InputError: Outputs would collide with each other or with a recording, or cannot be
            written.
        UnavailableError: A model is missing and must not or cannot be pulled.
    """
    listeners = replace(listeners, emit=_once_per_run(listeners.emit))
    stems = output_stems(recordings, options)
    if options.output.folder is not None:
        check_writable(options.output.folder)
    planner = await _ready_planner(recordings, options, surroundings, listeners.emit)
    plans = distinct_plans(recordings, planner)
    async with AsyncExitStack() as stack:
        tools = await _make_tools(stack, options, surroundings, listeners)
        spec = RunSpec(
            recordings=recordings,
            stems=stems,
            planner=planner,
            jobs=options.jobs or max(jobs_at_once(plan, options.num_replicas) for plan in plans),
            fail_fast=options.fail_fast,
            pipeline=options.pipeline,
        )
        return await run(spec, tools)


async def _make_tools(
    stack: AsyncExitStack,
    options: RunOptions,
    surroundings: Surroundings,
    listeners: Listeners,
) -> JobTools:
    """What all jobs share; what has to be closed after them is put on ``stack``."""
    locations, emit = surroundings.locations, listeners.emit
    journal = stack.enter_context(Journal(locations.state / JOURNAL_NAME))
    scratch = stack.enter_context(scratch_folder(locations.cache / SCRATCH_NAME))
    pool = await stack.enter_async_context(
        Pool(surroundings.launchers, on_event=lambda notice: _tell(notice, emit))
    )
    preparer = await stack.enter_async_context(Preparer())
    engines = RunEngines(pool, _engine_use(options, surroundings))
    stack.push_async_callback(engines.close)
    return JobTools(
        stages=StageTools(
            store=ResultStore(locations.state / STORE_NAME),
            journal=journal,
            engines=engines,
            emit=emit,
            budget=Budget(options.max_cost_usd),
            overwrite=options.overwrite,
        ),
        preparer=preparer,
        outputs=OutputSpec(
            formats=options.formats,
            optional=options.optional_formats,
            render=options.render,
            overwrite=options.overwrite,
            print_text=listeners.print_text,
        ),
        scratch=scratch,
        strict=options.strict,
    )


def output_stems(
    recordings: Sequence[RecordingRequest], options: RunOptions
) -> tuple[Path, ...] | None:
    """Where each recording's outputs go, without extensions; None for standard output.

    Raises:
        UnknownFormatError: There is no such format.
        InputError: Outputs would collide with each other or with a recording.
    """
    extensions = tuple(writer.extension for writer in writers_named(options.formats))
    if options.output.folder is None:
        return None
    return name_outputs(recordings, options.output.folder, extensions)


def distinct_plans(recordings: Sequence[RecordingRequest], planner: Planner) -> list[RecordingPlan]:
    """Every plan that differs from the others in its stages' models.

    Raises:
        UsageError: What is asked for is impossible, for one recording or for all.
        ModelUnavailableError: No installed model does a stage that was asked for.
    """
    named = {recording.overrides: recording.name for recording in reversed(recordings)}
    plans = {}
    for overrides, name in (named or {NO_OVERRIDES: ""}).items():
        try:
            plan = planner.plan(overrides)
        except UsageError as error:
            if overrides == NO_OVERRIDES:
                raise
            raise RecordingOptionError(name, error) from error
        plans[tuple(stage.model.id for stage in plan.stages)] = plan
    return list(plans.values())


async def _ready_planner(
    recordings: Sequence[RecordingRequest],
    options: RunOptions,
    surroundings: Surroundings,
    emit: Emit,
) -> Planner:
    """A planner whose plans can be carried out: every model is installed."""
    planner = Planner(surroundings.plan_context(), options)
    wanted: dict[str, ModelEntry] = {}
    for plan in distinct_plans(recordings, planner):
        for stage in plan.stages:
            again = options.pull == "always" and not stage.launch.brings_own_weights
            if stage.to_pull or again:
                wanted[stage.model.id] = stage.model
    if not wanted:
        return planner
    for model in wanted.values():
        await _install(model, options, surroundings, emit)
    return Planner(surroundings.plan_context(), options)


async def _install(
    model: ModelEntry,
    options: RunOptions,
    surroundings: Surroundings,
    emit: Emit,
) -> None:
    loop = asyncio.get_running_loop()

    def tell(progress: PullProgress) -> None:
        event = ModelPulling(
            model=progress.model,
            step=progress.step,
            done_bytes=progress.done,
            total_bytes=progress.total,
        )
        loop.call_soon_threadsafe(emit, event)

    await asyncio.to_thread(
        ensure_installed,
        model,
        surroundings.locations.models,
        "never" if options.offline else options.pull,
        PullOptions.from_environment(offline=options.offline),
        tell,
    )


def _engine_use(options: RunOptions, surroundings: Surroundings) -> EngineUse:
    catalog = surroundings.catalog
    return EngineUse(
        models_dir=surroundings.locations.models,
        keep_alive_s=options.keep_alive_s,
        replicas=options.num_replicas,
        gpus=options.gpus,
        weights={name: weights_elsewhere(catalog, name) for name in catalog.engines},
        environment=surroundings.engine_environment,
    )


def _once_per_run(emit: Emit) -> Emit:
    """Every job says what is wrong with the run; once is enough."""
    said: set[tuple[str, str]] = set()

    def pass_on(event: Event) -> None:
        if isinstance(event, WarningRaised) and event.recording is None:
            if (event.code, event.message) in said:
                return
            said.add((event.code, event.message))
        emit(event)

    return pass_on


def _tell(notice: PoolNotice, emit: Emit) -> None:
    match notice:
        case Starting(engine=engine, launcher=launcher, step=step, message=message):
            emit(EngineStarting(engine=engine, launcher=launcher, step=step, message=message))
        case Ready(engine=engine, launcher=launcher, device=device, reused=reused):
            emit(
                EngineReady(
                    engine=engine,
                    launcher=launcher,
                    device=device,
                    reused=reused,
                    elapsed_s=notice.elapsed_s,
                    reason=notice.reason,
                )
            )
        case Trouble(code=code, message=message):
            emit(WarningRaised(code=code, message=message))
