"""A job, its runner, and the interfaces that are all it may use.

A job is a recording, a plan and settings: values, which another process can be sent. Whatever does
something, such as a store, a journal or an engine, a job reaches through the interfaces here; which
classes are behind them only ``session`` knows.
"""

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from msgspec import Struct

from dalston_cli.audio.request import AudioInfo, AudioRequest
from dalston_cli.catalog.schema import EngineEntry
from dalston_cli.errors import UnavailableError
from dalston_cli.pipeline.endpoints import FileStamp, Sink
from dalston_cli.pipeline.events import EngineTaken, ErrorInfo, Event, JobFinished, JobWaiting
from dalston_cli.pipeline.plan.model import RecordingPlan
from dalston_cli.pipeline.plan.schedule import Turn
from dalston_cli.pipeline.records.journal import Attempt, Outcome
from dalston_cli.pipeline.records.refusals import Refusal
from dalston_cli.pipeline.records.store import ResultStore
from dalston_cli.pipeline.remote.spool import Spool
from dalston_cli.pipeline.request import RecordingRequest
from dalston_sdk.wire import Request, Result, StreamMessage, Transcript

Pay = Callable[[Result], None]
"""Takes the result that was paid for."""


@dataclass(frozen=True, kw_only=True)
class Job:
    """One recording to work on.

    Attributes:
        number: In the journal; 0 before it is begun.
        output: Where its outputs go, without a format's extension; None for standard output.
        overwrite: Take nothing from the store, and replace outputs.
        strict: A failed optional stage fails its recording.
        may_move: A launcher that stops working ends the job, which is then tried with another.
        accept_known_bad: It is no failure where an earlier run could not use the same bytes.
        turn: The part of the run that it is begun in.
    """

    recording: RecordingRequest
    plan: RecordingPlan
    number: int
    output: str | None
    overwrite: bool = False
    strict: bool = False
    may_move: bool = False
    accept_known_bad: bool = False
    turn: Turn = field(default_factory=Turn)


class Work(Struct, frozen=True, kw_only=True):
    """What engines made of a recording.

    Attributes:
        transcript: None where stages are left for a later turn.
        worked: False where all of it was stored before.
    """

    transcript: Transcript | None
    worked: bool


class WorkOrder(Struct, frozen=True, kw_only=True):
    """What another process needs beside a job to work on its recording.

    Attributes:
        source: The recording as a file.
        digest: Of its bytes.
        prepared: Key of its audio.
        refused: The key under which the journal notes that it cannot be used.
    """

    source: Path
    digest: str
    prepared: str
    refused: str


class RunnerLostError(UnavailableError):
    """No job can be run any more: the run ends."""

    code = "runner_lost"


class Runner(Protocol):
    """Runs jobs, here or elsewhere."""

    def finished_before(self, job: Job) -> JobFinished | None:
        """Return the report of a recording that is known to be done; None where a run may tell."""

    async def run(self, job: Job) -> JobFinished | JobWaiting:
        """Do what has to be done for one recording; nothing, where all of it is done.

        It waits for the next turn where that has stages of it, or where results are missing that
        an earlier turn made, as when it is replaced meanwhile.

        Raises:
            DalstonError: The recording cannot be used, a required stage failed, or an output
                cannot be written.
        """


class JobJournal(Protocol):
    """All that a job knows of the journal."""

    def known_digest(self, reference: str, stamp: FileStamp) -> str | None:
        """Return the digest of a recording that has not changed since it was read."""

    def remember_digest(self, reference: str, stamp: FileStamp, digest: str) -> None:
        """Note the digest of a recording that has ``stamp``."""

    def outcome(self, key: str) -> Outcome | None:
        """Return how such a job ended before."""

    def remember_outcome(self, key: str, outcome: Outcome, *, recording: str | None) -> None:
        """Note how such a job ended; ``recording`` is the digest of what it was about."""

    def remember_recording(self, reference: str, digest: str) -> None:
        """Note that a recording had these bytes when results of it were stored."""

    def batch_size(self, model: str, device: str) -> int | None:
        """Return the largest batch that fits, where one did not."""

    def remember_batch_size(self, model: str, device: str, batch_size: int) -> None:
        """Note the batch that fits."""

    def add_attempt(self, job: int, attempt: Attempt) -> None:
        """Note one try of one stage."""


class Slot(Protocol):
    """A slot of an engine that is ready: one request at a time."""

    @property
    def fingerprint(self) -> str:
        """The engine's fingerprint."""

    @property
    def launcher(self) -> str:
        """The name of what started the engine."""

    @property
    def device(self) -> str:
        """The device that it works on."""

    @property
    def version(self) -> str:
        """The engine's own version."""

    def run(self, request: Request, audio: Path | None) -> AsyncGenerator[StreamMessage, None]:
        """Yield every message of the engine about one request; the last one is ``Finished``.

        Args:
            request: The work.
            audio: 16 kHz mono PCM16 WAV; None for a stage without audio.

        Raises:
            EngineRefusal: The engine refused.
            EngineUnavailableError: It crashed too often, or does not start.
        """


class EngineStates(Protocol):
    """The engines of a run, as the run looks at them.

    Attributes:
        fingerprints: The fingerprint of each engine that was used, by its name.
    """

    fingerprints: dict[str, str]

    def failure(self, engine: EngineEntry, device: str) -> UnavailableError | None:
        """Return why ``engine`` cannot be had; None if it can, or was never asked for."""

    def forget(self) -> None:
        """Get every engine anew when it is next needed, as after the loss of a launcher."""

    async def stop(self, idle: Sequence[tuple[EngineEntry, str]]) -> None:
        """Stop engines, each on its device, that nothing uses; return when they have ended."""

    async def taken(self) -> tuple[EngineTaken, ...]:
        """Return what the engines that were used take now, or took before they were stopped."""


class Engines(Protocol):
    """The engines of a run, as its jobs use them."""

    def slot(self, engine: EngineEntry, device: str) -> AbstractAsyncContextManager[Slot]:
        """Wait for a free slot of an engine, and hold it."""


class Decoder(Protocol):
    """Makes what engines read of a recording."""

    async def prepare(self, request: AudioRequest) -> AudioInfo:
        """Write the WAV files that are asked for.

        Raises:
            RecordingError: The recording cannot be used.
        """


class JobRefusals(Protocol):
    """Recordings that cannot be used."""

    def note(self, reference: str, digest: str) -> Refusal | None:
        """Note that a recording is refused; return what was known of the same bytes before."""


class JobClaims(Protocol):
    """Work that one job does for all that need its result, in any process."""

    def held(self, key: str) -> AbstractAsyncContextManager[None]:
        """Wait until no other job works on the result under ``key``, and hold it."""


class JobBudget(Protocol):
    """The budget of a run, which all its jobs share."""

    def within(self, options: Struct) -> AbstractAsyncContextManager[tuple[Struct, Pay]]:
        """Yield the options with what may be spent, and a function that takes the result.

        Raises:
            DalstonError: It is not known what is left.
        """


class JobFailures(Protocol):
    """Optional stages that failed in a turn of a run, for its later turns."""

    def note(self, job: int, stage: str, channel: int | None, failure: ErrorInfo) -> None:
        """Note why a stage failed."""

    def noted(self, job: int, stage: str, channel: int | None) -> ErrorInfo | None:
        """Return why a stage failed; None where it did not."""


@dataclass(frozen=True, kw_only=True)
class JobTools:
    """The means that a runner gives to all its jobs.

    Attributes:
        claims: On results, between all who share the store.
        claims_here: On outputs, and on whole recordings, between runs of this machine.
        open_sink: The outputs of a job, by the key of its transcript.
        spool: Room for recordings that come from other machines.
    """

    store: ResultStore
    claims: JobClaims
    claims_here: JobClaims
    journal: JobJournal
    refusals: JobRefusals
    engines: Engines
    decoder: Decoder
    open_sink: Callable[[Job, str], Sink]
    emit: Callable[[Event], None]
    budget: JobBudget
    failures: JobFailures
    spool: Spool = field(default_factory=Spool)
