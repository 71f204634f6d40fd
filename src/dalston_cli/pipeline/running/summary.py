"""The summary of a run: what its recordings came to, and the exit code that tells it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from dalston_cli.errors import DalstonError, ExitCode
from dalston_cli.pipeline.events import ErrorInfo, JobFinished

NOT_STARTED = "not_started"


@dataclass
class RunSummary:
    """Counts as jobs finish.

    Attributes:
        counts: Recordings per status, ``not_started`` included.
        audio_s: Seconds of audio that were transcribed in this run.
        unavailable: Recordings that failed for want of an engine or a model.
        given_up: For want of them, no further recording was begun.
        interrupted: The user ended it.
        ended_by: An error that ended it for all recordings.
    """

    counts: Counter[str] = field(default_factory=Counter)
    audio_s: float = 0.0
    errors: list[ErrorInfo] = field(default_factory=list)
    unavailable: int = 0
    given_up: bool = False
    interrupted: bool = False
    ended_by: DalstonError | None = None

    def add(self, job: JobFinished, exit_code: ExitCode | None = None) -> None:
        """Count one recording."""
        self.counts[job.status] += 1
        if job.rtfx is not None:
            self.audio_s += job.duration_s or 0.0
        if job.error is not None and job.status != "known_bad":
            self.errors.append(job.error)
        if exit_code is ExitCode.UNAVAILABLE:
            self.unavailable += 1

    def exit_code(self, errors: Sequence[BaseException] = ()) -> ExitCode:
        """Return what the process should return to the shell.

        Args:
            errors: Those that came from outside of any job.
        """
        if errors:
            closed = isinstance(errors[0], BrokenPipeError)
            return ExitCode.CLOSED_PIPE if closed else ExitCode.BUG
        if self.ended_by is not None:
            return self.ended_by.exit_code
        return ExitCode.INTERRUPTED if self.interrupted else self._of_recordings()

    def _of_recordings(self) -> ExitCode:
        counts = self.counts
        good = counts["done"] + counts["unchanged"] + counts["partial"]
        if not counts["failed"] and not counts["partial"] and not counts[NOT_STARTED]:
            return ExitCode.OK
        if self.given_up:
            return ExitCode.UNAVAILABLE
        if good:
            return ExitCode.SOME_FAILED
        if self.unavailable == counts["failed"]:
            return ExitCode.UNAVAILABLE
        return ExitCode.ALL_FAILED
