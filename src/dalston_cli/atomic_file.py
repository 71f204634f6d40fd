"""Atomic files: complete or missing, even if a writer is killed or several write at once."""

import fcntl
import hashlib
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


def write_whole(path: Path, data: bytes, *, mode: int | None = None) -> None:
    """Write ``data`` to ``path`` in one step, with the permissions a new file would have.

    ``mode`` sets other permissions.

    The unfinished file lies beside it under a name derived from its own: the next process that
    writes the same file takes over the leftover of one that was killed.

    Raises:
        OSError: The disk is full or the folder cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256(os.fsencode(path.name)).hexdigest()
    unfinished = path.with_name(f".dalston-{digest[:16]}.part")
    with os.fdopen(_open_alone(unfinished), "wb") as file:
        try:
            file.truncate()
            if mode is not None:
                os.fchmod(file.fileno(), mode)
            file.write(data)
            sync(file)
            unfinished.replace(path)
        except BaseException:
            unfinished.unlink(missing_ok=True)
            raise


@contextmanager
def written_whole(path: Path) -> Iterator[BinaryIO]:
    """Yield a file that takes the place of ``path`` at the end of the block, or goes if it fails.

    The unfinished file lies beside it under a name that nobody can foresee: it is for folders that
    others can write to, and for several processes that write the same file.

    Raises:
        OSError: The disk is full or the folder cannot be written.
    """
    unfinished = path.with_name(f".dalston-{secrets.token_hex(8)}.part")
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(unfinished, flags, 0o666), "w+b") as file:
        try:
            yield file
            sync(file)
            unfinished.replace(path)
        except BaseException:
            unfinished.unlink(missing_ok=True)
            raise
    sync_folder(path.parent)


def sync(file: BinaryIO) -> None:
    """Flush a file's bytes to the disk."""
    file.flush()
    os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Flush a folder's names to the disk, so that a rename survives a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _open_alone(path: Path) -> int:
    """Open or make ``path`` and lock it against other processes that write it.

    A link of this name, which others could foresee, is removed and not followed.
    """
    while True:
        if path.is_symlink():
            path.unlink(missing_ok=True)
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(path, flags, 0o666)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        try:
            if os.path.samestat(os.fstat(descriptor), path.lstat()):
                return descriptor
        except FileNotFoundError:
            pass  # the process that held it has finished and renamed it
        os.close(descriptor)
