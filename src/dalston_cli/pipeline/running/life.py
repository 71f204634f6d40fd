"""The life of a run, here or on a server: it begins, counts, stops and reports.

What cannot be kept, and a reader that is gone, end a run; a recording's failure does not.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager

from dalston_cli.errors import DalstonError, ExitCode
from dalston_cli.pipeline import events
from dalston_cli.pipeline.records.journal import Journal
from dalston_cli.pipeline.records.journal_errors import JournalError
from dalston_cli.pipeline.running.interrupts import expect_late_wakeups
from dalston_cli.pipeline.running.summary import NOT_STARTED, RunSummary


class RunLife:
    """A run from its first event to its last one.

    Attributes:
        workers: The tasks that work on recordings; they are cancelled where the run ends early.
        stopped: No further recording is begun.
    """

    def __init__(
        self,
        journal: Journal,
        emit: Callable[[events.Event], None],
        shard: events.ShardInfo | None,
    ) -> None:
        self._journal = journal
        self._emit = emit
        self._shard = shard
        self._id = ""
        self.summary = RunSummary()
        self.workers: list[asyncio.Task[None]] = []
        self.stopped = False

    def begin(self, number: int, started: Callable[[str], events.RunStarted]) -> None:
        """Note the beginning, and tell it; ``started`` gets the run's id.

        Raises:
            BrokenPipeError: Nothing reads what is told.
        """
        self._id = self._journal.begin_run(number)
        try:
            self._emit(started(self._id))
        except BrokenPipeError as closed:
            self.summary.counts[NOT_STARTED] = number
            self._journal.end_run(self.report(0.0, [closed]))
            raise

    @contextmanager
    def ended_by_what_ends_all(self) -> Iterator[None]:
        """End the run where its journal fails; where nothing reads its events, raise that, too."""
        try:
            yield
        except JournalError as error:
            self.end_all(error)
        except BrokenPipeError:
            self.cancel_all()
            raise

    def end_job(
        self, number: int, finished: events.JobFinished, exit_code: ExitCode | None = None
    ) -> None:
        """Note and tell how a recording ended."""
        try:
            self._journal.end_job(number, finished)
        except JournalError as error:
            self.end_all(error)
        self.summary.add(finished, exit_code)
        self._emit(finished)

    def stop(self, code: str, message: str, hint: str | None = None) -> None:
        """Begin no further recording, and say why."""
        if not self.stopped:
            self.stopped = True
            self._emit(events.WarningRaised(code=code, message=message, hint=hint))

    def end_all(self, error: DalstonError) -> None:
        """End the run: whatever else it did could not be kept, or had the same error."""
        if self.summary.ended_by is None:
            self.summary.ended_by = error
            self.stop(error.code, f"{error.message}: the run ends here", error.hint)
            self.cancel_all()

    def interrupt(
        self,
        message: str = "stopping; press Ctrl-C again to end at once",
        hint: str | None = None,
    ) -> None:
        """Cancel what is in work and begin nothing more; call it on the run's event loop."""
        self.summary.interrupted = True
        self.stop("interrupted", message, hint)
        self.cancel_all()

    def cancel_all(self) -> None:
        """Cancel what is in work, but for the task that calls this."""
        self.stopped = True
        expect_late_wakeups()
        for worker in self.workers:
            if worker is not asyncio.current_task() and not worker.cancelling():
                worker.cancel()

    def report(self, elapsed_s: float, errors: Sequence[BaseException]) -> events.RunFinished:
        """Return the summary as it is now.

        Args:
            elapsed_s: Since the beginning.
            errors: Those that came from outside of any recording.
        """
        summary = self.summary
        return events.RunFinished(
            run=self._id,
            counts={status: count for status, count in sorted(summary.counts.items()) if count},
            audio_s=summary.audio_s,
            elapsed_s=elapsed_s,
            exit_code=int(summary.exit_code(errors)),
            errors=tuple(summary.errors),
            shard=self._shard,
        )

    def end(
        self,
        errors: Sequence[BaseException],
        report: Callable[[], events.RunFinished],
    ) -> events.RunFinished:
        """Note the end, and tell it.

        Raises:
            BaseException: The first of the errors, if there is one.
        """
        told = report()
        try:
            self._journal.end_run(told)
        except JournalError as error:
            self.end_all(error)
            told = report()
        if errors:
            raise errors[0]  # nothing reads the output, or a bug outside of any job
        self._emit(told)
        return told


def errors_of(workers: Iterable[asyncio.Task[None]]) -> list[BaseException]:
    """Return what workers that have ended met outside of any recording."""
    found = (worker.exception() for worker in workers if not worker.cancelled())
    return [error for error in found if error is not None]
