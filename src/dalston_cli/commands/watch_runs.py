"""The runs of ``dalston watch``: each is a batch of its own, with the options of all."""

from collections.abc import Callable, Sequence
from contextlib import closing

import msgspec

from dalston_cli.amounts import duration
from dalston_cli.commands.batch import Batch
from dalston_cli.commands.on_finish import run_on_arrival
from dalston_cli.commands.run_batch import run_batch
from dalston_cli.console import Console, printable
from dalston_cli.console.envelope import encode_json
from dalston_cli.console.screen import Mode
from dalston_cli.pipeline.events import JobFinished, RunFinished, WarningRaised
from dalston_cli.pipeline.request import RecordingRequest, RunOptions
from dalston_cli.watching.changes import Changes, Notified, Polling
from dalston_cli.watching.ending import Ending
from dalston_cli.watching.inbox import Inbox, WatchedFolder
from dalston_cli.watching.watcher import Arrived, Watcher, WatchFinished, Work


class Runs:
    """Runs over what arrives, shown on a console.

    Args:
        batch: The options of every run; its warnings are shown with the first one.
        options: Those of the batch, with what the user was asked.
        console: Shows the runs.
    """

    def __init__(self, batch: Batch, options: RunOptions, console: Console) -> None:
        self._batch = batch
        self._options = options
        self._console = console

    def watch(self, watched: WatchedFolder, poll_s: float | None, ending: Ending) -> WatchFinished:
        """Watch until the end is wanted.

        Raises:
            NotificationsError: The system does not tell of changes.
            DalstonError: No run is possible.
        """
        inbox = Inbox(watched, self._options, self._warn)
        work = Work(run=self._run, report=self._report, warn=self._warn)
        with closing(_changes(watched, poll_s, ending)) as changes:
            if not watched.once:
                how = "" if poll_s is None else f", looked at every {duration(poll_s)}"
                folder = printable(str(watched.folder))
                self._console.info(f"watching {folder}{how}; end with Ctrl-C")
            return Watcher(watched, inbox, changes, ending, work).watch()

    def _run(
        self, recordings: Sequence[RecordingRequest], note: Callable[[JobFinished], None]
    ) -> RunFinished:
        batch = msgspec.structs.replace(self._batch, recordings=tuple(recordings))
        self._batch = msgspec.structs.replace(self._batch, warnings=())
        return run_batch(batch, self._options, self._console, note)

    def _report(self, arrived: Arrived) -> bool:
        if not self._batch.on_finish:
            return True
        return run_on_arrival(
            self._batch.on_finish, arrived, self._console, secrets=self._batch.secrets
        )

    def _warn(self, warning: WarningRaised) -> None:
        if self._console.mode is Mode.JSON:
            self._console.data(encode_json(warning))
        else:
            self._console.warning(warning.message, hint=warning.hint)


def _changes(watched: WatchedFolder, poll_s: float | None, ending: Ending) -> Changes:
    if poll_s is not None:
        return Polling(poll_s, ending)
    return Notified(watched.folder, ending, recursive=watched.recursive)
