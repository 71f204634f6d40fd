"""What stands in a worker for the journal, which only the command has."""

from typing import NoReturn

from dalston_cli.pipeline.endpoints import FileStamp
from dalston_cli.pipeline.jobs.base import Job
from dalston_cli.pipeline.records.journal import Attempt, Outcome
from dalston_cli.pipeline.records.refusals import Refusal
from dalston_cli.pipeline.runners.dask.messages import Notes


class NotedJournal:
    """Collects what the command is to write; remembers nothing but batch sizes.

    Args:
        notes: Gets what is noted.
        batches: The batch size that fits, per model and device; shared by all jobs of the worker.
    """

    def __init__(self, notes: Notes, batches: dict[tuple[str, str], int]) -> None:
        self._notes = notes
        self._batches = batches

    def known_digest(self, reference: str, stamp: FileStamp) -> None:
        """Return None: the bytes are read, to be compared with the command's."""

    def remember_digest(self, reference: str, stamp: FileStamp, digest: str) -> None:
        """Note nothing: the command has read the recording, too."""

    def outcome(self, key: str) -> None:
        """Return None: the command has looked."""

    def remember_outcome(self, key: str, outcome: Outcome, *, recording: str | None) -> None:
        """Note how such a job ended."""
        self._notes.outcomes.append((key, outcome, recording))

    def remember_recording(self, reference: str, digest: str) -> None:
        """Note nothing: the command has."""

    def batch_size(self, model: str, device: str) -> int | None:
        """Return the largest batch that fits, where one did not."""
        return self._batches.get((model, device))

    def remember_batch_size(self, model: str, device: str, batch_size: int) -> None:
        """Note the batch that fits."""
        self._batches[model, device] = self._notes.batches[model, device] = batch_size

    def add_attempt(self, job: int, attempt: Attempt) -> None:
        """Note one try of one stage; the command knows of which job."""
        del job
        self._notes.attempts.append(attempt)


class NoRefusals:
    """Recordings that cannot be used are the command's affair."""

    def note(self, reference: str, digest: str) -> Refusal | None:
        """Refuse to note one."""
        raise AssertionError(reference, digest)


def no_sink(job: Job, key: str) -> NoReturn:
    """Refuse to open outputs, which the command writes."""
    raise AssertionError(job, key)
