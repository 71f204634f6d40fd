"""Runs of single recordings in a thread of their own, with engines and decoders that they share.

Signals and requests are the main thread's; a run that decodes or renders does not keep them
waiting. What a run keeps is in its own folder, and goes with it.
"""

import asyncio
import tempfile
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, replace
from pathlib import Path, PurePath

from dalston_cli.atomic_file import write_whole
from dalston_cli.audio.scratch import SCRATCH_NAME, ScratchFolderError, scratch_folder
from dalston_cli.errors import DalstonError, NoRoomError, UnavailableError
from dalston_cli.pipeline.endpoints import LocalFile
from dalston_cli.pipeline.environment import Environment
from dalston_cli.pipeline.events import ErrorInfo, Event, JobFinished, WarningRaised
from dalston_cli.pipeline.outputs.folder import OutputDiskFullError
from dalston_cli.pipeline.records.journal import JOURNAL_NAME, Journal
from dalston_cli.pipeline.records.journal_errors import JournalHeldError, StateFolderError
from dalston_cli.pipeline.records.remote_store import StoreUnusableError
from dalston_cli.pipeline.request import RecordingRequest, RunOptions
from dalston_cli.pipeline.runners.tools import SharedTools, open_tools
from dalston_cli.pipeline.running.failures import SystemRefusedError
from dalston_cli.pipeline.session import RunCallbacks, transcribe
from dalston_cli.private_file import make_private_folder
from dalston_cli.threads import to_its_end

Emit = Callable[[Event], None]

TRANSCRIPT_STEM = "transcript"
_STATE = "state"
_WELL = frozenset({"done", "partial", "unchanged"})
_LOOKS_HOLD_S = 2.0
"""An engine that was edited runs as it is now two seconds later at the latest."""


class NotFinishedError(DalstonError):
    """A run ended without a word about its recording."""

    code = "not_finished"

    def __init__(self) -> None:
        super().__init__("the run ended before the recording was worked on")


class MachineError(UnavailableError):
    """The machine does not let a recording be worked on, which is no fault of the recording.

    Callers get the message, so that it has no path; ``reason`` is for the server's owner.
    """

    code = "machine_unavailable"

    def __init__(self, reason: str) -> None:
        super().__init__(
            "the server cannot work on recordings at the moment", hint="ask again later"
        )
        self.reason = reason


_OF_THE_MACHINE = frozenset(
    each.code
    for each in (
        *(NoRoomError, OutputDiskFullError, SystemRefusedError),
        *(StateFolderError, JournalHeldError, StoreUnusableError),
    )
)


@dataclass(frozen=True, kw_only=True)
class Order:
    """One recording to transcribe.

    Attributes:
        source: A file.
        name: As the caller calls it.
        folder: For this run alone; it exists.
        passing: The transcript alone is wanted, once: a run that is cut off is not gone on with.
    """

    source: Path
    name: str
    folder: Path
    options: RunOptions
    passing: bool = False

    @property
    def transcript(self) -> Path:
        """Where the transcript is when the run has ended well."""
        return transcript_in(self.folder)


def output_folder(folder: Path) -> Path:
    """Return where the transcript of a run goes, by the run's folder."""
    return folder / "out"


def transcript_in(folder: Path) -> Path:
    """Return where the transcript of a run is, by the run's folder."""
    return output_folder(folder) / f"{TRANSCRIPT_STEM}.json"


class Running:
    """A run in progress: ``finished`` has its end, or its error."""

    def __init__(self) -> None:
        self.finished: asyncio.Future[JobFinished] = asyncio.get_running_loop().create_future()
        self._interrupt: Callable[[], None] | None = None
        self._task: asyncio.Task[JobFinished] | None = None
        self._stopped = False

    def stop(self) -> None:
        """End the run early; call it on the worker's loop."""
        self._stopped = True
        if self._interrupt is not None:
            self._interrupt()
        elif self._task is not None:
            self._task.cancel()

    def begins(self, interrupt: Callable[[], None]) -> None:
        """Take what ends the run early."""
        self._interrupt = interrupt
        if self._stopped:
            interrupt()

    async def follow(self, work: asyncio.Task[JobFinished]) -> JobFinished:
        """Wait for the run."""
        self._task = work
        return await work


class Worker:
    """The thread that runs work in.

    Args:
        environment: This machine.
        tell: Takes what engines tell, in the worker's thread.
    """

    def __init__(self, environment: Environment, tell: Emit) -> None:
        self._environment = environment
        self._tell = tell
        self._loop: asyncio.AbstractEventLoop
        self._empty_journal = _empty_journal()
        self._ready: Future[SharedTools] = Future()
        self._thread = threading.Thread(target=self._work, name="worker", daemon=True)
        self._over = asyncio.Event()

    def start(self) -> None:
        """Begin, and return when work is taken."""
        self._loop = asyncio.new_event_loop()
        self._thread.start()
        self._ready.result()

    def close(self) -> None:
        """End; runs have to have ended before."""
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join()

    def begin(self, order: Order, emit: Emit | None) -> Running:
        """Begin a run; call it on the loop that its events, if any, and its end are wanted on."""
        loop, running = asyncio.get_running_loop(), Running()

        def pass_on(event: Event) -> None:
            if emit is not None:
                with suppress(RuntimeError):  # the server has ended
                    loop.call_soon_threadsafe(emit, event)

        async def follow() -> JobFinished:
            run = asyncio.create_task(self._run(order, pass_on, running))
            return await running.follow(run)

        future = asyncio.run_coroutine_threadsafe(follow(), self._loop)

        def ended(done: Future[JobFinished]) -> None:
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(_hand_over, done, running.finished)

        future.add_done_callback(ended)
        return running

    def stop(self, running: Running) -> None:
        """End a run early; its ``finished`` tells when that is done."""
        self._loop.call_soon_threadsafe(running.stop)

    async def _run(self, order: Order, emit: Emit, running: Running) -> JobFinished:
        finished: list[JobFinished] = []
        machine: list[str] = []

        def take(event: Event) -> None:
            match event:
                case (
                    JobFinished(error=ErrorInfo(code=code, message=message))
                    | WarningRaised(code=code, message=message)
                ) if code in _OF_THE_MACHINE:
                    machine.append(message)
                case JobFinished():
                    finished.append(event)
                case _:
                    pass
            emit(event)

        try:
            if not order.passing:
                await to_its_end(self._prepare, order.folder / _STATE)
            await transcribe(
                (_recording(order),),
                order.options,
                self._environment_of(order),
                RunCallbacks(on_event=take, take_interrupt=running.begins),
                replace(self._ready.result(), passing=order.passing),
            )
        except (StateFolderError, JournalHeldError, StoreUnusableError) as error:
            raise MachineError(error.message) from error
        if machine and not (finished and finished[0].status in _WELL):
            raise MachineError(machine[0])
        if not finished:
            raise NotFinishedError
        return finished[0]

    def _prepare(self, state: Path) -> None:
        """Give a run its records: to make the journal's tables anew each time takes long.

        Raises:
            MachineError: The disk does not take them.
        """
        path = state / JOURNAL_NAME
        try:
            make_private_folder(state)
            if not path.exists():
                write_whole(path, self._empty_journal, mode=0o600)
        except OSError as error:
            raise MachineError(f"{state}: {error.strerror or error}") from error

    def _environment_of(self, order: Order) -> Environment:
        """Return this machine with the run's own records, and everyone's engines and models."""
        locations = replace(self._environment.locations, state=order.folder / _STATE)
        return replace(self._environment, locations=locations)

    def _work(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        async with AsyncExitStack() as stack:
            launchers = self._environment.launchers
            tools = await open_tools(stack, launchers, self._tell, looks_hold_s=_LOOKS_HOLD_S)
            scratch = None
            with suppress(ScratchFolderError):  # every run says so
                cache = self._environment.locations.cache
                scratch = stack.enter_context(scratch_folder(cache / SCRATCH_NAME))
            self._ready.set_result(replace(tools, scratch=scratch))
            await self._over.wait()


def _empty_journal() -> bytes:
    """Return the file of a journal in which nothing is noted."""
    with tempfile.TemporaryDirectory(prefix="dalston-") as folder:
        path = Path(folder) / JOURNAL_NAME
        Journal(path).close()
        return path.read_bytes()


def _recording(order: Order) -> RecordingRequest:
    suffix = PurePath(order.name).suffix
    return RecordingRequest(
        source=LocalFile(order.source),
        name=order.name,
        relative=Path(f"{TRANSCRIPT_STEM}{suffix}"),
        size=order.source.stat().st_size,
    )


def _hand_over(done: Future[JobFinished], result: asyncio.Future[JobFinished]) -> None:
    if result.done():
        return
    if done.cancelled():
        result.cancel()
    elif (error := done.exception()) is not None:
        result.set_exception(error)
    else:
        result.set_result(done.result())
