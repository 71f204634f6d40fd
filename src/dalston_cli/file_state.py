"""What tells, without reading a file, whether it is the one that was read before."""

import os
import time
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Self

_COARSEST_CLOCK_NS = 2_000_000_000
"""FAT counts times of change in steps of two seconds; most file systems have far finer ones."""


@dataclass(frozen=True, slots=True)
class FileState:
    """A file at one moment.

    Attributes:
        size: In bytes.
        mtime_ns: When its bytes changed, as programs say: copies and archives bring it along.
        ctime_ns: When it changed in any way, which no program can set.
        inode: Its number in the file system, which is another one for what was put in its place.
    """

    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int

    @classmethod
    def of(cls, status: os.stat_result) -> Self:
        """Return the state that the system tells."""
        return cls(status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)

    @property
    def text(self) -> str:
        """The state as a table can hold it, whatever the size of its numbers."""
        return " ".join(map(str, astuple(self)))

    @property
    def is_settled(self) -> bool:
        """True if the file can no longer change without another state."""
        return abs(time.time_ns() - self.ctime_ns) > _COARSEST_CLOCK_NS


def state_of(path: Path) -> FileState | None:
    """Return the state of a file; None where it cannot be reached."""
    try:
        return FileState.of(path.stat())
    except (OSError, ValueError):
        return None
