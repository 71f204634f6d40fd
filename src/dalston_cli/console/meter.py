"""A bar for one transfer, drawn by rich on stderr."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from rich.console import Console as RichConsole
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)


class DrawnMeter:
    """One task of a rich progress bar."""

    def __init__(self, progress: Progress, task: TaskID) -> None:
        self._progress = progress
        self._task = task

    def update(self, done: float, total: float | None = None) -> None:
        """Show that ``done`` bytes of ``total`` are there."""
        self._progress.update(self._task, completed=done, total=total)


@contextmanager
def drawn_meter(stream: TextIO, description: str, total: float | None) -> Iterator[DrawnMeter]:
    """Show a bar while the block runs."""
    progress = Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        console=RichConsole(file=stream),
    )
    with progress:
        yield DrawnMeter(progress, progress.add_task(description, total=total))
