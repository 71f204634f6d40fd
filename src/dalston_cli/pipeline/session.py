"""From recordings and options to a run: what ``dalston transcribe`` and programs call."""

import asyncio
import shutil
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from dalston_cli import garbage
from dalston_cli.catalog.resolve import Advice
from dalston_cli.catalog.schema import ModelEntry
from dalston_cli.catalog.sources import FileSource
from dalston_cli.catalog.weights.acquire import check_obtainable, ensure_installed
from dalston_cli.catalog.weights.exchange import PullProgress
from dalston_cli.catalog.weights.failures import PullError
from dalston_cli.catalog.weights.inventory import weights_elsewhere
from dalston_cli.catalog.weights.pull_options import PullOptions
from dalston_cli.errors import UsageError
from dalston_cli.launchers.failure import LauncherUnavailableError
from dalston_cli.launchers.pool.engines import EngineUse
from dalston_cli.pipeline.environment import Environment
from dalston_cli.pipeline.events import Event, ModelPulling, RunFinished, WarningRaised
from dalston_cli.pipeline.intake.shard import share_of
from dalston_cli.pipeline.jobs.base import EngineStates, Job, JobTools, Runner
from dalston_cli.pipeline.outputs.target import (
    check_outputs,
    output_spec,
    output_stems,
    unconditional,
)
from dalston_cli.pipeline.outputs.writer import OutputWriter
from dalston_cli.pipeline.plan.model import RecordingPlan, StagePlan
from dalston_cli.pipeline.plan.planner import Planner
from dalston_cli.pipeline.records.opening import open_records
from dalston_cli.pipeline.records.private_state import close_state
from dalston_cli.pipeline.records.refusals import Refusals
from dalston_cli.pipeline.remote.spool import Spool
from dalston_cli.pipeline.remote.stores import check_reachable
from dalston_cli.pipeline.request import NO_OVERRIDES, RecordingRequest, RunOptions
from dalston_cli.pipeline.runners.local import LocalRunner
from dalston_cli.pipeline.runners.tools import SharedTools, open_tools, run_engines, scratch_of
from dalston_cli.pipeline.running.budget import Budget
from dalston_cli.pipeline.running.run import Run
from dalston_cli.pipeline.running.run_spec import DECODED_AHEAD, RunSpec, jobs_at_once
from dalston_cli.pipeline.running.stage_failures import StageFailures
from dalston_cli.pipeline.scheduling import schedule_of
from dalston_cli.pipeline.unasked import BUNDLED_ADVICE, STARTER_FAILED, HeldBack, why_not
from dalston_cli.settings.choices import PullPolicy

if TYPE_CHECKING:
    from dalston_cli.pipeline.runners.dask.cluster import Cluster

Emit = Callable[[Event], None]


def no_text(text: str) -> None:
    """Refuse text for standard output: for runs that write files."""
    raise AssertionError(text)


class RecordingOptionError(UsageError):
    """The manifest's options for one recording are impossible."""

    code = "recording_option"

    def __init__(self, name: str, error: UsageError) -> None:
        super().__init__(f"{name}: {error.message}", hint=error.hint)


def ignore_interrupt(interrupt: Callable[[], None]) -> None:
    """Take what would end a run, for callers that leave that to Ctrl-C."""
    del interrupt


@dataclass(frozen=True, kw_only=True)
class RunCallbacks:
    """Functions that a run calls.

    Attributes:
        take_interrupt: Gets what ends the run early, before it begins: to be called on its loop.
    """

    on_event: Emit
    print_text: Callable[[str], None] = no_text
    take_interrupt: Callable[[Callable[[], None]], None] = ignore_interrupt


class _Means(Struct, frozen=True, kw_only=True):
    """What does the work of a run: engines, used in some way, by Dask's workers or by us."""

    plans: Sequence[RecordingPlan]
    use: EngineUse
    workers: "Cluster | None"
    shared: SharedTools | None


async def transcribe(
    recordings: Sequence[RecordingRequest],
    options: RunOptions,
    environment: Environment,
    callbacks: RunCallbacks,
    shared: SharedTools | None = None,
) -> RunFinished:
    """Transcribe every recording; what was done before is not done again.

    Args:
        recordings: At least one.
        options: Of all of them.
        environment: This machine.
        callbacks: What the run calls.
        shared: Engines and decoders that other runs of this process use, too; None for its own.

    Raises:
        UsageError: What is asked for is impossible; found before anything runs.
        InputError: Outputs would collide with each other or with a recording, or cannot be
            written.
        UnavailableError: A model is missing and must not or cannot be pulled.
    """
    garbage.started()
    callbacks = replace(callbacks, on_event=_once_per_run(callbacks.on_event))
    stems = output_stems(recordings, options)
    check_outputs(stems, options)
    if options.store is not None:
        await asyncio.to_thread(check_reachable, options.store)
    inputs = recordings, stems, options.shard
    share = await asyncio.to_thread(share_of, *inputs) if options.shard else share_of(*inputs)
    async with AsyncExitStack() as stack:
        workers = await _workers(stack, options, environment)
        if workers is not None:
            environment = replace(environment, machine=workers.machine)
        planner = await _ready_planner(share.recordings, options, environment, callbacks.on_event)
        plans = distinct_plans(share.recordings, planner)
        jobs = max(jobs_at_once(plan, options.num_replicas) for plan in plans)
        if workers is not None:
            await workers.plan_for(plans)
            jobs = workers.num_threads + DECODED_AHEAD
        spec = RunSpec(
            recordings=share.recordings,
            stems=share.stems,
            planner=planner,
            options=options,
            jobs=options.jobs or jobs,
            replan=None if workers is not None else _replan_by(environment, options),
            shard=share.info,
        )
        use = engine_use(plans, options, environment)
        means = _Means(plans=plans, use=use, workers=workers, shared=shared)
        run = await _make_run(stack, spec, means, environment, callbacks)
        callbacks.take_interrupt(run.interrupt)
        return await run.run()


async def _workers(
    stack: AsyncExitStack, options: RunOptions, environment: Environment
) -> "Cluster | None":
    """Return the workers of Dask that the user wants; None for this process alone."""
    if options.runner != "dask":
        return None
    from dalston_cli.pipeline.runners.dask.cluster import Cluster  # noqa: PLC0415 - for Dask only

    return await Cluster.join(stack, options, environment)


async def _make_run(
    stack: AsyncExitStack,
    spec: RunSpec,
    means: "_Means",
    environment: Environment,
    callbacks: RunCallbacks,
) -> Run:
    """Make a run on this machine; what has to be closed after it is put on ``stack``."""
    locations, emit, options = environment.locations, callbacks.on_event, spec.options
    passing = means.shared is not None and means.shared.passing
    records = open_records(stack, options.store, locations, emit, passing=passing)
    journal = records.journal
    for path in close_state(locations.state)[:1]:
        message = f"{path} can be read by other users, and is not yours to close to them"
        emit(WarningRaised(code="state_open", message=message))
    scratch = scratch_of(stack, means.shared, locations.cache)

    schedule = schedule_of(means.plans, options, environment, journal)
    shared = means.shared or await open_tools(stack, environment.launchers, emit)
    engines = run_engines(stack, shared, means.use)
    outputs = output_spec(options, callbacks.print_text)
    if (warning := unconditional(outputs)) is not None:
        emit(warning)

    def open_sink(job: Job, key: str) -> OutputWriter:
        stem = None if job.output is None else Path(job.output)
        return OutputWriter(outputs, journal, stem, key)

    tools = JobTools(
        store=records.store,
        claims=records.claims,
        claims_here=records.claims_here,
        journal=journal,
        refusals=Refusals(journal),
        engines=engines,
        decoder=shared.decoder,
        open_sink=open_sink,
        emit=emit,
        budget=Budget(options.max_cost_usd),
        failures=StageFailures(scratch / "failures"),
        spool=Spool(options.spool_bytes),
    )
    runner: Runner = LocalRunner(tools=tools, scratch=scratch)
    states: EngineStates = engines
    if means.workers is not None:
        from dalston_cli.pipeline.runners.dask.opening import dask_runner  # noqa: PLC0415 - likewise

        runner, states = dask_runner(tools, scratch, means.workers, means.use, environment)
    if options.scheduler is None:
        spec = replace(spec, decoded_bytes=shutil.disk_usage(scratch).free // 2)
    spec = replace(spec, schedule=schedule)
    run = Run(spec, runner, journal, states, emit)

    def waited(process: int | None) -> None:
        if process is not None:
            emit(_shared_with(f"another run (process {process})"))
        run.begin_one_more()

    def waited_elsewhere() -> None:
        emit(_shared_with("another machine"))
        run.begin_one_more()

    records.claims_here.on_wait = waited
    if records.shared is not None:
        records.shared.on_wait = waited_elsewhere
    return run


def _shared_with(other: str) -> WarningRaised:
    return WarningRaised(
        code="work_shared",
        message=f"{other} works on some of these recordings: "
        "what it does is waited for, and not done twice",
    )


def _replan_by(
    environment: Environment, options: RunOptions
) -> Callable[[LauncherUnavailableError], Planner] | None:
    """Return what plans without a launcher that stopped working, where ``auto`` had chosen it."""
    if not environment.launchers.may_change:
        return None

    def replan(error: LauncherUnavailableError) -> Planner:
        environment.give_up(error)
        return environment.planner(options)

    return replan


def distinct_plans(recordings: Sequence[RecordingRequest], planner: Planner) -> list[RecordingPlan]:
    """Return every plan that differs from the others in its stages' models.

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
        plans[tuple(stage.model.id for stage in plan.stages.values())] = plan
    return list(plans.values())


def stages_to_pull(plans: Sequence[RecordingPlan], options: RunOptions) -> tuple[StagePlan, ...]:
    """Return a stage for each model that has to be brought here, or looked at anew."""
    wanted = {}
    for stage in (stage for plan in plans for stage in plan.stages.values()):
        again = options.pull == "always" and not stage.launch.brings_own_weights
        if stage.to_pull or again:
            wanted[stage.model.id] = stage
    return tuple(wanted.values())


def check_models(
    stages: Sequence[StagePlan], options: RunOptions, environment: Environment
) -> None:
    """Refuse models that cannot be brought here, before anything is downloaded.

    Raises:
        ModelUnavailableError: Downloads are forbidden, or there is no network to use. A run does
            without a model that was not asked for.
    """
    models = [stage.model for stage in stages if not stage.unasked]
    pull = PullOptions.from_environment(offline=options.offline)
    check_obtainable(models, environment.locations.models, _policy(options), pull)


def _policy(options: RunOptions) -> PullPolicy:
    return "never" if options.offline else options.pull


async def _ready_planner(
    recordings: Sequence[RecordingRequest],
    options: RunOptions,
    environment: Environment,
    emit: Emit,
) -> Planner:
    """Return a planner whose plans can be carried out: every model is installed."""
    planner = environment.planner(options)
    plans = distinct_plans(recordings, planner)
    wanted = stages_to_pull(plans, options)
    if not wanted:
        return planner
    check_models(wanted, options, environment)
    held = HeldBack(emit, _advice_of(plans))
    for stage in wanted:
        try:
            tell = held.take if stage.unasked else emit
            await install(stage.model, options, environment, tell)
        except PullError as error:
            if not stage.unasked:
                raise
            options = replace(options, starter=False)
            others = distinct_plans(recordings, environment.planner(options))
            emit(why_not(error, _advice_of(others)))
            return await _ready_planner(recordings, options, environment, emit)
    return environment.planner(options)


def _advice_of(plans: Sequence[RecordingPlan]) -> list[Advice]:
    return [advice for plan in plans for advice in plan.advice]


async def install(
    model: ModelEntry, options: RunOptions, environment: Environment, emit: Emit
) -> None:
    """Bring a model here; events tell how far that is."""
    loop = asyncio.get_running_loop()

    def tell(progress: PullProgress) -> None:
        model, done, total = progress.model, progress.done, progress.total
        if progress.note:
            notice = WarningRaised(code="weights_source", message=progress.note)
            loop.call_soon_threadsafe(emit, notice)
        event = ModelPulling(model=model, step=progress.step, done_bytes=done, total_bytes=total)
        loop.call_soon_threadsafe(emit, event)

    await asyncio.to_thread(
        ensure_installed,
        model,
        environment.locations.models,
        _policy(options),
        PullOptions.from_environment(offline=options.offline, order=environment.source_order),
        tell,
    )


def engine_use(
    plans: Sequence[RecordingPlan], options: RunOptions, environment: Environment
) -> EngineUse:
    """Return how the engines of some plans are started."""
    catalog = environment.catalog
    needed: dict[str, tuple[Path, ...]] = {}
    for stage in (stage for plan in plans for stage in plan.stages.values()):
        if isinstance(stage.model.source, FileSource):
            name = stage.engine.name
            needed[name] = (*needed.get(name, ()), stage.model.source.path)
    return EngineUse(
        models_dir=environment.locations.models,
        keep_alive_s=options.keep_alive_s,
        replicas=options.num_replicas,
        gpus=options.gpus,
        weights={name: weights_elsewhere(catalog, name) for name in catalog.engines},
        needed=needed,
        environment=environment.engine_environment,
    )


def _once_per_run(emit: Emit) -> Emit:
    """Pass on once what every job says is wrong with the run."""
    said: set[tuple[str, str]] = set()
    codes: set[str] = set()

    def pass_on(event: Event) -> None:
        if isinstance(event, WarningRaised) and event.recording is None:
            told = event.code == BUNDLED_ADVICE and STARTER_FAILED in codes
            if told or (event.code, event.message) in said:
                return
            said.add((event.code, event.message))
            codes.add(event.code)
        emit(event)

    return pass_on
