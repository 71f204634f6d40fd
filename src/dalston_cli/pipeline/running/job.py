"""One recording, from its source to its transcripts.

A job depends on its recording, its plan, its settings and its tools, and on nothing else in the
process. What engines do to the recording, ``work``, may be done in another one.
"""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import msgspec

from dalston_cli.audio import errors
from dalston_cli.audio.source import shown_name
from dalston_cli.pipeline import events
from dalston_cli.pipeline.endpoints import Evidence
from dalston_cli.pipeline.jobs.base import Job, JobTools, Work, WorkOrder
from dalston_cli.pipeline.jobs.done import Standing, standing_of
from dalston_cli.pipeline.plan.schedule import Turn
from dalston_cli.pipeline.records.journal import Outcome
from dalston_cli.pipeline.records.keys import make_key
from dalston_cli.pipeline.request import Cell
from dalston_cli.pipeline.running.audio import RecordingAudio
from dalston_cli.pipeline.running.failures import is_of_its_bytes
from dalston_cli.pipeline.running.graph import Graph
from dalston_cli.pipeline.running.known_bad import can_be_known, is_known_bad
from dalston_cli.pipeline.running.recording_bytes import RecordingBytes
from dalston_cli.pipeline.running.stage import NotStoredError
from dalston_cli.pipeline.running.work import RecordingWork, audio_request
from dalston_sdk.wire import Transcript

Elsewhere = Callable[[WorkOrder, Callable[[], None]], Awaitable[Work]]
"""Has another process work on a recording. It is also given a function that raises an error if the
recording is not the one any more whose digest was taken."""

_PAUSES_S = (0.5, 1.0, 2.0)
"""Before a recording that changed while it was read is read again."""


class RecordingJob:
    """One recording on its way.

    Args:
        folder: For its decoded audio.
        elsewhere: Has engines work on the recording in another process; None does it here.
    """

    def __init__(
        self, job: Job, tools: JobTools, folder: Path, elsewhere: Elsewhere | None = None
    ) -> None:
        self._elsewhere = elsewhere
        self._job = job
        self._tools = tools
        self._name = job.recording.name
        self._emit = tools.emit
        self._clock = time.monotonic()
        self._folder = folder
        self._bytes = RecordingBytes(job.recording, tools, folder, self._warn)
        self._num_changes = 0

    @asynccontextmanager
    async def reread(self) -> AsyncIterator[None]:
        """Let a recording be begun anew that is replaced meanwhile.

        Programs do so that synchronize folders. What is stored under the digest of a recording's
        bytes is of these bytes.

        Raises:
            RecordingChangedError: It changed too often.
        """
        try:
            yield
        except errors.RecordingChangedError as changed:
            if self._num_changes == len(_PAUSES_S):
                raise
            self._warn(changed.code, f"{changed.message}, and is read again")
            await asyncio.sleep(_PAUSES_S[self._num_changes])
            self._num_changes += 1

    async def run(self) -> events.JobFinished | events.JobWaiting:
        """Do what has to be done; see ``Runner``.

        Raises:
            RecordingChangedError: The recording has to be read again.
        """
        try:
            standing, audio = await self._standing()
            if not self._job.turn.earlier:
                done = await self._done_before(standing, audio)
                if done is not None:
                    return done
            refused = self._begin(standing)
            if self._elsewhere is None:
                recording = RecordingWork(self._job, audio, self._tools, refused=refused)
                work = await recording.run(prepared=self._bytes.remember_digest)
            else:
                order = await self._order(standing, refused)
                work = await self._elsewhere(order, self._bytes.check_unchanged)
            if work.transcript is None:
                return self._waiting(worked=work.worked)
            return await self._end(standing, work.transcript, worked=work.worked)
        except NotStoredError:
            return self._waiting(worked=False)
        except errors.RecordingError as error:
            if not is_of_its_bytes(error) or not await self._is_known_bad():
                raise
            return events.JobFinished(
                recording=self._name,
                status="known_bad",
                elapsed_s=time.monotonic() - self._clock,
                error=events.ErrorInfo(code=error.code, message=error.message, hint=error.hint),
            )
        finally:
            self._bytes.let_go()

    def _waiting(self, *, worked: bool) -> events.JobWaiting:
        elapsed_s = time.monotonic() - self._clock
        return events.JobWaiting(recording=self._name, elapsed_s=elapsed_s, worked=worked)

    async def _is_known_bad(self) -> bool:
        return await is_known_bad(self._job, self._tools.refusals, self._bytes.digest)

    async def _standing(self) -> tuple[Standing, RecordingAudio]:
        """Return the state of the recording, and its audio, which is not decoded yet."""
        job, plan, tools = self._job, self._job.plan, self._tools
        digest = await self._bytes.take(may_return=self._num_changes < len(_PAUSES_S))
        open_sink = partial(tools.open_sink, job)
        standing = standing_of(digest, plan, tools.journal, open_sink, job.recording.columns)
        request = audio_request(job, digest, self._folder)
        prepared = standing.prepared or ""
        return standing, RecordingAudio(request, prepared, tools, self._bytes)

    def _begin(self, standing: Standing) -> str:
        """Tell of the beginning; return the key under which an unusable recording is noted.

        Raises:
            RecordingError: It is noted there already, and is not tried again.
        """
        reference, digest = self._job.recording.source.reference, self._bytes.digest
        if reference is not None and digest is not None:
            self._tools.journal.remember_recording(reference, digest)
        self._emit(events.JobStarted(recording=self._name))
        for advice in () if self._job.turn.earlier else self._job.plan.advice:
            self._emit(
                events.WarningRaised(code=advice.code, message=advice.message, hint=advice.hint)
            )
        key = make_key("refused", name=self._name, what=standing.prepared or "")
        before = None if self._job.overwrite else self._tools.journal.outcome(key)
        if before is not None and before.error is not None:
            self._bytes.remember_digest()
            raise errors.revive(before.error.code, before.error.message, before.error.hint)
        return key

    async def _order(self, standing: Standing, refused: str) -> WorkOrder:
        """Return what another process needs."""
        return WorkOrder(
            source=(await self._bytes.file()).absolute(),
            digest=self._bytes.digest or "",
            prepared=standing.prepared or "",
            refused=refused,
        )

    async def _end(
        self, standing: Standing, transcript: Transcript, *, worked: bool
    ) -> events.JobFinished:
        """Write the outputs, and return the report."""
        transcript = _with_columns(transcript, self._job.recording.columns)
        transcript = msgspec.structs.replace(transcript, key=standing.key)
        await self._write(standing, transcript)
        self._bytes.remember_digest()
        finished = self._finished(standing, transcript, worked=worked)
        is_cut = finished.status == "partial" and not any(
            stage.status == "failed" for stage in transcript.stages
        )
        if is_cut and await self._is_known_bad():
            return msgspec.structs.replace(finished, status="known_bad")
        self._tell(transcript)
        return msgspec.structs.replace(finished, acceptable=is_cut and can_be_known(self._job))

    async def _write(self, standing: Standing, transcript: Transcript) -> None:
        """Write the outputs; another run that writes the same files waits, and is waited for."""
        async with self._tools.claims_here.held(self._place()):
            notices = await standing.sink.write(transcript)
        for one in notices:
            self._warn(one.code, one.message)

    def _place(self) -> str:
        """Return the key of where the outputs go."""
        return make_key("place", path=os.fsencode(Path(self._job.output or "").absolute()).hex())

    async def _done_before(
        self, standing: Standing, audio: RecordingAudio
    ) -> events.JobFinished | None:
        """Return the report where nothing has to be done."""
        existing, outcome = standing.existing()
        digest = self._bytes.digest
        if existing.unknown and digest is not None:
            stored = await self._stored(audio)
            existing, outcome = standing.recognized(Evidence(digest=digest, stored=stored))
        self._bytes.remember_digest()
        for output in existing.edited:
            self._warn(
                "output_edited",
                f"{shown_name(output)} was edited since it was written and stays as it is",
            )
        for output in existing.damaged:
            self._warn(
                "output_damaged", f"{shown_name(output)} was empty or damaged and is written again"
            )
        if outcome is None:
            return None
        return standing.unchanged(self._name, outcome, self._clock)

    async def _stored(self, audio: RecordingAudio) -> Transcript | None:
        """Return what this job would make of the store alone.

        None where a result is missing that a transcript cannot do without. An optional stage whose
        result is missing is one that failed: the transcript is partial.
        """
        info = await audio.known()
        if info is None:
            return None
        tools = replace(self._tools, emit=_tell_nothing)
        whole = replace(self._job, strict=False, turn=Turn())
        graph = Graph(whole, audio, tools, only_stored=True)
        try:
            return await graph.transcript(info)
        except NotStoredError:
            return None

    def _finished(
        self, standing: Standing, transcript: Transcript, *, worked: bool
    ) -> events.JobFinished:
        complete = transcript.status == "complete"
        warnings = tuple(notice.message for notice in transcript.warnings)
        duration_s = transcript.recording.duration_s
        if complete:
            outcome = Outcome(duration_s=duration_s, warnings=warnings)
            self._tools.journal.remember_outcome(
                standing.key, outcome, recording=self._bytes.digest
            )
        elapsed_s = time.monotonic() - self._clock
        return events.JobFinished(
            recording=self._name,
            status="done" if complete else "partial",
            outputs=standing.sink.texts,
            duration_s=duration_s,
            elapsed_s=elapsed_s,
            rtfx=duration_s / elapsed_s if worked and elapsed_s > 0 else None,
            warnings=warnings,
            known_text=transcript.known_text,
        )

    def _tell(self, transcript: Transcript) -> None:
        """Show the warnings of a transcript that were not shown yet."""
        told = {"stage_failed", *(advice.code for advice in self._job.plan.advice)}
        for notice in transcript.warnings:
            if notice.code not in told:
                self._warn(notice.code, notice.message, notice.stage)

    def _warn(self, code: str, message: str, stage: str | None = None) -> None:
        self._emit(
            events.WarningRaised(code=code, message=message, recording=self._name, stage=stage)
        )


def _tell_nothing(event: events.Event) -> None:
    del event


def _with_columns(transcript: Transcript, columns: tuple[tuple[str, Cell], ...]) -> Transcript:
    """Return a transcript that has the columns of a manifest that are the user's own."""
    recording = msgspec.structs.replace(transcript.recording, columns=dict(columns))
    return msgspec.structs.replace(transcript, recording=recording)
