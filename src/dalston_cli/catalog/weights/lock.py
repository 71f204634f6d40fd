"""One pull of a model at a time, across processes.

The lock is on the folder of unfinished files itself, through its descriptor: no lock file stays
behind, and a killed process holds nothing.
"""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def locked(folder: Path, on_wait: Callable[[], None]) -> Iterator[int]:
    """Hold ``folder``, which is made if need be; its descriptor may be given to a child process.

    The holder may remove the folder: who waits notices and makes it anew.

    Args:
        folder: What to lock.
        on_wait: Called once before waiting for another process.
    """
    descriptor = _acquire(folder, on_wait)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _acquire(folder: Path, on_wait: Callable[[], None]) -> int:
    while True:
        with suppress(FileNotFoundError):  # removed between the two calls: once more
            folder.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
            try:
                _flock(descriptor, on_wait)
                if os.path.samestat(os.fstat(descriptor), folder.stat()):
                    return descriptor
            except BaseException:
                os.close(descriptor)
                raise
            os.close(descriptor)


def _flock(descriptor: int, on_wait: Callable[[], None]) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        on_wait()
        fcntl.flock(descriptor, fcntl.LOCK_EX)
