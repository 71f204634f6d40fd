"""All stages of one recording, from its audio to its transcript; writes nothing but the store.

Within a recording, channels are worked on side by side, and so are the stages that do not need
each other. A stage that is optional and fails leaves its mark in the transcript and nothing else.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import msgspec
from msgspec import Struct

from dalston_cli.errors import DalstonError
from dalston_cli.pipeline.events import Event, StageFinished, WarningRaised
from dalston_cli.pipeline.plan.model import RecordingPlan, StagePlan
from dalston_cli.pipeline.running import stage_requests
from dalston_cli.pipeline.running.recording_audio import AudioInfo, ChannelInfo, RecordingAudio
from dalston_cli.pipeline.running.stage_execution import StageAudio
from dalston_cli.pipeline.running.stage_failure import result_name, strictly
from dalston_cli.pipeline.running.stage_requests import typed
from dalston_cli.pipeline.running.stage_run import StageDone, StageRunner
from dalston_cli.stages import align, refine, transcribe
from dalston_cli.stages.merge import ChannelResults, MergeInput, merge, name_speakers
from dalston_sdk.wire import (
    AlignResult,
    DiarizeResult,
    EmotionResult,
    EventsResult,
    ModelRef,
    Notice,
    RefineResult,
    Request,
    Result,
    Stage,
    StageRecord,
    TranscribeOptions,
    TranscribeResult,
    Transcript,
)

Kind = TypeVar("Kind", bound=Struct)


@dataclass(frozen=True, kw_only=True)
class RecordingWork:
    """One recording, what to do with it, and what with.

    Attributes:
        strict: A failed optional stage fails the recording.
    """

    name: str
    plan: RecordingPlan
    audio: RecordingAudio
    runner: StageRunner
    emit: Callable[[Event], None]
    strict: bool = False


class RecordingStages:
    """Takes one recording through its plan.

    Attributes:
        worked: Whether an engine had to do anything.
    """

    def __init__(self, work: RecordingWork) -> None:
        self._work = work
        self._records: list[StageRecord] = []
        self._notices: list[Notice] = []
        self.worked = False

    async def transcript(self, audio: AudioInfo) -> Transcript:
        """The whole way.

        Raises:
            DalstonError: A stage that is required failed.
        """
        for skipped in self._work.plan.skipped:
            self._skip(skipped.stage, skipped.reason)
        offset_s = audio.info.clip_start or 0.0
        async with _first_error(), asyncio.TaskGroup() as group:
            channels = [
                group.create_task(self._channel(channel, offset_s)) for channel in audio.channels
            ]
        merge_input = MergeInput(
            recording=audio.info,
            channels=tuple(channel.result() for channel in channels),
            stages=_one_per_stage(self._records),
            warnings=(*audio.warnings, *self._advice(), *self._notices),
        )
        transcript = await asyncio.to_thread(merge, merge_input)
        plan = self._work.plan
        transcript = await self._refined(transcript, plan.refine)
        transcript = await self._refined(transcript, plan.overview)
        names = dict(plan.speaker_names)
        return name_speakers(transcript, names) if names else transcript

    async def _channel(self, info: ChannelInfo, offset_s: float) -> ChannelResults:
        audio = StageAudio(
            digest=info.audio_digest,
            duration_s=info.duration_s,
            wav=partial(self._work.audio.wav, info.channel),
            offset_s=offset_s,
        )
        plan = self._work.plan
        async with _first_error(), asyncio.TaskGroup() as group:
            spoken = group.create_task(self._spoken(audio))
            turns = group.create_task(
                self._optional(plan.diarize, audio, stage_requests.diarize_request, DiarizeResult)
            )
            events = group.create_task(
                self._optional(plan.events, audio, stage_requests.events_request, EventsResult)
            )
        transcribed, aligned, emotions = spoken.result()
        return ChannelResults(
            channel=info.channel,
            duration_s=info.duration_s,
            transcribe=transcribed,
            align=aligned,
            emotion=emotions,
            diarize=turns.result(),
            events=events.result(),
        )

    async def _spoken(
        self, audio: StageAudio
    ) -> tuple[TranscribeResult, AlignResult | None, EmotionResult | None]:
        """The text, and what depends on it."""
        plan = self._work.plan
        done = await self._work.runner.run(
            plan.transcribe,
            audio,
            partial(stage_requests.transcribe_request, plan.transcribe.model_ref),
        )
        transcribed = typed(self._keep(done), TranscribeResult)
        aligned = await self._aligned(audio, done.key, transcribed)
        segments = aligned.segments if aligned else transcribed.segments
        emotions = await self._optional(
            plan.emotion,
            audio,
            partial(stage_requests.emotion_request, segments=segments),
            EmotionResult,
            upstream=(done.key, "aligned" if aligned else "as transcribed"),
        )
        return transcribed, aligned, emotions

    async def _aligned(
        self, audio: StageAudio, key: str, transcribed: TranscribeResult
    ) -> AlignResult | None:
        plan = self._work.plan
        if not plan.aligners:
            return None
        aligner = self._aligner(transcribed)
        if isinstance(aligner, str):
            self._skip(Stage.ALIGN, aligner)
            return None
        return await self._optional(
            aligner,
            audio,
            partial(stage_requests.align_request, transcribed=transcribed),
            AlignResult,
            upstream=(key,),
        )

    def _aligner(self, transcribed: TranscribeResult) -> StagePlan | str:
        """What aligns the text, now that its language is known, or why nothing does."""
        plan = self._work.plan
        if not plan.align_always and transcribe.has_good_word_times(transcribed):
            return "the words have good times already"
        covered = {each.model.id: each.model.languages_of(Stage.ALIGN) for each in plan.aligners}
        able = align.able_model(transcribed, covered)
        found = (each for each in plan.aligners if each.model.id == able)
        return next(found, None) or align.why_impossible(transcribed, covered)

    async def _refined(self, transcript: Transcript, plan: StagePlan | None) -> Transcript:
        """The transcript after the refining stage.

        It is there once for the text itself and once for what is written about it, so that neither
        is lost, or paid for again, when the other one fails.
        """
        if plan is None:
            return transcript
        self._records.clear()
        self._notices.clear()
        transcribing = typed(self._work.plan.transcribe.options, TranscribeOptions)
        language = transcribe.text_language(transcribing, transcript.language)
        segments = refine.shown(transcript.segments)
        result = await self._optional(
            plan,
            StageAudio(digest="", duration_s=transcript.recording.duration_s, wav=None),
            partial(stage_requests.refine_request, segments=segments, language=language),
            RefineResult,
            upstream=(msgspec.json.encode((language, segments)).decode(),),
        )
        transcript = msgspec.structs.replace(
            transcript,
            status=transcript.status if result else "partial",
            stages=(*transcript.stages, *self._records),
            warnings=(*transcript.warnings, *self._notices),
        )
        return refine.apply(transcript, result) if result else transcript

    async def _optional(
        self,
        plan: StagePlan | None,
        audio: StageAudio,
        build: Callable[[ModelRef, Struct], Request],
        kind: type[Kind],
        upstream: tuple[str, ...] = (),
    ) -> Kind | None:
        """An optional stage's result; None where it was not asked for or failed."""
        if plan is None:
            return None
        try:
            done = await self._work.runner.run(
                plan, audio, partial(build, plan.model_ref), upstream
            )
        except DalstonError as error:
            if self._work.strict:
                raise strictly(plan, error) from error
            self._fail(plan, error)
            return None
        return typed(self._keep(done), kind)

    def _keep(self, done: StageDone) -> Result:
        self._records.append(done.stored.record)
        self.worked = self.worked or not done.reused
        return done.stored.result

    def _skip(self, stage: Stage, reason: str) -> None:
        self._records.append(StageRecord(stage=stage.value, status="skipped", reason=reason))
        self._work.emit(
            StageFinished(
                recording=self._work.name, stage=stage.value, status="skipped", reason=reason
            )
        )

    def _fail(self, plan: StagePlan, error: DalstonError) -> None:
        stage = plan.stage.value
        self._records.append(
            StageRecord(
                stage=stage,
                status="failed",
                reason=error.message,
                engine=plan.engine.name,
                model=plan.model.id,
            )
        )
        message = f"the transcript is without {result_name(plan)}: {error.message}"
        self._notices.append(Notice(code="stage_failed", message=message, stage=stage))
        self._work.emit(
            StageFinished(
                recording=self._work.name, stage=stage, status="failed", reason=error.message
            )
        )
        self._work.emit(
            WarningRaised(
                code="stage_failed",
                message=message,
                recording=self._work.name,
                stage=stage,
                hint=error.hint,
            )
        )

    def _advice(self) -> tuple[Notice, ...]:
        return tuple(
            Notice(
                code=advice.code,
                message=f"{advice.message}: {advice.hint}" if advice.hint else advice.message,
            )
            for advice in self._work.plan.advice
        )


def _one_per_stage(records: list[StageRecord]) -> tuple[StageRecord, ...]:
    """In the pipeline's order; channels go through the same stages, and their times add up."""
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
    return tuple(found[stage.value] for stage in Stage if stage.value in found)


@asynccontextmanager
async def _first_error() -> AsyncIterator[None]:
    """Out of a task group comes what failed first, as itself: the rest was cancelled for it."""
    try:
        yield
    except BaseExceptionGroup as group:
        raise group.exceptions[0] from None
