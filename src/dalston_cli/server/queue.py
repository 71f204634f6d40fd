"""Jobs that wait, work or have ended: what a queue is, apart from where it is kept."""

from collections.abc import Collection
from typing import Literal, Protocol, get_args

from msgspec import Struct, field

from dalston_cli.errors import UnavailableError
from dalston_cli.pipeline.events import ErrorInfo
from dalston_cli.server.webhooks import Webhook

JobState = Literal["queued", "running", "done", "partial", "failed", "cancelled"]
JOB_STATES: tuple[JobState, ...] = get_args(JobState)
ENDED: frozenset[JobState] = frozenset({"done", "partial", "failed", "cancelled"})


class QueueError(UnavailableError):
    """Jobs cannot be read or kept for the moment; what is kept already is not lost."""

    code = "queue_unavailable"

    def __init__(self, problem: str) -> None:
        super().__init__(
            f"jobs cannot be read or kept at the moment: {problem}",
            hint="ask again later; GET /health tells when it is over",
        )
        self.problem = problem


class QueuedJob(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A job, as it is kept.

    Attributes:
        owner: The caller whose it is.
        name: The recording's, as the caller calls it.
        source: A file that the caller named; None for an upload, which is in the job's folder.
        url: Where the caller says that the recording is, until the job has ended.
        upload_bytes: Of an upload that is still there.
        options: Settings that the caller chose.
        key: The caller's, by which a repeated request finds the same job.
        asked: Digest of what was asked for under that key.
        told: The webhook was answered, or given up.
        takes: How many processes took it from a shared queue and did not give it back.
        created_at, started_at, ended_at: Seconds since 1970.
    """

    id: str
    owner: str
    state: JobState
    name: str
    created_at: float
    model: str
    source: str | None = None
    url: str | None = None
    upload_bytes: int = 0
    options: dict[str, object] = field(default_factory=dict)
    key: str | None = None
    asked: str = ""
    webhook: Webhook | None = None
    told: bool = False
    takes: int = 0
    started_at: float | None = None
    ended_at: float | None = None
    duration_s: float | None = None
    error: ErrorInfo | None = None
    warnings: tuple[str, ...] = ()


class Queue(Protocol):
    """Keeps jobs so that none is lost when a process ends, whichever way.

    Every method blocks, may be called by any thread, and raises ``QueueError`` where the jobs
    cannot be read or kept; then nothing has changed, or all of what was asked for.

    Attributes:
        place: Where the jobs are, for people.
    """

    place: str

    def check(self) -> None:
        """Make sure that jobs can be read."""

    def add(self, job: QueuedJob) -> QueuedJob:
        """Keep a job; return it, or the one that its caller's key stands for already."""

    def take(self) -> QueuedJob | None:
        """Take the job that waits longest, which is ``running`` from now on; None for none."""

    def put(self, job: QueuedJob) -> bool:
        """Keep a job as it is now; return False if it was removed, or has ended, meanwhile."""

    def get(self, number: str) -> QueuedJob | None:
        """Return a job; None where there is none."""

    def of(self, owner: str, *, most: int) -> tuple[QueuedJob, ...]:
        """Return a caller's jobs, the latest first."""

    def num_waiting(self, owner: str | None = None) -> int:
        """Return how many jobs wait, of a caller or of all."""

    def remove(self, number: str) -> None:
        """Forget a job."""

    def requeue(self) -> tuple[QueuedJob, ...]:
        """Have jobs that ran when a server was killed wait again; return all that wait."""

    def known(self, numbers: Collection[str]) -> frozenset[str]:
        """Return those of the numbers that are jobs."""

    def untold(self) -> tuple[QueuedJob, ...]:
        """Return jobs that have ended and whose webhook was not told."""


class News(Struct, frozen=True, kw_only=True):
    """How far a job is, as the process that works on it tells others.

    Attributes:
        state: What there is to show of it now; empty for nothing yet.
        told: Events, each with its kind, in their order.
    """

    state: bytes = b""
    told: tuple[tuple[str, str], ...] = ()


class SharedQueue(Queue, Protocol):
    """A queue that several processes take jobs from, on one machine or on many.

    A process holds what it took until it ends or gives back the job, but no longer than
    ``lease_s`` after it renewed that last: then the next one takes the job. ``put`` of a job that
    another process holds changes nothing and returns False. ``take`` waits a moment for a job, and
    ``untold`` returns what no living process tells.
    """

    lease_s: float

    def renew(self, number: str, news: News) -> bool:
        """Hold a job for longer; return False where it is held no more, or was removed."""

    def news(self, number: str, *, after: int) -> News:
        """Return how far a job is, with the events behind the first ``after`` ones."""

    def upload_bytes(self) -> int:
        """Return the bytes of all uploads whose jobs have not ended."""

    def agree(self, place: str) -> str:
        """Note where the files of all jobs are, once and for all; return what was noted first."""
