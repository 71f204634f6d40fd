"""Watching: look, wait, run, move, report; one run at a time, until the end is wanted."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress

from msgspec import Struct

from dalston_cli.errors import ExitCode
from dalston_cli.pipeline.events import JobFinished, RunFinished, WarningRaised
from dalston_cli.pipeline.request import RecordingRequest
from dalston_cli.watching.changes import Changes
from dalston_cli.watching.ending import Ending
from dalston_cli.watching.inbox import Due, Inbox, WatchedFolder
from dalston_cli.watching.moving import move_done

_IS_DONE = frozenset({"done", "unchanged"})
_IS_REPORTED = frozenset({"done", "partial", "failed"})


class Arrived(Struct, frozen=True, kw_only=True):
    """A recording whose job has ended.

    Attributes:
        path: Where it lies now.
    """

    path: str
    finished: JobFinished


class Work(Struct, frozen=True, kw_only=True):
    """What the watcher calls.

    Attributes:
        run: Transcribes some recordings; it reports each that ends, and returns the summary.
        report: Takes each recording with something new, after its run; returns False to end.
        warn: Takes what goes wrong beside the runs.
    """

    run: Callable[[Sequence[RecordingRequest], Callable[[JobFinished], None]], RunFinished]
    report: Callable[[Arrived], bool]
    warn: Callable[[WarningRaised], None]


class WatchFinished(Struct, frozen=True, kw_only=True):
    """The sum of all runs.

    Attributes:
        counts: Recordings by outcome; one that was replaced counts again.
    """

    folder: str
    runs: int
    counts: dict[str, int]
    exit_code: int


class Watcher:
    """Works on what arrives in a folder."""

    def __init__(
        self, watched: WatchedFolder, inbox: Inbox, changes: Changes, ending: Ending, work: Work
    ) -> None:
        self._watched = watched
        self._inbox = inbox
        self._changes = changes
        self._ending = ending
        self._work = work
        self._counts: Counter[str] = Counter()
        self._codes: list[int] = []
        self._reports = True

    def watch(self) -> WatchFinished:
        """Work until the end is wanted; with ``once`` until nothing is left to do.

        Raises:
            DalstonError: No run is possible.
        """
        while not self._ending.is_set():
            if due := self._inbox.due(time.monotonic()):
                self._run(due)
                continue
            pause_s = self._inbox.pause_s(time.monotonic())
            if self._watched.once and pause_s is None:
                break
            self._changes.wait(pause_s)
        code = int(ExitCode.OK)
        if self._watched.once:
            code = ExitCode.INTERRUPTED if self._ending.is_set() else _joined(self._codes)
        return WatchFinished(
            folder=str(self._watched.folder),
            runs=len(self._codes),
            counts=dict(sorted(self._counts.items())),
            exit_code=int(code),
        )

    def _run(self, due: Sequence[Due]) -> None:
        """Run once; an interrupt ends the watching, and what was done counts."""
        ended: dict[str, JobFinished] = {}
        self._ending.at_work = True
        try:
            with suppress(KeyboardInterrupt):
                report = self._work.run(
                    [one.request for one in due],
                    lambda finished: ended.update({finished.recording: finished}),
                )
                self._codes.append(report.exit_code)
                if report.exit_code == ExitCode.INTERRUPTED:
                    self._ending.set()
        finally:
            self._ending.at_work = False
        for one in due:
            self._ended(one, ended.get(one.request.name))

    def _ended(self, due: Due, finished: JobFinished | None) -> None:
        path, is_settled = str(due.path), True
        if finished is not None and finished.status in _IS_DONE:
            path, is_settled = self._moved(due)
        self._inbox.note(due, finished if is_settled else None, time.monotonic())
        if finished is None:
            return
        self._counts[finished.status] += 1
        if finished.status in _IS_REPORTED and self._reports:
            self._report(Arrived(path=path, finished=finished))

    def _report(self, arrived: Arrived) -> None:
        """Report a recording, though the end is wanted: the next watcher will not."""
        self._ending.at_work = True
        try:
            self._reports = self._work.report(arrived)
        finally:
            self._ending.at_work = False
        if not self._reports:
            self._ending.set()

    def _moved(self, due: Due) -> tuple[str, bool]:
        """Return where a recording is now, and False if it is to be moved later."""
        if self._watched.done is None:
            return str(due.path), True
        target = self._watched.done / due.place
        try:
            return str(target if move_done(due.path, target, due.stamp) else due.path), True
        except OSError as error:
            message = f"{due.path} cannot be moved to {target}: {error.strerror or error}"
            self._work.warn(WarningRaised(code="not_moved", message=message))
            return str(due.path), False


def _joined(codes: Sequence[int]) -> int:
    """Return the exit code of several runs: what ended one is told first, failures together."""
    failures = {ExitCode.ALL_FAILED, ExitCode.SOME_FAILED}
    others = [code for code in codes if code and code not in failures]
    if others:
        return others[-1]
    if all(code == ExitCode.ALL_FAILED for code in codes):
        return ExitCode.ALL_FAILED if codes else ExitCode.OK
    return ExitCode.SOME_FAILED if any(codes) else ExitCode.OK
