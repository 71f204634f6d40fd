"""Claims: of several jobs that need the same result, in any process, one works and others wait.

A claim is a row of the journal with its holder. A holder is a file that a process keeps locked: the
system lets go of the lock when the process ends, however it ends, and no other process can have
the lock because it got the number of one that is gone. Two machines that share the folder see each
other's locks where the file system passes them on; where it knows no locks there are no claims,
and both do the work.

Claims save work and nothing else: what counts is what the store has.
"""

import asyncio
import errno
import fcntl
import os
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Self

from dalston_cli.pipeline.records.journal import Journal
from dalston_cli.pipeline.records.journal_errors import JournalError, StateFolderError

CLAIMS_NAME = "claims"

_INTERVAL_S = 0.2
"""Between two looks at a claim that another job has."""

_NO_LOCKS = frozenset({errno.ENOLCK, errno.ENOTSUP, errno.EINVAL, errno.ENOSYS})
"""Errors of file systems that have no locks."""


class Claims:
    """The claims of one process, which end with it.

    Attributes:
        on_wait: Called when a job begins to wait, with the number of the process that it waits
            for; None where it is this one.
    """

    def __init__(self, journal: Journal, folder: Path) -> None:
        self._connection = journal.connection
        self._folder = folder
        self._holder: _Holder | None = None
        self._possible = True
        self.on_wait: Callable[[int | None], None] = lambda _: None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Let go of everything."""
        if self._holder is not None:
            with suppress(JournalError):  # a claim ends with its holder, noted or not
                self._connection.execute(
                    "DELETE FROM claims WHERE holder = ?", (self._holder.name,)
                )
            self._holder.close()

    @asynccontextmanager
    async def held(self, key: str) -> AsyncIterator[None]:
        """Wait until no other job holds ``key``, and hold it."""
        holder = self._ready()
        if holder is None:
            yield
            return
        other = self._take(key, holder)
        if other is not None:
            self.on_wait(None if other == os.getpid() else other)
            while self._take(key, holder) is not None:  # noqa: ASYNC110 - other processes know no event
                await asyncio.sleep(_INTERVAL_S)
        try:
            yield
        finally:
            self._connection.execute(
                "DELETE FROM claims WHERE key = ? AND holder = ?", (key, holder.name)
            )

    def _take(self, key: str, holder: "_Holder") -> int | None:
        """Take a claim; return the number of the process that has it where another job does."""
        connection = self._connection
        taken = connection.execute(
            "INSERT INTO claims (key, holder, pid) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
            (key, holder.name, os.getpid()),
        )
        if taken.rowcount:
            return None
        row = connection.execute("SELECT holder, pid FROM claims WHERE key = ?", (key,)).fetchone()
        if row is None:  # it was let go of in between
            return self._take(key, holder)
        other, pid = str(row["holder"]), int(row["pid"])
        if other == holder.name or _lives(self._folder / other):
            return pid
        taken = connection.execute(
            "UPDATE claims SET holder = ?, pid = ? WHERE key = ? AND holder = ?",
            (holder.name, os.getpid(), key, other),
        )
        return None if taken.rowcount else pid

    def _ready(self) -> "_Holder | None":
        """Return this process's file, made with the first claim; None where there are no locks."""
        if self._holder is None and self._possible:
            try:
                self._forget_the_dead()
                self._holder = _Holder(self._folder)
            except OSError as error:
                if error.errno not in _NO_LOCKS:
                    raise StateFolderError(self._folder, error.strerror or str(error)) from error
                self._possible = False
        return self._holder

    def _forget_the_dead(self) -> None:
        """Remove what processes left that were killed."""
        named = {
            str(row["holder"])
            for row in self._connection.execute("SELECT DISTINCT holder FROM claims").fetchall()
        }
        files = {path.name for path in self._folder.glob("*")}
        for name in named | files:
            if not _lives(self._folder / name):
                self._connection.execute("DELETE FROM claims WHERE holder = ?", (name,))


class _Holder:
    """A file that this process keeps locked.

    Raises:
        OSError: The folder cannot be written, or its file system has no locks.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        while True:
            self.name = secrets.token_hex(16)
            self._path = folder / self.name
            flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
            self._descriptor = os.open(self._path, flags, 0o600)
            if _lock(self._descriptor) and self._path.exists():
                return
            os.close(self._descriptor)  # another process took it for one that was left behind

    def close(self) -> None:
        """Remove the file and let go of its lock."""
        self._path.unlink(missing_ok=True)
        os.close(self._descriptor)


def _lives(path: Path) -> bool:
    """Return True if a process has this file locked; else remove it."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        if not _lock(descriptor):
            return True
        path.unlink(missing_ok=True)
        return False
    finally:
        os.close(descriptor)


def _lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
