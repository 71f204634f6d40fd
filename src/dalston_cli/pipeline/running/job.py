"""One recording, from its file to its transcripts.

A job depends on its recording, its plan and its tools, and on nothing else in the process: jobs
could run on other machines that reach the same store.
"""

import asyncio
import shutil
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from dalston_cli.audio.errors import (
    RecordingError,
    RecordingMissingError,
    RecordingUnreadableError,
    revive,
)
from dalston_cli.audio.source import shown_name
from dalston_cli.pipeline.events import (
    ErrorInfo,
    JobFinished,
    JobStarted,
    StageFinished,
    StageStarted,
    WarningRaised,
)
from dalston_cli.pipeline.outputs.writer import OutputSpec, OutputWriter
from dalston_cli.pipeline.plan.model import RecordingPlan
from dalston_cli.pipeline.records.journal import Outcome
from dalston_cli.pipeline.records.keys import FileStamp, make_key
from dalston_cli.pipeline.records.local_file import reference_of, remember_if_steady
from dalston_cli.pipeline.request import RecordingRequest
from dalston_cli.pipeline.running.recording_audio import (
    AudioInfo,
    AudioRequest,
    RecordingAudio,
    prepare_key,
)
from dalston_cli.pipeline.running.recording_stages import RecordingStages, RecordingWork
from dalston_cli.pipeline.running.stage_execution import StageTools
from dalston_cli.pipeline.running.stage_run import StageRunner
from dalston_cli.stages.prepare import (
    DecoderCrashedError,
    DecoderHungError,
    Preparer,
    content_digest,
)
from dalston_sdk.wire import Transcript

_MAY_PASS = (
    DecoderCrashedError,
    DecoderHungError,
    RecordingMissingError,
    RecordingUnreadableError,
)
"""What may be otherwise next time, though the recording is the same."""


@dataclass(frozen=True, kw_only=True)
class JobTools:
    """What all jobs of a run share.

    Attributes:
        scratch: For decoded audio; removed when the run ends.
        strict: A failed optional stage fails its recording.
    """

    stages: StageTools
    preparer: Preparer
    outputs: OutputSpec
    scratch: Path
    strict: bool = False


@dataclass(frozen=True, kw_only=True)
class JobSpec:
    """One recording to work on.

    Attributes:
        number: In the journal.
        stem: Path of its outputs without a format's extension; None for standard output.
    """

    request: RecordingRequest
    plan: RecordingPlan
    number: int
    stem: Path | None


async def run_job(spec: JobSpec, tools: JobTools) -> JobFinished:
    """Do what has to be done for one recording; nothing, where all of it is done.

    Raises:
        DalstonError: The recording cannot be used, a required stage failed, or an output cannot
            be written.
    """
    job = _Job(spec, tools)
    try:
        return await job.run()
    finally:
        shutil.rmtree(job.folder, ignore_errors=True)


class _Job:
    def __init__(self, spec: JobSpec, tools: JobTools) -> None:
        self._spec = spec
        self._tools = tools
        self._name = spec.request.name
        self._emit = tools.stages.emit
        self._journal = tools.stages.journal
        self._clock = time.monotonic()
        self._stamp: FileStamp | None = None
        self.folder = tools.scratch / str(spec.number)

    async def run(self) -> JobFinished:
        source, digest = await self._source()
        plan = self._spec.plan
        prepared = prepare_key(digest, plan.channels, plan.clip)
        key = make_key("transcript", prepared=prepared, plan=plan.key)
        writer = OutputWriter(self._tools.outputs, self._journal, self._spec.stem, key)
        done = self._done_before(writer, key)
        if done is not None:
            return done
        self._emit(JobStarted(recording=self._name))
        for advice in plan.advice:
            self._emit(WarningRaised(code=advice.code, message=advice.message, hint=advice.hint))
        audio = RecordingAudio(
            AudioRequest(
                source=source,
                name=self._name,
                digest=digest,
                channels=plan.channels,
                clip=plan.clip,
                folder=self.folder,
            ),
            self._tools.preparer,
            self._tools.stages.store,
        )
        try:
            info = await self._prepared(audio, make_key("refused", name=self._name, what=prepared))
        finally:
            self._remember_digest(source, digest)
        stages = self._stages(audio)
        transcript = await stages.transcript(info)
        for reason in await writer.write(transcript):
            self._warn("format_left_out", reason)
        self._remember_digest(source, digest)
        return self._finished(key, transcript, writer.texts, worked=stages.worked)

    async def _source(self) -> tuple[Path, str]:
        """The recording as a file, and the digest of its bytes."""
        source = self._spec.request.source
        if source is None:
            source = self.folder / "standard-input"
            await _save_standard_input(source)
        try:
            self._stamp = FileStamp.of(source)
        except OSError:  # reading says what is wrong
            return source, await asyncio.to_thread(content_digest, source, self._name)
        known = self._journal.known_digest(reference_of(source), self._stamp)
        if known is None:
            known = await asyncio.to_thread(content_digest, source, self._name)
        return source, known

    def _remember_digest(self, source: Path, digest: str) -> None:
        """So that the recording need not be read again; now, that some time has passed."""
        if self._stamp is not None and self._spec.request.source is not None:
            with suppress(OSError):  # it was taken away meanwhile
                remember_if_steady(self._journal, source, self._stamp, digest)

    def _done_before(self, writer: OutputWriter, key: str) -> JobFinished | None:
        """The report where nothing has to be done."""
        existing = writer.existing()
        for path in existing.edited:
            self._warn(
                "output_edited",
                f"{shown_name(path)} was edited since it was written and stays as it is",
            )
        outcome = self._journal.outcome(key)
        if outcome is None or not existing.complete:
            return None
        return JobFinished(
            recording=self._name,
            status="unchanged",
            outputs=writer.texts,
            duration_s=outcome.duration_s,
            elapsed_s=time.monotonic() - self._clock,
            warnings=outcome.warnings,
        )

    async def _prepared(self, audio: RecordingAudio, key: str) -> AudioInfo:
        """What is known about the audio; what is known to be unusable is not tried again."""
        overwrite = self._tools.stages.overwrite
        before = None if overwrite else self._journal.outcome(key)
        if before is not None and before.error is not None:
            raise revive(before.error.code, before.error.message, before.error.hint)
        clock = time.monotonic()
        self._emit(StageStarted(recording=self._name, stage="prepare"))
        try:
            info = await audio.describe(anew=overwrite)
        except RecordingError as error:
            if not isinstance(error, _MAY_PASS):
                info_of = ErrorInfo(code=error.code, message=error.message, hint=error.hint)
                self._journal.remember_outcome(key, Outcome(error=info_of))
            raise
        self._emit(
            StageFinished(
                recording=self._name,
                stage="prepare",
                status="done",
                reused=not audio.decoded,
                elapsed_s=time.monotonic() - clock,
            )
        )
        return info

    def _stages(self, audio: RecordingAudio) -> RecordingStages:
        runner = StageRunner(self._tools.stages, self._name, self._spec.number)
        return RecordingStages(
            RecordingWork(
                name=self._name,
                plan=self._spec.plan,
                audio=audio,
                runner=runner,
                emit=self._emit,
                strict=self._tools.strict,
            )
        )

    def _finished(
        self, key: str, transcript: Transcript, outputs: tuple[str, ...], *, worked: bool
    ) -> JobFinished:
        complete = transcript.status == "complete"
        warnings = tuple(notice.message for notice in transcript.warnings)
        duration_s = transcript.recording.duration_s
        if complete:
            self._journal.remember_outcome(key, Outcome(duration_s=duration_s, warnings=warnings))
        told = {"stage_failed", *(advice.code for advice in self._spec.plan.advice)}
        for notice in transcript.warnings:
            if notice.code not in told:
                self._warn(notice.code, notice.message, notice.stage)
        elapsed_s = time.monotonic() - self._clock
        return JobFinished(
            recording=self._name,
            status="done" if complete else "partial",
            outputs=outputs,
            duration_s=duration_s,
            elapsed_s=elapsed_s,
            rtfx=duration_s / elapsed_s if worked and elapsed_s > 0 else None,
            warnings=warnings,
        )

    def _warn(self, code: str, message: str, stage: str | None = None) -> None:
        self._emit(WarningRaised(code=code, message=message, recording=self._name, stage=stage))


async def _save_standard_input(path: Path) -> None:
    """Read standard input to its end, in a thread that never keeps the process from ending."""
    loop = asyncio.get_running_loop()
    saved: asyncio.Future[None] = loop.create_future()

    def finish(error: Exception | None) -> None:
        if saved.cancelled():
            return
        if error is None:
            saved.set_result(None)
        else:
            saved.set_exception(error)

    def save() -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("wb") as file:
                shutil.copyfileobj(sys.stdin.buffer, file)
        except OSError as error:
            loop.call_soon_threadsafe(finish, error)
        else:
            loop.call_soon_threadsafe(finish, None)

    threading.Thread(target=save, daemon=True).start()
    await saved
