"""What engines do to one recording: all of a job between its plan and its outputs.

It needs the recording, the store and engines, and knows nothing of outputs and earlier runs: it is
the part of a job that is done wherever an engine is.
"""

import time
from collections.abc import Callable
from pathlib import Path

from dalston_cli.audio import errors
from dalston_cli.audio.prepare import DecoderCrashedError, DecoderHungError
from dalston_cli.audio.request import AudioInfo, AudioRequest
from dalston_cli.pipeline import events
from dalston_cli.pipeline.jobs.base import Job, JobTools, Work
from dalston_cli.pipeline.records.journal import Outcome
from dalston_cli.pipeline.running.audio import RecordingAudio
from dalston_cli.pipeline.running.graph import Graph
from dalston_cli.pipeline.track_sets.source import TrackSet

_MAY_PASS = (
    DecoderCrashedError,
    DecoderHungError,
    errors.RecordingMissingError,
    errors.RecordingUnreadableError,
    errors.RecordingChangedError,
)
"""Errors that may not come again, though the recording is the same."""


def audio_request(job: Job, digest: str, folder: Path) -> AudioRequest:
    """Return what is to be decoded of a job's recording, into ``folder``."""
    plan = job.plan
    return AudioRequest(
        source=Path(),
        folder=folder,
        name=job.recording.name,
        channels=plan.channels,
        clip=plan.clip,
        digest=digest,
        track=plan.track,
        language=plan.track_language,
        is_list=isinstance(job.recording.source, TrackSet),
    )


class RecordingWork:
    """The work on one recording.

    Args:
        refused: The key under which the journal notes that the recording cannot be used.
    """

    def __init__(self, job: Job, audio: RecordingAudio, tools: JobTools, *, refused: str) -> None:
        self._job = job
        self._audio = audio
        self._tools = tools
        self._refused = refused

    async def run(self, *, prepared: Callable[[], None]) -> Work:
        """Do every stage of the turn that is not stored; ``prepared`` is called when it is decoded.

        Raises:
            NotStoredError: A result of an earlier turn is gone.
            DalstonError: The recording cannot be used, or a stage that is required failed.
        """
        try:
            info = await self._prepare()
        finally:
            prepared()
        graph = Graph(self._job, self._audio, self._tools)
        transcript = await graph.transcript(info)
        return Work(transcript=transcript, worked=graph.worked)

    async def _prepare(self) -> AudioInfo:
        """Describe the audio, which is decoded where it is not known."""
        name, emit, clock = self._job.recording.name, self._tools.emit, time.monotonic()
        emit(events.StageStarted(recording=name, stage="prepare"))
        try:
            anew = self._job.overwrite and not self._job.turn.earlier
            info = await self._audio.describe(anew=anew)
        except errors.RecordingError as error:
            if not isinstance(error, _MAY_PASS):
                self._note(error)
            raise
        emit(
            events.StageFinished(
                recording=name,
                stage="prepare",
                status="done",
                reused=not self._audio.decoded,
                elapsed_s=time.monotonic() - clock,
                duration_s=info.info.duration_s,
            )
        )
        return info

    def _note(self, error: errors.RecordingError) -> None:
        """Note that the recording cannot be used, whatever is done to it."""
        info = events.ErrorInfo(code=error.code, message=error.message, hint=error.hint)
        outcome, digest = Outcome(error=info), self._audio.digest
        self._tools.journal.remember_outcome(self._refused, outcome, recording=digest)
