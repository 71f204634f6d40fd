"""Atomic files: complete or missing, even if a writer is killed or several write at once.

An unfinished file lies beside its place under a name that cannot be foreseen and is made anew, so
that nothing another user planted in a shared folder is ever opened, followed or waited for.
"""

import errno
import fcntl
import os
import re
import secrets
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

_UNFINISHED = re.compile(r"\.dalston-[0-9a-f]{16,}\.part")
_NEW = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_ATTEMPTS = 100
_NO_LOCKS = frozenset({errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL})
"""The file system has no locks: the file is written without one, and no leftover is removed."""

_swept: set[tuple[int, int, str]] = set()
"""Device, inode and path: an inode's number is used again when its folder was removed."""
_sweeping = threading.Lock()


def write_whole(path: Path, data: bytes, *, mode: int | None = None, flushed: bool = True) -> None:
    """Write ``data`` to ``path`` in one step; missing folders are made.

    Args:
        path: The file.
        data: All of it.
        mode: Other permissions than a new file would have.
        flushed: False leaves it to the system when the bytes reach the disk: after a power cut the
            file may be empty.

    Raises:
        OSError: As ``written_whole`` does.
    """
    try:
        _write(path, data, mode, flushed=flushed)
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        _write(path, data, mode, flushed=flushed)


def _write(path: Path, data: bytes, mode: int | None, *, flushed: bool) -> None:
    with _unfinished(path, mode, flushed=flushed) as file:
        file.write(data)


@contextmanager
def written_whole(path: Path) -> Iterator[BinaryIO]:
    """Yield a file that takes the place of ``path`` at the end of the block, or goes if it fails.

    Its name is flushed to the disk, too, so that it survives a power cut.

    Raises:
        OSError: The disk is full, the folder cannot be written, or a pipe, a device, a socket or
            a folder has the place.
    """
    with _unfinished(path, None) as file:
        yield file
    sync_folder(path.parent)


def new_file(path: Path) -> BinaryIO:
    """Open a file of this name that is made anew; what has the name goes and is not followed.

    Raises:
        OSError: It cannot be made.
    """
    path.unlink(missing_ok=True)
    return os.fdopen(os.open(path, _NEW, 0o666), "w+b")


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


@contextmanager
def _unfinished(path: Path, mode: int | None, *, flushed: bool = True) -> Iterator[BinaryIO]:
    _refuse_special(path)
    _remove_leftovers(path.parent)
    made: list[Path] = []
    try:  # begins before there is a file: Ctrl-C may come as soon as there is
        unfinished, descriptor = _make_beside(path, 0o666 if mode is None else 0o600, made)
        with os.fdopen(descriptor, "w+b") as file:
            if mode is not None:
                with suppress(PermissionError):  # a file system without modes
                    os.fchmod(descriptor, mode)
            yield file
            if flushed:
                sync(file)
            else:
                file.flush()
            unfinished.replace(path)
    except BaseException:
        for each in made:
            each.unlink(missing_ok=True)
        raise


def _refuse_special(path: Path) -> None:
    """Refuse to replace what is neither a file nor a link, which is replaced and not followed."""
    try:
        mode = path.lstat().st_mode
    except OSError:
        return  # nothing is there, or making a file beside it says what is wrong
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not (stat.S_ISREG(mode) or stat.S_ISLNK(mode)):
        raise FileExistsError(errno.EEXIST, "a pipe, a device or a socket is there", str(path))


def _make_beside(path: Path, mode: int, made: list[Path]) -> tuple[Path, int]:
    """Make and lock an empty file in the folder of ``path``; return its path and descriptor.

    ``made`` gets the path before there is a file.
    """
    for _ in range(_ATTEMPTS):
        beside = path.with_name(f".dalston-{secrets.token_hex(12)}.part")
        made.append(beside)
        try:
            descriptor = os.open(beside, _NEW, mode)
        except FileExistsError:
            made.remove(beside)
            continue
        if _lock(descriptor) and _has_name(descriptor, beside):
            return beside, descriptor
        os.close(descriptor)  # another process took it for a leftover
        beside.unlink(missing_ok=True)
    raise FileExistsError(errno.EEXIST, "every name for an unfinished file is taken", str(path))


def _remove_leftovers(folder: Path) -> None:
    """Remove, once per process and folder, this user's unfinished files that no process holds."""
    try:
        status = folder.stat()
        with _sweeping:
            if (here := (status.st_dev, status.st_ino, str(folder))) in _swept:
                return
            _swept.add(here)
        with os.scandir(folder) as entries:
            found = [Path(each.path) for each in entries if _UNFINISHED.fullmatch(each.name)]
    except OSError:
        return  # making a file in it says what is wrong
    for path in found:
        with suppress(OSError):  # another process was faster, or it is not ours
            _remove_leftover(path)


def _remove_leftover(path: Path) -> None:
    status = path.lstat()
    if not stat.S_ISREG(status.st_mode) or status.st_uid != os.geteuid():
        return
    flags = os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    descriptor = os.open(path, flags)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        path.unlink(missing_ok=True)
    finally:
        os.close(descriptor)


def _lock(descriptor: int) -> bool:
    """Lock a file that was made just now; False if another process holds it already."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
    return True


def _has_name(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.lstat())
    except FileNotFoundError:
        return False
