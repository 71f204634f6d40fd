"""Speakers of samples: diarization and nothing else, from the store where it was done before."""

from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import NoReturn

from msgspec import Struct

from dalston_cli.audio.request import AudioRequest
from dalston_cli.audio.scratch import SCRATCH_NAME, scratch_folder
from dalston_cli.pipeline.environment import Environment
from dalston_cli.pipeline.events import Event, WarningRaised
from dalston_cli.pipeline.jobs.base import Job, JobTools
from dalston_cli.pipeline.jobs.keys import prepare_key
from dalston_cli.pipeline.jobs.way import StoredResult
from dalston_cli.pipeline.plan.choosing import StageChooser
from dalston_cli.pipeline.plan.model import RecordingPlan, StagePlan
from dalston_cli.pipeline.records.journal import JOURNAL_NAME, Attempt, Journal
from dalston_cli.pipeline.records.opening import open_records
from dalston_cli.pipeline.records.refusals import Refusals
from dalston_cli.pipeline.remote.spool import Spool
from dalston_cli.pipeline.request import RecordingRequest, RunOptions
from dalston_cli.pipeline.runners.tools import engines_and_decoder
from dalston_cli.pipeline.running.audio import RecordingAudio
from dalston_cli.pipeline.running.budget import Budget
from dalston_cli.pipeline.running.recording_bytes import RecordingBytes
from dalston_cli.pipeline.running.stage import StageRunner, StageWork
from dalston_cli.pipeline.running.stage_failures import StageFailures
from dalston_cli.pipeline.session import check_models, engine_use, install
from dalston_cli.stages.base import Inputs, typed
from dalston_cli.stages.diarize import DIARIZE
from dalston_cli.threads import to_its_end
from dalston_sdk.wire import DiarizeResult, StageRecord

Emit = Callable[[Event], None]


class Sample(Struct, frozen=True, kw_only=True):
    """The speakers of a sample.

    Attributes:
        name: As the user gave it.
        digest: Of its bytes.
        record: The model, and its weights.
    """

    name: str
    digest: str
    record: StageRecord
    result: DiarizeResult


async def diarize_samples(
    recordings: Sequence[RecordingRequest],
    options: RunOptions,
    environment: Environment,
    emit: Emit,
) -> tuple[Sample, ...]:
    """Find the speakers of each sample, as a run would.

    Raises:
        UsageError: What is asked for is impossible.
        ModelUnavailableError: The model is missing and cannot be pulled.
        RecordingError: A sample cannot be used.
    """
    plan = await _ready(options, environment, emit)
    whole = RecordingPlan(stages={DIARIZE: plan}, channels=options.channels, clip=options.clip)
    async with AsyncExitStack() as stack:
        tools = await _tools(stack, whole, options, environment, emit)
        scratch = stack.enter_context(scratch_folder(environment.locations.cache / SCRATCH_NAME))
        return tuple(
            [
                await _diarized(recording, whole, tools, scratch / str(number))
                for number, recording in enumerate(recordings)
            ]
        )


async def _ready(options: RunOptions, environment: Environment, emit: Emit) -> StagePlan:
    """Plan the stage with a model that is installed in the end."""
    request = options.stages[DIARIZE]

    def planned() -> StagePlan:
        return StageChooser(environment.plan_context(), options).choose(DIARIZE, request)

    plan = planned()
    if not plan.to_pull:
        return plan
    check_models((plan,), options, environment)
    await install(plan.model, options, environment, emit)
    return planned()


async def _tools(
    stack: AsyncExitStack,
    plan: RecordingPlan,
    options: RunOptions,
    environment: Environment,
    emit: Emit,
) -> JobTools:
    records = open_records(stack, options.store, environment.locations, emit)
    journal = stack.enter_context(_JournalOfNoRun(environment.locations.state / JOURNAL_NAME))
    use = engine_use((plan,), options, environment)
    engines, decoder = await engines_and_decoder(stack, environment.launchers, use, emit)
    return JobTools(
        store=records.store,
        claims=records.claims,
        claims_here=records.claims_here,
        journal=journal,
        refusals=Refusals(records.journal),
        engines=engines,
        decoder=decoder,
        open_sink=_no_sink,
        emit=emit,
        budget=Budget(),
        failures=StageFailures(environment.locations.cache),
        spool=Spool(options.spool_bytes),
    )


async def _diarized(
    recording: RecordingRequest, plan: RecordingPlan, tools: JobTools, folder: Path
) -> Sample:
    def tell(code: str, message: str) -> None:
        tools.emit(WarningRaised(code=code, message=message, recording=recording.name))

    source = RecordingBytes(recording, tools, folder, tell)
    try:
        digest = await source.take(may_return=False)
        await to_its_end(folder.mkdir, parents=True)
        request = AudioRequest(
            source=Path(),
            folder=folder,
            name=recording.name,
            channels=plan.channels,
            clip=plan.clip,
            digest=digest,
        )
        audio = RecordingAudio(
            request, prepare_key(digest, plan.channels, plan.clip), tools, source
        )
        [channel] = (await audio.describe()).channels
        job = Job(recording=recording, plan=plan, number=0, output=None)
        work = StageWork(plan=plan.stages[DIARIZE], channel=channel, inputs=Inputs())
        stored: StoredResult = (await StageRunner(job, audio, tools).run(work)).stored
    finally:
        source.let_go()
    return Sample(
        name=recording.name,
        digest=digest,
        record=stored.record,
        result=typed(stored.result, DiarizeResult),
    )


class _JournalOfNoRun(Journal):
    """The journal for work of no run: attempts are noted with jobs, and there is none."""

    def add_attempt(self, job: int, attempt: Attempt) -> None:
        """Note nothing."""
        del job, attempt


def _no_sink(job: Job, key: str) -> NoReturn:
    """Refuse to open outputs: there are none."""
    raise AssertionError(job, key)
