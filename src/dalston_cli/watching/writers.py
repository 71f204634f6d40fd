"""Files that another process has open for writing, where the system tells."""

import fcntl
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


def is_being_written(path: Path) -> bool:
    """Return True if a process has the file open for writing; False where that is not known.

    Linux gives a lease for reading only where there is no writer, to the file's owner. It is given
    back at once; a process that opens the file meanwhile waits for that moment.
    """
    if sys.platform != "linux":
        return False
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return False  # its job says what is wrong
    try:
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
    except BlockingIOError:
        return True
    except OSError:
        return False  # another user's file, or a file system without leases
    finally:
        with suppress(OSError):
            fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
        os.close(descriptor)
    return False


@contextmanager
def leases_are_harmless() -> Iterator[None]:
    """Keep the signal that asks for a lease back from ending this process."""
    if sys.platform != "linux" or threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGIO, lambda *_: None)  # ignored, it would stay so in children
    try:
        yield
    finally:
        signal.signal(signal.SIGIO, before)
