"""The three standard streams, as the caller left them: open, closed, or without room."""

import errno
import os
import sys
import traceback
from contextlib import suppress
from typing import TextIO

from dalston_cli.errors import InputError, UnavailableError

_NAMES = ("stdin", "stdout", "stderr")
_NO_DESCRIPTOR = frozenset({errno.EMFILE, errno.ENFILE})
_FOREIGN_PRINTS = frozenset({"echo", "_write_buffer"})
_ENOUGH_DESCRIPTORS = 1024
_STDOUT = 1
_MOST_SHOWN = 60
_closed: set[int] = set()
"""Descriptors of standard streams that the caller had closed."""


class OutputStreamError(UnavailableError):
    """What was asked for cannot be written to standard output."""

    code = "output_stream"

    def __init__(self, problem: OSError) -> None:
        closed = problem.errno == errno.EBADF
        super().__init__(
            f"cannot write to standard output: {problem.strerror or problem}",
            hint="let it go to a file: run the command again with > FILE"
            if closed
            else "look at where it goes, and at the room there: df -h",
        )


class DescriptorsError(UnavailableError):
    """The system gives this process no more descriptors."""

    code = "descriptors"

    def __init__(self) -> None:
        super().__init__(
            "too many files are open: the system gives no more descriptors",
            hint="allow more and run it again: ulimit -n 1024",
        )


class WorkingFolderError(InputError):
    """The current folder was removed, and a path that was given is relative to it."""

    code = "working_folder"

    def __init__(self) -> None:
        super().__init__(
            "the folder that this was started in does not exist any more",
            hint="go to another one and run it again: cd ~",
        )


class PathTooLongError(InputError):
    """A path was given that no file system has room for."""

    code = "path_too_long"

    def __init__(self, path: str) -> None:
        shown = path if len(path) <= _MOST_SHOWN else f"{path[:_MOST_SHOWN]}…"
        super().__init__(
            f"{shown} is too long a path: it has {len(os.fsencode(path)):,} bytes",
            hint="a name may have 255 bytes, a path 4095",
        )


def open_closed_streams() -> None:
    """Put nothing where the caller closed a stream, as cron and daemons do.

    Otherwise the next file that is opened gets its descriptor, and what a library or a child
    process prints goes into that file.
    """
    for number, name in enumerate(_NAMES):
        with suppress(OSError):
            _occupy(number)
        if getattr(sys, name) is None:
            mode = "w" if number else "r"
            nothing = open(os.devnull, mode, encoding="utf-8")  # noqa: SIM115, PTH123 - to the end
            setattr(sys, name, nothing)


def allow_descriptors() -> None:
    """Raise the limit of open files to a usual one, as far as the system lets us."""
    import resource  # noqa: PLC0415 - there is none on Windows

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _ENOUGH_DESCRIPTORS if hard == resource.RLIM_INFINITY else hard
    if soft < min(wanted, _ENOUGH_DESCRIPTORS):
        with suppress(OSError, ValueError):
            limits = (min(wanted, _ENOUGH_DESCRIPTORS), hard)
            resource.setrlimit(resource.RLIMIT_NOFILE, limits)


def print_data(stream: TextIO, *texts: str) -> None:
    """Write data, all of it; long texts need not be joined.

    Raises:
        BrokenPipeError: The reader has gone.
        OutputStreamError: There is no room for it.
    """
    try:
        stream.writelines(filter(None, texts))  # to write nothing fails where there is no room
        stream.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputStreamError(error) from error


def check_stdout() -> None:
    """Refuse to print what would be lost; tables and events of no interest to the caller may be.

    Raises:
        OutputStreamError: The caller closed standard output.
    """
    if _STDOUT in _closed:
        raise OutputStreamError(OSError(errno.EBADF, "it is closed"))


def tell(stream: TextIO, text: str) -> None:
    """Write what the user may read; where there is no room for it, work goes on without.

    Raises:
        BrokenPipeError: The reader has gone.
    """
    try:
        stream.write(text)
        stream.flush()
    except BrokenPipeError:
        raise
    except OSError:
        abandon(stream)


def abandon(stream: TextIO) -> None:
    """Send the rest nowhere, or the interpreter fails over it when it ends."""
    with suppress(OSError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
        stream.flush()


def explained_by_streams(error: BaseException) -> OutputStreamError | None:
    """Return what is wrong with standard output, if ``error`` comes from writing to it.

    Help and the version are printed by functions of Typer and of rich.
    """
    if isinstance(error, OSError) and not error.filename:
        frames = traceback.extract_tb(error.__traceback__)
        if any(frame.name in _FOREIGN_PRINTS for frame in frames):
            return OutputStreamError(error)
    return None


def explained_by_process(
    error: BaseException,
) -> DescriptorsError | WorkingFolderError | PathTooLongError | None:
    """Return what this process lacks, or the system does, if that is the reason of ``error``."""
    if isinstance(error, OSError) and error.errno in _NO_DESCRIPTOR:
        return DescriptorsError()
    if isinstance(error, OSError) and error.errno == errno.ENAMETOOLONG and error.filename:
        return PathTooLongError(os.fsdecode(error.filename))
    if isinstance(error, FileNotFoundError):
        try:
            os.getcwd()  # noqa: PTH109 - pathlib says no more
        except FileNotFoundError:
            return WorkingFolderError()
    return None


def _occupy(number: int) -> None:
    """Open nothing as a standard descriptor that is closed."""
    try:
        os.fstat(number)
    except OSError:
        _closed.add(number)
        opened = os.open(os.devnull, os.O_WRONLY if number else os.O_RDONLY)
        if opened == number:
            os.set_inheritable(number, True)  # noqa: FBT003 - its only form
        else:
            os.dup2(opened, number)
            os.close(opened)
