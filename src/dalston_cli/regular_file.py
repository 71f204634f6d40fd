"""Reading regular files: what waits for another process, or never ends, is refused at once."""

import errno
import os
import stat
from io import BufferedReader
from pathlib import Path


class TooLargeError(OSError):
    """A file has more bytes than anything of its kind."""

    def __init__(self, path: Path, limit: int) -> None:
        super().__init__(errno.EFBIG, f"it has more than {limit:,} bytes", str(path))


class NotRegularError(OSError):
    """A pipe, a device or a socket is where a file is to be read."""

    def __init__(self, path: Path) -> None:
        problem = "it is no regular file, but a pipe, a device or a socket"
        super().__init__(errno.EINVAL, problem, str(path))


_OPEN_ALREADY = (Path("/dev/fd"), Path("/proc/self/fd"))


def open_regular(path: Path, *, or_given: bool = False) -> BufferedReader:
    """Open a file for reading; a pipe is neither waited for nor read.

    Args:
        path: Any path.
        or_given: Take a pipe that the caller opened for us, too: a shell's ``<(command)``.

    Raises:
        NotRegularError: It is no regular file.
        OSError: There is none, it is a folder, or the system refuses.
    """
    try:
        # Without O_NONBLOCK, opening a pipe that has no writer would wait for ever.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno == errno.ENXIO:  # a socket
            raise NotRegularError(path) from error
        raise
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISREG(mode) or (or_given and path.parent in _OPEN_ALREADY):
        os.set_blocking(descriptor, True)
        return os.fdopen(descriptor, "rb")
    os.close(descriptor)
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    raise NotRegularError(path)


def is_regular(path: Path) -> bool:
    """Return True for a file that is there; a name that no file can have is none."""
    try:
        return path.is_file()
    except (OSError, ValueError):  # too long, or with a zero byte
        return False


def read_regular(path: Path, *, limit: int | None = None, or_given: bool = False) -> bytes:
    """Return what a regular file holds.

    Args:
        path: As for ``open_regular``.
        limit: Most bytes that are read; None for all.
        or_given: As for ``open_regular``.

    Raises:
        TooLargeError: It has more bytes than ``limit``.
        OSError: As ``open_regular`` does.
    """
    with open_regular(path, or_given=or_given) as file:
        data = file.read(None if limit is None else limit + 1)
    if limit is not None and len(data) > limit:
        raise TooLargeError(path, limit)
    return data
