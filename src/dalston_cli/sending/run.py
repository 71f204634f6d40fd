"""Many recordings, each sent and written; one's failure is never another's."""

import asyncio
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from dalston_cli.audio.scratch import SCRATCH_NAME, scratch_folder
from dalston_cli.errors import DalstonError, NoRoomError, UnavailableError
from dalston_cli.pipeline import events
from dalston_cli.pipeline.intake.shard import Share, share_of
from dalston_cli.pipeline.outputs.target import check_outputs, output_spec, output_stems
from dalston_cli.pipeline.outputs.writer import OutputWriter
from dalston_cli.pipeline.records.journal import Journal
from dalston_cli.pipeline.records.journal_errors import JournalError
from dalston_cli.pipeline.records.opening import open_records
from dalston_cli.pipeline.remote.spool import Spool
from dalston_cli.pipeline.request import RecordingRequest, RunOptions
from dalston_cli.pipeline.running.failures import explained
from dalston_cli.pipeline.running.interrupts import handled_interrupts
from dalston_cli.pipeline.running.life import RunLife, errors_of
from dalston_cli.pipeline.running.summary import NOT_STARTED
from dalston_cli.pipeline.session import RunCallbacks
from dalston_cli.sending import errors
from dalston_cli.sending.client import ServerClient
from dalston_cli.sending.recording import SendingTools, SentRecording
from dalston_cli.sending.server import Server
from dalston_cli.settings.locations import Locations

AT_ONCE = 4
"""Recordings that are sent, or waited for, at the same time, unless the user says otherwise."""

_END_ALL = (
    JournalError,
    NoRoomError,
    UnavailableError,
    errors.AskingRefusedError,
    errors.ServerDeniedError,
)


@dataclass(frozen=True, kw_only=True)
class SendingRequest:
    """What is sent where.

    Attributes:
        options: Those that count on this machine.
        asked: Those that the server gets.
    """

    recordings: Sequence[RecordingRequest]
    options: RunOptions
    server: Server
    asked: Mapping[str, object]
    locations: Locations


async def send_recordings(request: SendingRequest, callbacks: RunCallbacks) -> events.RunFinished:
    """Have a server transcribe recordings, and write their transcripts on this machine.

    Raises:
        InputError: Outputs would collide with each other or with a recording, or cannot be written.
        DalstonError: The server does not answer, or refuses.
    """
    options, locations, emit = request.options, request.locations, callbacks.on_event
    stems = output_stems(request.recordings, options)
    check_outputs(stems, options)
    share = await asyncio.to_thread(share_of, request.recordings, stems, options.shard)
    outputs = output_spec(options, callbacks.print_text)
    async with AsyncExitStack() as stack:

        def tell_busy(reason: str) -> None:
            message = f"the server says: {reason}; it is asked again until there is room"
            emit(events.WarningRaised(code="server_busy", message=message))

        client = ServerClient(request.server, tell_busy)
        stack.push_async_callback(client.close)
        known = await client.jobs()
        journal = open_records(stack, None, locations, emit).journal
        scratch = stack.enter_context(scratch_folder(locations.cache / SCRATCH_NAME))

        def open_sink(stem: Path | None, key: str) -> OutputWriter:
            return OutputWriter(outputs, journal, stem, key)

        tools = SendingTools(
            client=client,
            url=request.server.url,
            asked=request.asked,
            known=known,
            overwrite=options.overwrite,
            journal=journal,
            spool=Spool(options.spool_bytes),
            open_sink=open_sink,
            emit=emit,
        )
        return await _Sending(share, options, tools, journal, scratch).run()


class _Sending(RunLife):
    """A run of recordings that are sent."""

    def __init__(
        self,
        share: Share,
        options: RunOptions,
        tools: SendingTools,
        journal: Journal,
        scratch: Path,
    ) -> None:
        super().__init__(journal, tools.emit, share.info)
        self._share = share
        self._options = options
        self._tools = tools
        self._scratch = scratch
        self._left = self._items()
        self._num_begun = 0

    async def run(self) -> events.RunFinished:
        clock, number = time.monotonic(), len(self._share.recordings)
        self.begin(
            number,
            lambda run: events.RunStarted(run=run, num_recordings=number, shard=self._share.info),
        )
        with handled_interrupts(self._interrupted):
            at_once = min(self._options.jobs or AT_ONCE, number)
            self.workers = [asyncio.create_task(self._work()) for _ in range(at_once)]
            await asyncio.gather(*self.workers, return_exceptions=True)
        met = errors_of(self.workers)
        self.summary.counts[NOT_STARTED] += number - self._num_begun
        elapsed_s = time.monotonic() - clock
        return self.end(met, lambda: self.report(elapsed_s, met))

    def _items(self) -> Iterator[tuple[int, RecordingRequest, Path | None]]:
        stems = self._share.stems or (None,) * len(self._share.recordings)
        for place, (recording, stem) in enumerate(
            zip(self._share.recordings, stems, strict=True), start=1
        ):
            yield place, recording, stem

    async def _work(self) -> None:
        while not self.stopped and (item := next(self._left, None)) is not None:
            with self.ended_by_what_ends_all():
                await self._one(*item)

    async def _one(self, place: int, recording: RecordingRequest, stem: Path | None) -> None:
        """Send one recording; its error is its own."""
        suffix, clock = recording.relative.suffix.lower(), time.monotonic()
        number = self._journal.begin_job(
            self._id, recording.name, suffix=suffix, size=recording.size
        )
        self._num_begun += 1
        folder = self._scratch / str(place)
        try:
            finished = await SentRecording(recording, stem, self._tools, folder).run()
        except asyncio.CancelledError:
            self.end_job(number, events.JobFinished(recording=recording.name, status="cancelled"))
            raise
        except BrokenPipeError:
            raise
        except Exception as error:  # noqa: BLE001 - a bug that one recording meets costs only it
            self._failed(number, recording.name, explained(error, recording.name), clock)
        else:
            self.end_job(number, finished)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _failed(self, number: int, name: str, error: DalstonError, clock: float) -> None:
        code = error.remote_code if isinstance(error, errors.RemoteJobError) else error.code
        info = events.ErrorInfo(code=code, message=error.message, hint=error.hint, recording=name)
        finished = events.JobFinished(
            recording=name,
            status="failed",
            elapsed_s=time.monotonic() - clock,
            error=info,
        )
        self.end_job(number, finished, error.exit_code)
        if isinstance(error, _END_ALL):
            self.end_all(error)
        elif self._options.fail_fast:
            self.stop("fail_fast", "--fail-fast: no further recording is begun")

    def _interrupted(self) -> None:
        """Stop waiting; what the server has goes on there."""
        self.interrupt(
            "stopping; the server goes on with what it has",
            "run the same command again to get its transcripts",
        )
