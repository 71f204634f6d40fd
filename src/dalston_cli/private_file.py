"""Files and folders for this user alone, whatever the umask, and whatever was there before."""

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_OTHERS = 0o077
_LOOK = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def make_private_folder(folder: Path) -> None:
    """Make ``folder`` and the folders above it that are missing, each with mode 0700.

    One that is there and belongs to this user is closed to others.

    Raises:
        OSError: It cannot be made, or is no folder.
    """
    try:
        folder.mkdir(mode=0o700)
    except FileNotFoundError:
        make_private_folder(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)
    except FileExistsError:
        if not folder.is_dir():
            raise
        close_to_others(folder)


def make_private_file(path: Path) -> None:
    """Make an empty file with mode 0600; one that is there is closed to others.

    Raises:
        OSError: It cannot be made.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        os.close(os.open(path, flags, 0o600))
    except FileExistsError:
        close_to_others(path)


def open_own(path: Path, *, mode: int = 0o666) -> int:
    """Open a file to append to it, making it where there is none; return the descriptor.

    Raises:
        OSError: It is a link, no regular file, or another user's; or the system refuses.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    descriptor = os.open(path, flags, mode)
    status = os.fstat(descriptor)
    if stat.S_ISREG(status.st_mode) and status.st_uid == os.geteuid():
        return descriptor
    os.close(descriptor)
    raise PermissionError(1, "it is another user's, or no regular file", str(path))


def close_to_others(path: Path) -> bool:
    """Take the rights of group and others from a file or folder of this user.

    Links are not followed.

    Returns:
        False if others keep rights, because the system refuses or it is another user's.
    """
    try:
        status = path.lstat()
        if stat.S_ISLNK(status.st_mode) or not status.st_mode & _OTHERS:
            return True
        if status.st_uid != os.geteuid():
            return False
        descriptor = os.open(path, _LOOK)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    try:
        os.fchmod(descriptor, stat.S_IMODE(status.st_mode) & ~_OTHERS)
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return True


def close_tree(root: Path) -> Iterator[Path]:
    """Close a folder and all in it to others, the folder last; nothing if it is closed already.

    Yields:
        What others keep rights to.
    """
    with suppress(OSError):
        if not root.lstat().st_mode & _OTHERS:
            return
    if root.is_dir() and not root.is_symlink():
        for folder, _, files in os.walk(root, topdown=False):
            below = [Path(folder, name) for name in files]
            yield from (path for path in (*below, Path(folder)) if not close_to_others(path))
    elif not close_to_others(root):
        yield root
