"""All stages of one recording, from its audio to its transcript; writes nothing but the store.

Channels are worked on side by side, and so are the stages that do not need each other: a stage
begins when all that it needs have ended. A stage that is optional and fails leaves its mark in the
transcript and nothing else.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import msgspec

from dalston_cli.audio.errors import RecordingChangedError
from dalston_cli.audio.request import AudioInfo, Channel
from dalston_cli.errors import DalstonError, ExitCode
from dalston_cli.launchers.failure import LauncherUnavailableError, WorkFailedError
from dalston_cli.pipeline.aside import aside
from dalston_cli.pipeline.events import ErrorInfo, StageFinished, WarningRaised
from dalston_cli.pipeline.jobs.base import Job, JobTools
from dalston_cli.pipeline.jobs.names import with_names
from dalston_cli.pipeline.jobs.way import in_order, picked
from dalston_cli.pipeline.plan.model import StagePlan
from dalston_cli.pipeline.running.audio import RecordingAudio
from dalston_cli.pipeline.running.budget import BudgetUnknownError
from dalston_cli.pipeline.running.stage import StageRunner, StageWork
from dalston_cli.stages.base import Found, Inputs, Skip, Stage, typed
from dalston_cli.stages.merge.assemble import merge
from dalston_cli.stages.merge.model import ChannelResults, MergeInput
from dalston_cli.stages.merge.times import Window
from dalston_cli.stages.transcribe import text_language
from dalston_sdk.wire import Notice, StageRecord, TranscribeOptions, Transcript
from dalston_sdk.wire import Stage as StageKind

if TYPE_CHECKING:
    from dalston_cli.known_text.source import KnownTextSource
    from dalston_cli.pipeline.running.known_text import TextFinder


class StageFailedError(DalstonError):
    """An engine could not do an optional stage of a recording, which has to have it."""

    code = "stage_failed"
    exit_code = ExitCode.ALL_FAILED

    def __init__(self, lacking: str, error: DalstonError) -> None:
        super().__init__(
            f"without {lacking}, which --strict requires: {error.message}", hint=error.hint
        )


class Graph:
    """Takes one recording through its plan.

    Attributes:
        worked: True if an engine had to do anything.
    """

    def __init__(
        self, job: Job, audio: RecordingAudio, tools: JobTools, *, only_stored: bool = False
    ) -> None:
        """Take the job and its means; ``only_stored`` lets no engine work."""
        self._plan = job.plan
        self._turn = job.turn
        self._number = job.number
        self._failures = tools.failures
        self._strict = job.strict
        self._may_move = job.may_move
        self._name = job.recording.name
        self._emit = tools.emit
        self._runner = StageRunner(job, audio, tools, only_stored=only_stored)
        self._records: list[StageRecord] = []
        self._notices: list[Notice] = []
        self._finder = None if job.plan.known_text is None else _finder(job.plan.known_text)
        self.worked = False

    async def transcript(self, audio: AudioInfo) -> Transcript | None:
        """Run every stage that is planned, and merge what they find; None if a later turn goes on.

        Raises:
            NotStoredError: A result of an earlier turn is gone.
            DalstonError: A stage that is required failed.
        """
        for skipped in self._plan.skipped:
            self._skip(skipped.stage, skipped.reason, again=bool(self._turn.earlier))
        self._runner.offset_s = audio.info.clip_start or 0.0
        found = [(one, Inputs(speaking=one.speaking)) for one in audio.channels]
        order = tuple(in_order(self._plan))
        async with _first_error(), asyncio.TaskGroup() as group:
            for channel, inputs in found:
                tasks: dict[Stage[Any, Any], asyncio.Task[None]] = {}
                for stage in order:
                    if stage.wants_audio:
                        before = [tasks[need] for need in stage.needs]
                        run = self._run(stage, channel, inputs, before)
                        tasks[stage] = group.create_task(run)
        later = [stage for stage in self._plan.stages if stage.name in self._turn.later]
        if any(stage.wants_audio for stage in later):
            return None
        merge_input = MergeInput(
            recording=audio.info,
            channels=tuple(ChannelResults.of(channel, inputs.results) for channel, inputs in found),
            stages=_one_per_stage(self._records),
            warnings=(*audio.warnings, *self._advice(), *self._notices),
            keep_doubtful=self._plan.keep_doubtful,
        )
        transcript = await aside(audio.info.duration_s, merge, merge_input)
        if self._finder is not None:
            transcript = self._finder.told(transcript, merge_input)
        for stage in order:
            if stage in later:
                return None
            if not stage.wants_audio and stage in self._plan.stages:
                transcript = await self._with_more(stage, transcript)
        return with_names(transcript, merge_input, self._plan)

    async def _with_more(self, stage: Stage[Any, Any], transcript: Transcript) -> Transcript:
        """Return the transcript after a stage that works on it."""
        self._records, self._notices = [], []
        info = transcript.recording
        transcribing = typed(self._plan.transcribe.options, TranscribeOptions)
        inputs = Inputs(
            transcript=transcript, language=text_language(transcribing, transcript.language)
        )
        text = Channel(channel=None, duration_s=info.duration_s, audio_digest="")
        await self._run(stage, text, inputs)
        result = inputs.results.get(stage)
        transcript = msgspec.structs.replace(
            transcript,
            status="partial" if result is None else transcript.status,
            stages=(*transcript.stages, *self._records),
            warnings=(*transcript.warnings, *self._notices),
        )
        start = info.clip_start or 0.0
        window = Window(start=start, end=start + info.duration_s)
        found = [] if result is None else [Found(result=result, window=window)]
        return stage.contribute(transcript, found)

    async def _run(
        self,
        stage: Stage[Any, Any],
        channel: Channel,
        inputs: Inputs,
        before: Sequence[asyncio.Task[None]] = (),
    ) -> None:
        """Put a stage's result into ``inputs``; nothing where it is not planned or failed.

        It waits for ``before``, the tasks of the stages that it needs; their errors are their own.
        """
        for each in before:
            await each
        if stage.name in self._turn.later:
            return
        given = inputs.given_to(stage)
        plan = picked(self._plan, stage, given)
        if isinstance(plan, Skip):
            self._skip(stage, plan.reason, again=stage.name in self._turn.earlier)
            return
        if plan is None:
            return
        try:
            done = await self._runner.run(StageWork(plan=plan, channel=channel, inputs=given))
        except RecordingChangedError:
            raise  # what was found before is of other bytes
        except DalstonError as error:
            lost = self._may_move and isinstance(error, LauncherUnavailableError)
            if lost or not stage.optional:
                raise
            if stage.name in self._turn.earlier:
                self._lack_again(plan, channel, error)
            else:
                self._fail(plan, channel, error)
            return
        self._records.append(done.stored.record)
        self.worked = self.worked or not done.reused
        inputs.results[stage] = typed(done.stored.result, stage.result)
        inputs.keys[stage.name] = done.key
        if self._finder is not None:
            await self._finder.follow(stage, inputs, channel.duration_s)

    def _skip(self, stage: Stage[Any, Any], reason: str, *, again: bool) -> None:
        """Note that a stage does not run; ``again`` if an earlier turn told so."""
        kind, name = stage.kind.value, self._name
        self._records.append(StageRecord(stage=kind, status="skipped", reason=reason))
        if not again:
            self._emit(StageFinished(recording=name, stage=kind, status="skipped", reason=reason))

    def _lack_again(self, plan: StagePlan, channel: Channel, error: DalstonError) -> None:
        """Do without an optional stage that failed in an earlier turn.

        Raises:
            DalstonError: It did not fail there: its result is gone.
        """
        failure = self._failures.noted(self._number, plan.stage.name, channel.channel)
        if failure is None:
            raise error
        self._lack(plan, failure.message)

    def _lack(self, plan: StagePlan, reason: str) -> Notice:
        """Leave the mark of a stage that failed; return the warning of it."""
        engine, model = plan.engine.name, plan.model.id
        self._records.append(
            StageRecord(stage=plan.kind, status="failed", reason=reason, engine=engine, model=model)
        )
        lacking = plan.stage.describe(plan.options)
        message = f"the transcript is without {lacking}: {reason}"
        self._notices.append(Notice(code="stage_failed", message=message, stage=plan.kind))
        return self._notices[-1]

    def _fail(self, plan: StagePlan, channel: Channel, error: DalstonError) -> None:
        """Note that an optional stage failed, or fail the recording with it.

        Raises:
            DalstonError: The recording has to have it. An engine that works and could not do this
                one thing is there for the next recording, so that is this recording's failure;
                where an engine or its model cannot be had at all, that is said as it is.
        """
        if self._strict:
            lacking = plan.stage.describe(plan.options)
            one_thing = isinstance(error, WorkFailedError | BudgetUnknownError)
            raise (StageFailedError(lacking, error) if one_thing else error) from error
        kind, name, reason = plan.kind, self._name, error.message
        notice = self._lack(plan, reason)
        if self._turn.later:
            failure = ErrorInfo(code=error.code, message=reason, hint=error.hint)
            self._failures.note(self._number, plan.stage.name, channel.channel, failure)
        self._emit(StageFinished(recording=name, stage=kind, status="failed", reason=reason))
        self._emit(
            WarningRaised(
                code=notice.code,
                message=notice.message,
                recording=name,
                stage=kind,
                hint=error.hint,
            )
        )

    def _advice(self) -> tuple[Notice, ...]:
        return tuple(
            Notice(
                code=advice.code,
                message=f"{advice.message}: {advice.hint}" if advice.hint else advice.message,
            )
            for advice in self._plan.advice
        )


def _finder(text: "KnownTextSource") -> "TextFinder":
    from dalston_cli.pipeline.running.known_text import TextFinder  # noqa: PLC0415 - few runs have a text

    return TextFinder(text)


def _one_per_stage(records: list[StageRecord]) -> tuple[StageRecord, ...]:
    """Merge the channels' records, in the pipeline's order; their times add up."""
    found: dict[str, StageRecord] = {}
    for record in records:
        known = found.get(record.stage)
        if (
            known is None
            or (known.status == "skipped" and record.status != "skipped")
            or record.status == "failed"
        ):
            found[record.stage] = record
        elif known.status == "done" and record.elapsed_s is not None:
            elapsed_s = (known.elapsed_s or 0.0) + record.elapsed_s
            found[record.stage] = msgspec.structs.replace(known, elapsed_s=elapsed_s)
    return tuple(found[stage.value] for stage in StageKind if stage.value in found)


@asynccontextmanager
async def _first_error() -> AsyncIterator[None]:
    """Let out of a task group what failed first, as itself: the rest was cancelled for it."""
    try:
        yield
    except BaseExceptionGroup as group:
        raise group.exceptions[0] from None
