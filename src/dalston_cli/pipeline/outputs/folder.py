"""The output folder: checked before a run."""

import errno
import os
import shlex
from pathlib import Path

from dalston_cli.audio.source import shown_name
from dalston_cli.errors import InputError, NoRoomError


class OutputUnwritableError(InputError):
    """A transcript cannot be written."""

    code = "output_unwritable"

    def __init__(self, path: Path, problem: OSError) -> None:
        super().__init__(
            f"cannot write {shown_name(path)}: {problem.strerror or problem}",
            hint="choose another folder with --output-dir",
        )


class OutputDiskFullError(NoRoomError):
    """The disk of the transcripts is full, or takes no writing any more."""

    code = "output_disk_full"

    def __init__(self, path: Path, problem: OSError) -> None:
        super().__init__(
            f"cannot write {shown_name(path)}: {problem.strerror or problem}",
            hint="make room, then run the same command again: "
            f"df -h {shlex.quote(shown_name(path.parent))}   (finished stages are kept)",
        )


_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO})


def write_error(path: Path, problem: OSError) -> OutputUnwritableError | OutputDiskFullError:
    """Return what it means that a transcript could not be written."""
    full = problem.errno in _NO_ROOM
    return OutputDiskFullError(path, problem) if full else OutputUnwritableError(path, problem)


def check_writable(folder: Path) -> None:
    """Check, before hours of work, that outputs can be written below ``folder``.

    Raises:
        OutputUnwritableError: They cannot.
    """
    existing = nearest_existing(folder)
    if not existing.is_dir():
        raise OutputUnwritableError(existing, NotADirectoryError(errno.ENOTDIR, "not a folder"))
    if not os.access(existing, os.W_OK | os.X_OK):
        read_only = os.statvfs(existing).f_flag & os.ST_RDONLY
        reason = "the file system is read-only" if read_only else "permission denied"
        raise OutputUnwritableError(existing, PermissionError(errno.EACCES, reason))


def ignores_case(folder: Path) -> bool:
    """Return True if the file system takes ``A`` and ``a`` for the same name."""
    existing = nearest_existing(folder).absolute()
    for path in (existing, *existing.parents):
        swapped = path.with_name(path.name.swapcase()) if path.name else path
        if swapped != path:
            return swapped.exists() and swapped.samefile(path)
    return False


def nearest_existing(folder: Path) -> Path:
    """Return the folder, or the nearest one above it that exists."""
    return next(path for path in (folder, *folder.absolute().parents) if path.exists())
