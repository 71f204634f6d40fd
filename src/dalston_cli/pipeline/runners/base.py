"""A job, its runner, and the interfaces that are all it may use.

A job is a recording, a plan and settings; a runner reaches the store and the journal through the
interfaces here, and depends on nothing else in the process that made the job.
"""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from dalston_cli.audio.prepare import Preparer
from dalston_cli.catalog.schema import EngineEntry
from dalston_cli.launchers.pool.slot import EngineSlot
from dalston_cli.pipeline.endpoints import FileStamp, Sink
from dalston_cli.pipeline.events import Event, JobFinished
from dalston_cli.pipeline.plan.model import RecordingPlan
from dalston_cli.pipeline.records.journal import Attempt, Outcome
from dalston_cli.pipeline.records.store import ResultStore
from dalston_cli.pipeline.request import RecordingRequest
from dalston_cli.pipeline.running.budget import Budget


@dataclass(frozen=True, kw_only=True)
class JobSettings:
    """Settings of every job of a run.

    Attributes:
        overwrite: Take nothing from the store, and replace outputs.
        strict: A failed optional stage fails its recording.
    """

    overwrite: bool = False
    strict: bool = False


@dataclass(frozen=True, kw_only=True)
class Job:
    """One recording to work on.

    Attributes:
        number: In the journal.
        output: Where its outputs go, without a format's extension; None for standard output.
    """

    recording: RecordingRequest
    plan: RecordingPlan
    settings: JobSettings
    number: int
    output: str | None


class Runner(Protocol):
    """Runs jobs, here or elsewhere."""

    async def run(self, job: Job) -> JobFinished:
        """Do what has to be done for one recording; nothing, where all of it is done.

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

    def remember_outcome(self, key: str, outcome: Outcome) -> None:
        """Note how such a job ended."""

    def batch_size(self, model: str, device: str) -> int | None:
        """Return the largest batch that fits, where one did not."""

    def remember_batch_size(self, model: str, device: str, batch_size: int) -> None:
        """Note the batch that fits."""

    def add_attempt(self, job: int, attempt: Attempt) -> None:
        """Note one try of one stage."""


class Engines(Protocol):
    """The engines of a run."""

    def slot(self, engine: EngineEntry, device: str) -> AbstractAsyncContextManager[EngineSlot]:
        """Wait for a free slot of an engine, and hold it."""


@dataclass(frozen=True, kw_only=True)
class JobTools:
    """The means that a runner gives to all its jobs.

    Attributes:
        open_sink: The outputs of a job, by the key of its transcript.
        budget: What all jobs together may pay.
    """

    store: ResultStore
    journal: JobJournal
    engines: Engines
    preparer: Preparer
    open_sink: Callable[[Job, str], Sink]
    emit: Callable[[Event], None]
    budget: Budget
