"""Reports of the child process of a pull, and what all its kinds of sources check."""

import shutil
import time
from pathlib import Path
from typing import BinaryIO

import msgspec

from dalston_cli.catalog.weights.exchange import Failure, PullFailure, PullProgress, Report

_REPORT_EVERY_S = 0.1
_SPARE_BYTES = 64 * 1024 * 1024  # a disk filled to the last byte harms more than this pull


class Reporter:
    """Writes reports, and progress at intervals that people can read.

    Attributes:
        file: The one being downloaded.
        finished: Bytes of the files before it.
        total: Bytes of all files, as far as known.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self.file = ""
        self.finished = self.total = 0
        self._stream = stream
        self._last = 0.0

    def send(self, report: Report) -> None:
        """Write one line at once."""
        self._stream.write(msgspec.json.encode(report) + b"\n")
        self._stream.flush()

    def on_bytes(self, done: int, here: bool) -> None:  # noqa: FBT001 - positional callback
        """Write one line, unless the last one is less than ``_REPORT_EVERY_S`` old."""
        now = time.monotonic()
        if now - self._last >= _REPORT_EVERY_S:
            self._last = now
            self.send(
                PullProgress(
                    step="checking" if here else "downloading",
                    file=self.file,
                    done=self.finished + done,
                    total=self.total,
                )
            )


def check_room(folder: Path, needed: int, free_bytes: int | None) -> None:
    """Raise a PullFailure unless the disk has room for ``needed`` bytes.

    Args:
        folder: On the disk.
        needed: Bytes; 0 always fit.
        free_bytes: Room on the disk; None looks it up.
    """
    free = shutil.disk_usage(folder).free if free_bytes is None else free_bytes
    if needed and needed + _SPARE_BYTES > free:
        raise PullFailure(Failure(kind="space", needed=needed, free=free))
