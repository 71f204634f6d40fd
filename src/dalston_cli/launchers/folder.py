"""Private folders of running engines: sockets and records that only this user may reach."""

import os
import shlex
import shutil
import stat
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dalston_cli.errors import UnavailableError
from dalston_cli.folder_lock import lock_folder

MAX_SOCKET_PATH_BYTES = 103 if sys.platform == "darwin" else 107
"""Bytes that fit into ``sun_path`` besides the terminating zero."""


class RuntimeFolderError(UnavailableError):
    """The runtime folder cannot be trusted or used."""

    code = "runtime_folder"

    def __init__(self, folder: Path, problem: str, *, hint: str | None = None) -> None:
        super().__init__(
            f"the runtime folder {folder} {problem}",
            hint=hint or 'export DALSTON_RUNTIME_DIR="$HOME/.dalston-run"',
        )


def make_private(folder: Path) -> None:
    """Make ``folder`` with mode 0700, or make sure that it is one of ours and private.

    Raises:
        RuntimeFolderError: It belongs to someone else, others may enter it, or it is no folder.
    """
    try:
        folder.mkdir(parents=True, mode=0o700, exist_ok=True)
    except FileExistsError:
        raise RuntimeFolderError(folder, "is not a folder") from None
    except OSError as error:
        raise RuntimeFolderError(folder, f"cannot be made: {error.strerror}") from error
    check_private(folder)


def check_private(folder: Path) -> None:
    """Make sure that an existing folder is ours alone, before its contents are trusted.

    Raises:
        RuntimeFolderError: It belongs to someone else, others may enter it, or it is no folder.
    """
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode):
        raise RuntimeFolderError(folder, "is a symbolic link, which another user could redirect")
    if found.st_uid != os.getuid():
        raise RuntimeFolderError(folder, f"belongs to another user (uid {found.st_uid})")
    if found.st_mode & 0o077:
        mode = stat.S_IMODE(found.st_mode)
        raise RuntimeFolderError(
            folder,
            f"can be entered by others (mode {mode:04o})",
            hint=f"chmod 700 {shlex.quote(str(folder))}",
        )


def check_socket_path(socket: Path) -> None:
    """Refuse a path that the system would refuse with a less helpful message.

    Raises:
        RuntimeFolderError: The path is too long for a Unix socket.
    """
    length = len(os.fsencode(socket))
    if length > MAX_SOCKET_PATH_BYTES:
        problem = (
            f"is too long: a socket in it has a path of {length} bytes, "
            f"and {MAX_SOCKET_PATH_BYTES} is the most"
        )
        raise RuntimeFolderError(socket.parent.parent, problem)


class ReentrantFolderLock:
    """``lock_folder`` for callers that may hold it already, in the same thread."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._held = threading.local()

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Hold the lock; at once where this thread holds it already."""
        if getattr(self._held, "yes", False):
            yield
            return
        with lock_folder(self._folder):
            self._held.yes = True
            try:
                yield
            finally:
                self._held.yes = False


def remove_folder(folder: Path) -> None:
    """Remove ``folder`` in one step as other processes see it, even while it is in use."""
    beside = folder.with_name(f".old-{folder.name}-{os.getpid()}-{threading.get_ident()}")
    try:
        folder.rename(beside)
    except FileNotFoundError:
        return
    shutil.rmtree(beside, ignore_errors=True)
