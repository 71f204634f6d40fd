"""Marks of processes that share a folder: whether the process that made one is still there.

A process locks one byte of a file, at a place that it draws at random; the system lets go of it
when the process ends, however it ends. An id would not tell: in containers all engines have one.

Reference: fcntl_locking(2), "Traditional record locks". They belong to a process, and are gone once
it closes the file, which is why it stays open.
"""

import fcntl
import os
import secrets
from pathlib import Path

_BITS = 62
_FLAGS = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC


class ProcessMarks:
    """The mark of this process, and those of others.

    Args:
        file: Where processes hold their marks; made when it is needed, and always empty.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._mark = secrets.randbits(_BITS)
        self._descriptor: int | None = None
        self._is_held = False

    def hold(self) -> int | None:
        """Return this process's mark, held until it ends; None where there are no locks."""
        if not self._is_held:
            try:
                fcntl.lockf(self._opened(), fcntl.LOCK_EX | fcntl.LOCK_NB, 1, self._mark)
            except OSError:
                return None
            self._is_held = True
        return self._mark

    def is_held(self, mark: int) -> bool:
        """Return False if the process with a mark has ended; True where that is not known."""
        if self._is_held and mark == self._mark:
            return True
        try:
            descriptor = self._opened()
            # Shared, so that two processes that look at once do not see each other.
            fcntl.lockf(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB, 1, mark)
            fcntl.lockf(descriptor, fcntl.LOCK_UN, 1, mark)
        except OSError:
            return True
        return False

    def _opened(self) -> int:
        if self._descriptor is None:
            self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._descriptor = os.open(self._file, _FLAGS, 0o600)
        return self._descriptor
