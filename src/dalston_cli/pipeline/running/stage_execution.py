"""One stage on an engine: attempts, with smaller batches where memory runs out."""

import time
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path

import msgspec
from msgspec import Struct

from dalston_cli.errors import DalstonError
from dalston_cli.launchers.failure import EngineRefusal
from dalston_cli.launchers.pool.engines import RunEngines
from dalston_cli.launchers.pool.slot import EngineSlot
from dalston_cli.pipeline.events import (
    Event,
    PartialText,
    StageProgress,
    WarningRaised,
)
from dalston_cli.pipeline.plan.model import StagePlan
from dalston_cli.pipeline.records.journal import Attempt, Journal
from dalston_cli.pipeline.records.store import ResultStore
from dalston_cli.pipeline.running.budget import Budget
from dalston_sdk.wire import (
    ErrorCode,
    Finished,
    Partial,
    Progress,
    RefineResult,
    Request,
    Result,
    Segment,
    Stage,
    StageRecord,
    StreamMessage,
)

FIRST_BATCH_AFTER_OUT_OF_MEMORY = 8
"""Where the user set no batch size, and the engine's own did not fit."""

BuildRequest = Callable[[Struct], Request]
"""Makes the request from a stage's options, whose batch size may be smaller than planned."""


class StoredResult(Struct, frozen=True, kw_only=True):
    """What the store keeps of a stage: its result, and how it came about."""

    record: StageRecord
    result: Result


@dataclass(frozen=True, kw_only=True)
class StageAudio:
    """What a stage listens to.

    Attributes:
        wav: Decodes the audio, if that was not done yet; None where the stage needs none.
        offset_s: Where the audio begins in the recording.
    """

    digest: str
    duration_s: float
    wav: Callable[[], Awaitable[Path]] | None
    offset_s: float = 0.0


@dataclass(frozen=True, kw_only=True)
class StageTools:
    """What stages need besides their own input, the same for all jobs of a run.

    Attributes:
        budget: What all of them together may pay.
        overwrite: Take nothing from the store.
    """

    store: ResultStore
    journal: Journal
    engines: RunEngines
    emit: Callable[[Event], None]
    budget: Budget
    overwrite: bool = False


class Execution:
    """One stage of one recording on an engine.

    Args:
        tools: What stages need.
        recording: Its name, for events.
        job: Its number in the journal.
        plan: The stage.
    """

    def __init__(self, tools: StageTools, recording: str, job: int, plan: StagePlan) -> None:
        self._tools = tools
        self._recording = recording
        self._job = job
        self._plan = plan
        self._device = plan.device

    async def run(
        self, engine: EngineSlot, audio: StageAudio, wav: Path | None, build: BuildRequest
    ) -> StoredResult:
        """Try until it works or cannot; every attempt is in the journal.

        Raises:
            DalstonError: The engine refuses, or died more often than is excused.
        """
        self._device = engine.device
        options, batch_size = self._first_options()
        async with self._tools.budget.within(options) as (allowed, pay):
            stored = await self._until_it_fits(engine, audio, wav, build, allowed, batch_size)
            pay(stored.result)
        return stored

    async def _until_it_fits(
        self,
        engine: EngineSlot,
        audio: StageAudio,
        wav: Path | None,
        build: BuildRequest,
        options: Struct,
        batch_size: int | None,
    ) -> StoredResult:
        while True:
            try:
                finished = await self._attempt(engine, audio, wav, build(options), batch_size)
            except EngineRefusal as refusal:
                batch_size = self._smaller(refusal, batch_size)
                if batch_size is None:
                    raise
                options = msgspec.structs.replace(options, batch_size=batch_size)
                self._remember(batch_size)
            else:
                return StoredResult(record=self._record(engine, finished), result=finished.result)

    def _first_options(self) -> tuple[Struct, int | None]:
        """The planned options, but never a batch that was too large for this device before."""
        options = self._plan.options
        planned: int | None = getattr(options, "batch_size", None)
        fits = self._tools.journal.batch_size(self._plan.model.id, self._device)
        if fits is None or (planned is not None and planned <= fits):
            return options, planned
        return msgspec.structs.replace(options, batch_size=fits), fits

    def _smaller(self, refusal: EngineRefusal, batch_size: int | None) -> int | None:
        """The next batch to try; None where a smaller one cannot help."""
        supported = self._plan.engine.stages[self._plan.stage].options
        if refusal.reason is not ErrorCode.OUT_OF_MEMORY or "batch_size" not in supported:
            return None
        if batch_size is None:
            return FIRST_BATCH_AFTER_OUT_OF_MEMORY
        return batch_size // 2 or None

    def _remember(self, batch_size: int) -> None:
        plan = self._plan
        self._tools.journal.remember_batch_size(plan.model.id, self._device, batch_size)
        self._tools.emit(
            WarningRaised(
                code="batch_halved",
                message=f"{plan.model.id} ran out of memory on {self._device}; "
                f"trying batches of {batch_size}, also from now on",
                recording=self._recording,
                stage=plan.stage.value,
                hint=f"--batch-size {batch_size} avoids the first attempt",
            )
        )

    async def _attempt(
        self,
        engine: EngineSlot,
        audio: StageAudio,
        wav: Path | None,
        request: Request,
        batch_size: int | None,
    ) -> Finished:
        started_at, clock = time.time(), time.monotonic()
        error: str | None = "cancelled"
        elapsed_s: float | None = None
        try:
            finished = await self._follow(engine, audio, wav, request)
            error, elapsed_s = None, finished.elapsed_s
        except DalstonError as failure:
            error = failure.message
            raise
        else:
            return finished
        finally:
            attempt = Attempt(
                stage=self._plan.stage.value,
                engine=self._plan.engine.name,
                model=self._plan.model.id,
                device=self._device,
                started_at=started_at,
                elapsed_s=time.monotonic() - clock if elapsed_s is None else elapsed_s,
                audio_s=audio.duration_s,
                batch_size=batch_size,
                error=error,
            )
            self._tools.journal.add_attempt(self._job, attempt)

    async def _follow(
        self, engine: EngineSlot, audio: StageAudio, wav: Path | None, request: Request
    ) -> Finished:
        """Pass on what the engine says until it has finished."""
        finished: Finished | None = None
        async with aclosing(engine.run(request, wav)) as stream:
            async for message in stream:
                if isinstance(message, Finished):
                    finished = message
                else:
                    self._tell(message, audio.offset_s)
        if finished is None:
            raise AssertionError("a stream without a result must raise")
        return finished

    def _tell(self, message: StreamMessage, offset_s: float) -> None:
        stage = self._plan.stage
        match message:
            case Progress(phase="run", done_s=done_s, total_s=total_s):
                self._tools.emit(
                    StageProgress(
                        recording=self._recording,
                        stage=stage.value,
                        done_s=done_s,
                        total_s=total_s,
                    )
                )
            case Partial(segments=segments) if stage is Stage.TRANSCRIBE:
                shifted = tuple(_shifted(segment, offset_s) for segment in segments)
                self._tools.emit(PartialText(recording=self._recording, segments=shifted))
            case _:
                pass  # heartbeats and model loading: the stage's clock shows both

    def _record(self, engine: EngineSlot, finished: Finished) -> StageRecord:
        plan, result = self._plan, finished.result
        return StageRecord(
            stage=plan.stage.value,
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
            usage=result.usage if isinstance(result, RefineResult) else None,
        )


def _shifted(segment: Segment, offset_s: float) -> Segment:
    if not offset_s:
        return segment
    return msgspec.structs.replace(
        segment,
        start=segment.start + offset_s,
        end=segment.end + offset_s,
        words=tuple(
            msgspec.structs.replace(word, start=word.start + offset_s, end=word.end + offset_s)
            for word in segment.words
        ),
    )
