"""One stage of one recording: its result from the store, or else from an engine into the store."""

import time
from collections.abc import Iterator
from contextlib import aclosing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec import Struct

from dalston_cli.audio.request import Channel
from dalston_cli.errors import DalstonError
from dalston_cli.launchers.failure import EngineRefusal
from dalston_cli.pipeline import events
from dalston_cli.pipeline.jobs.base import Job, JobTools, Slot
from dalston_cli.pipeline.jobs.batches import batch_size_of, fitting_options, smaller_batch
from dalston_cli.pipeline.jobs.keys import stage_key
from dalston_cli.pipeline.jobs.way import StoredResult
from dalston_cli.pipeline.plan.model import StagePlan
from dalston_cli.pipeline.records.journal import Attempt
from dalston_cli.pipeline.running.audio import RecordingAudio
from dalston_cli.stages.base import Inputs
from dalston_cli.stages.transcribe import TRANSCRIBE
from dalston_sdk import wire

Timed = TypeVar("Timed", wire.Segment, wire.Word)


class StageDone(Struct, frozen=True, kw_only=True):
    """A stage's result, and the key that later stages depend on."""

    key: str
    stored: StoredResult
    reused: bool


@dataclass(frozen=True, kw_only=True)
class StageWork:
    """One stage, what it works on and what it is given.

    Attributes:
        wav: None for a stage without audio, and until it is needed.
        device: Of the engine, once there is one.
    """

    plan: StagePlan
    channel: Channel
    inputs: Inputs
    wav: Path | None = None
    device: str = ""


class _Answer(Struct):
    """An engine's answer to one attempt: its last message, where all went well."""

    finished: wire.Finished | None = None


class NotStoredError(DalstonError):
    """A stage's result is not in the store, and must not come from anywhere else."""

    code = "not_stored"

    def __init__(self, plan: StagePlan) -> None:
        super().__init__(f"the result of {plan.kind} is not stored")


class StageRunner:
    """Runs the stages of one recording.

    Attributes:
        offset_s: Where the audio begins in the recording.
        only_stored: Let no engine work.
    """

    def __init__(
        self, job: Job, audio: RecordingAudio, tools: JobTools, *, only_stored: bool = False
    ) -> None:
        self.only_stored = only_stored
        self._job = job
        self._recording = job.recording.name
        self._audio = audio
        self._tools = tools
        self.offset_s = 0.0

    async def run(self, work: StageWork) -> StageDone:
        """Return the result of a stage: the stored one, or one that an engine makes and is stored.

        Raises:
            DalstonError: The engine cannot be had, refuses, or died more often than is excused.
        """
        plan, tools = work.plan, self._tools
        key = stage_key(plan, work.channel.audio_digest, plan.stage.upstream(work.inputs))
        done = await self._stored(key, plan)
        if done is not None:
            return done
        if self.only_stored or plan.stage.name in self._job.turn.earlier:
            raise NotStoredError(plan)
        async with tools.claims.held(key):
            done = await self._stored(key, plan)  # by another job, while this one waited
            if done is not None:
                return done
            self._started(plan)
            if plan.stage.wants_audio:
                work = replace(work, wav=await self._audio.wav(work.channel.channel))
            async with tools.engines.slot(plan.engine, plan.device) as engine:
                work = replace(work, device=engine.device)
                options = fitting_options(plan, engine.device, tools.journal)
                async with tools.budget.within(options) as (allowed, pay):
                    stored = await self._until_it_fits(engine, work, allowed)
                    pay(stored.result)
            await self._keep(key, stored, work.channel)
        self._finished(plan, reused=False, elapsed_s=stored.record.elapsed_s or 0.0)
        return StageDone(key=key, stored=stored, reused=False)

    async def _stored(self, key: str, plan: StagePlan) -> StageDone | None:
        earlier = plan.stage.name in self._job.turn.earlier
        if self._job.overwrite and not earlier:
            return None
        stored = await self._tools.store.look_up(lambda store: store.get(key, StoredResult))
        if stored is None:
            return None
        if not earlier:  # else that turn told so
            self._finished(plan, reused=True, elapsed_s=0.0)
        return StageDone(key=key, stored=stored, reused=True)

    async def _keep(self, key: str, stored: StoredResult, channel: Channel) -> None:
        """Store a result."""
        of = tuple(digest for digest in (self._audio.digest, channel.audio_digest) if digest)
        await self._tools.store.keep(key, stored, of=of)

    async def _until_it_fits(self, engine: Slot, work: StageWork, options: Struct) -> StoredResult:
        """Try until it works or cannot, with smaller batches where memory runs out."""
        plan, model = work.plan, work.plan.model_ref
        while True:
            request = plan.stage.request(model, options, work.inputs)
            finished: wire.Finished | None = None
            try:
                with self._attempt(work, options) as answer:
                    async with aclosing(engine.run(request, work.wav)) as stream:
                        async for message in stream:
                            if isinstance(message, wire.Finished):
                                finished = answer.finished = message
                            else:
                                self._tell(work, message)
            except EngineRefusal as refusal:
                smaller = smaller_batch(plan, refusal, options)
                if smaller is None:
                    raise
                options = msgspec.structs.replace(options, batch_size=smaller)
                self._remember(work, smaller)
            else:
                if finished is None:
                    raise AssertionError("a stream without a result must raise")
                return StoredResult(record=_record(plan, engine, finished), result=finished.result)

    def _remember(self, work: StageWork, batch_size: int) -> None:
        model, device = work.plan.model.id, work.device
        self._tools.journal.remember_batch_size(model, device, batch_size)
        self._tools.emit(
            events.WarningRaised(
                code="batch_halved",
                message=f"{model} ran out of memory on {device}; "
                f"trying batches of {batch_size}, also from now on",
                recording=self._recording,
                stage=work.plan.kind,
                hint=f"--batch-size {batch_size} avoids the first attempt",
            )
        )

    @contextmanager
    def _attempt(self, work: StageWork, options: Struct) -> Iterator[_Answer]:
        """Note one attempt in the journal, however it ends."""
        plan = work.plan
        started_at, clock = time.time(), time.monotonic()
        answer, error = _Answer(), "cancelled"
        try:
            yield answer
        except DalstonError as failure:
            error = failure.message
            raise
        finally:
            finished = answer.finished
            self._tools.journal.add_attempt(
                self._job.number,
                Attempt(
                    stage=plan.kind,
                    engine=plan.engine.name,
                    model=plan.model.id,
                    device=work.device,
                    started_at=started_at,
                    elapsed_s=finished.elapsed_s if finished else time.monotonic() - clock,
                    audio_s=work.channel.duration_s,
                    batch_size=batch_size_of(options),
                    error=None if finished else error,
                ),
            )

    def _tell(self, work: StageWork, message: wire.StreamMessage) -> None:
        plan = work.plan
        match message:
            case wire.Progress(phase="load"):
                self._tools.emit(events.ModelLoading(recording=self._recording, stage=plan.kind))
            case wire.Progress(phase="run", done_s=done_s, total_s=total_s):
                self._tools.emit(
                    events.StageProgress(
                        recording=self._recording, stage=plan.kind, done_s=done_s, total_s=total_s
                    )
                )
            case wire.Partial(segments=segments) if plan.stage is TRANSCRIBE:
                shifted = tuple(
                    _shifted(segment, self._before_s(work.channel, segment.start))
                    for segment in segments
                )
                self._tools.emit(events.PartialText(recording=self._recording, segments=shifted))
            case _:
                pass  # heartbeats: the stage's clock shows them

    def _before_s(self, channel: Channel, start: float) -> float:
        """Return the seconds of the recording before a time of a channel's audio, without it."""
        return self.offset_s + channel.offset_s + channel.paused_s(start)

    def _started(self, plan: StagePlan) -> None:
        self._tools.emit(
            events.StageStarted(
                recording=self._recording,
                stage=plan.kind,
                engine=plan.engine.name,
                model=plan.model.id,
            )
        )

    def _finished(self, plan: StagePlan, *, reused: bool, elapsed_s: float) -> None:
        self._tools.emit(
            events.StageFinished(
                recording=self._recording,
                stage=plan.kind,
                status="done",
                reused=reused,
                elapsed_s=elapsed_s,
            )
        )


def _record(plan: StagePlan, engine: Slot, finished: wire.Finished) -> wire.StageRecord:
    result = finished.result
    return wire.StageRecord(
        stage=plan.kind,
        status="done",
        reason=plan.reason,
        engine=plan.engine.name,
        engine_version=engine.version,
        engine_fingerprint=engine.fingerprint,
        launcher=engine.launcher,
        device=engine.device,
        model=plan.model.id,
        model_digest=plan.weights.digest if plan.weights else None,
        options=result.effective,
        elapsed_s=finished.elapsed_s,
        usage=result.usage
        if isinstance(result, wire.RefineResult | wire.TranslateResult)
        else None,
    )


def _shifted(segment: wire.Segment, offset_s: float) -> wire.Segment:
    words = tuple(_moved(word, offset_s) for word in segment.words)
    return msgspec.structs.replace(_moved(segment, offset_s), words=words)


def _moved(timed: Timed, offset_s: float) -> Timed:
    return msgspec.structs.replace(timed, start=timed.start + offset_s, end=timed.end + offset_s)
