"""One recording that is sent: from its bytes to its transcripts on this machine."""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec
from httpx2 import ServerSentEvent

from dalston_cli.audio.errors import RecordingChangedError
from dalston_cli.audio.source import shown_name
from dalston_cli.formats.read import read_transcript
from dalston_cli.pipeline import events
from dalston_cli.pipeline.endpoints import Evidence, Sink
from dalston_cli.pipeline.jobs.base import JobJournal
from dalston_cli.pipeline.jobs.done import Standing
from dalston_cli.pipeline.records.journal import Outcome
from dalston_cli.pipeline.records.keys import make_key
from dalston_cli.pipeline.remote.spool import Spool
from dalston_cli.pipeline.request import RecordingRequest
from dalston_cli.pipeline.running.recording_bytes import RecordingBytes
from dalston_cli.sending.asked import options_text
from dalston_cli.sending.client import ServerClient, ServerJob
from dalston_cli.sending.errors import RemoteJobError
from dalston_sdk.wire import Transcript

_UPLOAD = "upload"
_AGAIN_S = 1.0
_WELL = frozenset({"done", "partial"})
_NOT_WELL = frozenset({"failed", "cancelled"})
_Told = (
    events.ModelLoading
    | events.PartialText
    | events.StageFinished
    | events.StageProgress
    | events.StageStarted
    | events.WarningRaised
)


@dataclass(frozen=True, kw_only=True)
class SendingTools:
    """What recordings of a run share.

    Attributes:
        asked: Options for the server.
        known: The server's jobs by their keys, as they were when the run began.
        open_sink: The outputs of a recording, by their stem and the key of the transcript.
    """

    client: ServerClient
    url: str
    asked: Mapping[str, object]
    known: Mapping[str, ServerJob]
    overwrite: bool
    journal: JobJournal
    spool: Spool
    open_sink: Callable[[Path | None, str], Sink]
    emit: Callable[[events.Event], None]


class SentRecording:
    """A recording on its way to a server and back.

    Args:
        stem: The path of its outputs without extension; None for standard output.
        folder: For this recording alone.
    """

    def __init__(
        self, recording: RecordingRequest, stem: Path | None, tools: SendingTools, folder: Path
    ) -> None:
        self._recording = recording
        self._stem = stem
        self._tools = tools
        self._folder = folder
        self._bytes = RecordingBytes(recording, tools, folder, self._warn)
        self._told: set[tuple[str, str]] = set()

    async def run(self) -> events.JobFinished:
        """Do what has to be done, and report it.

        Raises:
            DalstonError: The recording cannot be used, or the server refuses or fails.
        """
        clock, tools = time.monotonic(), self._tools
        try:
            digest = await self._bytes.take(may_return=False)
            standing = self._standing(digest)
            done = self._done_before(standing, digest, clock)
            if done is None:
                tools.emit(events.JobStarted(recording=self._recording.name))
                job = await self._ended(await self._job(self._job_key(standing.key)))
                transcript = self._own(await self._fetched(job), standing.key, digest)
                done = await self._end(standing, transcript, clock)
                await tools.client.forget(job.id)
            elif (left := tools.known.get(self._job_key(standing.key))) is not None:
                await tools.client.forget(left.id)
        finally:
            self._bytes.let_go()
        return done

    def _standing(self, digest: str) -> Standing:
        tools, columns = self._tools, self._recording.columns
        key = make_key(
            "sent",
            server=tools.url,
            asked=options_text(tools.asked),
            digest=digest,
            columns=columns,
        )
        sink = tools.open_sink(self._stem, key)
        return Standing(prepared=digest, key=key, sink=sink, journal=tools.journal)

    def _job_key(self, key: str) -> str:
        """Return the key of the server's job: two files with the same bytes have one each."""
        return make_key("sent_job", transcript=key, name=self._recording.name)

    def _done_before(
        self, standing: Standing, digest: str, clock: float
    ) -> events.JobFinished | None:
        """Return the report where nothing has to be done.

        Raises:
            DalstonError: A file from elsewhere is in the way.
        """
        existing, outcome = standing.existing()
        if existing.unknown:
            existing, outcome = standing.recognized(Evidence(digest=digest, stored=None))
        for output in existing.edited:
            self._warn("output_edited", f"{shown_name(output)} was edited and stays as it is")
        if outcome is None:
            return None
        self._bytes.remember_digest()
        return standing.unchanged(self._recording.name, outcome, clock)

    async def _job(self, key: str) -> ServerJob:
        """Return the job of this recording, which is made where there is none that can be used."""
        tools = self._tools
        job = tools.known.get(key)
        if job is not None and not tools.overwrite and job.state not in _NOT_WELL:
            return job
        if job is not None:
            await tools.client.forget(job.id)
        job = await self._sent(key)
        if job.state in _NOT_WELL:  # so long ago that it is not listed any more
            await tools.client.forget(job.id)
            job = await self._sent(key)
        return job

    async def _sent(self, key: str) -> ServerJob:
        name, clock = self._recording.name, time.monotonic()
        self._tools.emit(events.StageStarted(recording=name, stage=_UPLOAD))
        path = await self._bytes.file()
        self._bytes.check_unchanged()
        relative = self._recording.relative.name
        job = await self._tools.client.send(path, relative, self._tools.asked, key)
        elapsed_s = time.monotonic() - clock
        self._tools.emit(
            events.StageFinished(recording=name, stage=_UPLOAD, status="done", elapsed_s=elapsed_s)
        )
        return job

    async def _ended(self, job: ServerJob) -> ServerJob:
        """Follow a job to its end, and return it.

        Raises:
            RemoteJobError: It failed, or was removed.
        """
        client = self._tools.client
        while job.state not in _WELL | _NOT_WELL:
            async for told in client.follow(job.id):
                self._tell(told)
            now = await client.job(job.id)
            if now is None:
                raise RemoteJobError("removed", "the server was told to forget its job", None)
            job = now
            if job.state not in _WELL | _NOT_WELL:
                await asyncio.sleep(_AGAIN_S)
        if job.state in _NOT_WELL:
            error = job.error or events.ErrorInfo(code=job.state, message=f"its job {job.state}")
            raise RemoteJobError(error.code, f"on the server: {error.message}", error.hint)
        return job

    def _tell(self, told: ServerSentEvent) -> None:
        """Pass on what a run here would tell."""
        try:
            said = msgspec.json.decode(told.data, type=dict[str, object])
            said |= {"event": told.event, "recording": self._recording.name}
            event = msgspec.convert(said, type=_Told)
        except msgspec.MsgspecError:
            return  # the whole job at the end, or what a newer server tells
        if isinstance(event, events.WarningRaised):
            self._told.add((event.code, event.message))
        self._tools.emit(event)

    async def _fetched(self, job: ServerJob) -> Transcript:
        path = self._folder / "transcript.json"
        self._folder.mkdir(parents=True, exist_ok=True)
        path.write_bytes(await self._tools.client.transcript(job.id))
        return await asyncio.to_thread(read_transcript, path)

    def _own(self, transcript: Transcript, key: str, digest: str) -> Transcript:
        """Return a transcript as one that was made here."""
        recording, info = self._recording, transcript.recording
        if info.digest != digest:
            raise RecordingChangedError(recording.name)
        info = msgspec.structs.replace(info, name=recording.name, columns=dict(recording.columns))
        return msgspec.structs.replace(transcript, recording=info, key=key)

    async def _end(
        self, standing: Standing, transcript: Transcript, clock: float
    ) -> events.JobFinished:
        """Write the outputs, and return the report."""
        for one in await standing.sink.write(transcript):
            self._warn(one.code, one.message)
        self._bytes.remember_digest()
        for notice in transcript.warnings:
            if (notice.code, notice.message) not in self._told and notice.code != "stage_failed":
                self._warn(notice.code, notice.message)
        complete = transcript.status == "complete"
        warnings = tuple(notice.message for notice in transcript.warnings)
        duration_s, elapsed_s = transcript.recording.duration_s, time.monotonic() - clock
        if complete:
            self._tools.journal.remember_outcome(
                standing.key,
                Outcome(duration_s=duration_s, warnings=warnings),
                recording=transcript.recording.digest,
            )
        return events.JobFinished(
            recording=self._recording.name,
            status="done" if complete else "partial",
            outputs=standing.sink.texts,
            duration_s=duration_s,
            elapsed_s=elapsed_s,
            rtfx=duration_s / elapsed_s if elapsed_s > 0 else None,
            warnings=warnings,
        )

    def _warn(self, code: str, message: str) -> None:
        self._tools.emit(
            events.WarningRaised(code=code, message=message, recording=self._recording.name)
        )
