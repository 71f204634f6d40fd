"""Claims between workers: of several that need the same result, one works and others wait.

A claim is a file in the shared folder that a worker keeps locked: the system lets go of it when the
worker ends, however it ends. Its holder touches it again and again; of one that does not, because
it is suspended, others do the work, too. So they do where the shared file system knows no locks. It
costs time and nothing else: what counts is what the store has.
"""

import asyncio
import fcntl
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

_INTERVAL_S = 0.1
_TOUCH_S, _SILENT_S = 2.0, 30.0
_FLAGS = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
"""Open to write, or NFS gives no lock."""


class WorkerClaims:
    """The claims of one worker on results, each a file in ``folder``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @asynccontextmanager
    async def held(self, key: str) -> AsyncIterator[None]:
        """Wait until no other job works on the result under ``key``, and hold it."""
        path = self._folder / key
        try:
            descriptor = await _locked(path)
        except OSError:  # there are no locks here
            descriptor = None
        if descriptor is None:
            yield
            return
        touching = asyncio.create_task(_touch(descriptor))
        try:
            yield
        finally:
            touching.cancel()
            path.unlink(missing_ok=True)
            os.close(descriptor)


async def _locked(path: Path) -> int | None:
    """Wait for the lock of a file; None where its holder shows no sign of life.

    Raises:
        OSError: There are no locks.
    """
    touched, since = 0, time.monotonic()
    while (descriptor := lock_file(path)) is None:
        if (at := _touched_at(path)) != touched:  # clocks of machines differ
            touched, since = at, time.monotonic()
        if time.monotonic() - since > _SILENT_S:
            return None
        await asyncio.sleep(_INTERVAL_S)
    return descriptor


def _touched_at(path: Path) -> int:
    """Return when a file was touched, by the clock of its disk; 0 if it is gone."""
    with suppress(FileNotFoundError):
        return path.stat().st_mtime_ns
    return 0


async def _touch(descriptor: int) -> None:
    with suppress(OSError):  # then others do the work, too
        while True:
            os.utime(descriptor)
            await asyncio.sleep(_TOUCH_S)


def forget_the_dead(folder: Path) -> None:
    """Remove what processes left that were killed: files that none has locked."""
    for path in folder.iterdir():
        try:
            descriptor = lock_file(path)
        except OSError:  # there are no locks here
            return
        if descriptor is not None:
            path.unlink(missing_ok=True)
            os.close(descriptor)


def lock_file(path: Path) -> int | None:
    """Make a file where there is none, and lock it.

    Returns:
        A descriptor that holds it until it is closed; None where another process has it.

    Raises:
        OSError: The file cannot be made, or its file system has no locks.
    """
    descriptor = os.open(path, _FLAGS, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.path.samestat(path.stat(), os.fstat(descriptor)):
            return descriptor
    except (BlockingIOError, FileNotFoundError):  # held, or removed by its holder just now
        pass
    except BaseException:
        os.close(descriptor)
        raise
    os.close(descriptor)
    return None
