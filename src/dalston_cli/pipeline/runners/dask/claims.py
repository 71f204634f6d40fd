"""Claims between workers: of several that need the same result, one works and others wait.

A claim is a file in the shared folder that a worker keeps locked: the system lets go of it when the
worker ends, however it ends. Where the shared file system knows no locks both do the work, which
costs time and nothing else: what counts is what the store has.
"""

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

_INTERVAL_S = 0.1
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
            while (descriptor := lock_file(path)) is None:  # noqa: ASYNC110 - other machines know no event
                await asyncio.sleep(_INTERVAL_S)
        except OSError:  # there are no locks here
            yield
            return
        try:
            yield
        finally:
            path.unlink(missing_ok=True)
            os.close(descriptor)


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
