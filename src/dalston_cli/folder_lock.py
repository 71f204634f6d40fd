"""Locks between processes and threads, held on folders themselves: no lock file stays behind.

A killed holder lets go. The holder may remove the folder: a waiting process makes it anew.
"""

import errno
import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

_POLL_S = 0.05
_NO_LOCKS = frozenset({errno.EBADF, errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL})
"""The system's answers where a file system cannot lock a folder, none of which says so."""


@contextmanager
def lock_folder(
    folder: Path, on_wait: Callable[[], None] = lambda: None, *, patience_s: float | None = None
) -> Iterator[int]:
    """Hold ``folder``, which is made for this user alone if it is missing.

    Not to be taken twice by the same thread. ``on_wait`` is called before another is waited for,
    at most for ``patience_s`` where other users can open the folder, and so hold it; None waits
    for as long as it takes.

    Yields:
        The descriptor that holds the lock; a child process that has it holds the lock, too.

    Raises:
        TimeoutError: Another process held it all the time.
        OSError: The folder cannot be made or opened.
    """
    descriptor = _open_locked(folder, on_wait, patience_s)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def try_lock_folder(folder: Path, *, make: bool = False) -> int | None:
    """Return a descriptor that holds the folder until it is closed.

    None where another process holds it or just removed it, or where there is no such folder;
    ``make`` makes it for this user alone.
    """
    descriptor = _opened(folder, make=make)
    if descriptor is None:
        return None
    if _flock(descriptor, wait=False) and _is_still(folder, descriptor):
        return descriptor
    os.close(descriptor)
    return None


def _open_locked(folder: Path, on_wait: Callable[[], None], patience_s: float | None = None) -> int:
    while True:
        descriptor = _opened(folder, make=True)
        if descriptor is None:
            continue
        try:
            if not _flock(descriptor, wait=False):
                on_wait()
                _wait(descriptor, folder, patience_s)
            if _is_still(folder, descriptor):
                return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)  # the holder before us removed the folder


def _opened(folder: Path, *, make: bool) -> int | None:
    """Return a descriptor of the folder; None if it is missing or being removed."""
    try:
        if make:
            folder.mkdir(parents=True, mode=0o700, exist_ok=True)
        return os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except FileNotFoundError:
        return None
    except FileExistsError:
        if folder.exists() and not folder.is_dir():
            raise
        return None  # removed while mkdir looked at what was there


def _flock(descriptor: int, *, wait: bool) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
        raise OSError(error.errno, "folders cannot be locked there, as on NFS") from error
    return True


def _wait(descriptor: int, folder: Path, patience_s: float | None) -> None:
    if patience_s is None:
        _flock(descriptor, wait=True)
        return
    deadline = time.monotonic() + patience_s
    while not _flock(descriptor, wait=False):
        if time.monotonic() > deadline:
            problem = f"another process has locked the folder for {patience_s:g} s; see: lslocks"
            raise TimeoutError(errno.ETIMEDOUT, problem, str(folder))
        time.sleep(_POLL_S)


def _is_still(folder: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(folder.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False
