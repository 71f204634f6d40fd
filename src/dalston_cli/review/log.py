"""The file of corrections, beside the transcript that they are about.

One JSON object a line: first what is corrected, then every edit, in the order in which they were
made. Lines are added and never changed; where the machine's transcript became another one, a new
first line says so, and the edits behind it are those that were carried over.
"""

import errno
import fcntl
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta, Struct, field

from dalston_cli.atomic_file import sync_folder
from dalston_cli.errors import InputError, NoRoomError
from dalston_cli.file_state import FileState
from dalston_cli.private_file import open_own
from dalston_cli.regular_file import read_regular
from dalston_cli.review.edits import Edit
from dalston_sdk.wire import Segment

VERSION = 1
_MachineName = Annotated[str, Meta(pattern=r"^s\d{1,9}$")]


class CorrectionsUnreadableError(InputError):
    """A file of corrections is none, or cannot be read."""

    code = "corrections_unreadable"

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(
            f"{path} cannot be used: {problem}",
            hint="nothing was changed; mend that line, or take the machine's text with"
            " dalston export --uncorrected",
        )


class CorrectionsUnwritableError(NoRoomError):
    """An edit cannot be saved."""

    code = "corrections_unwritable"

    def __init__(self, path: Path, problem: OSError) -> None:
        super().__init__(
            f"{path} cannot be written, and the edit was not saved: {problem.strerror or problem}",
            hint=f"make room, or look at the rights of the folder: ls -ld {path.parent}",
        )


class LeftEdit(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A correction that has no place in the machine's new transcript.

    Attributes:
        start, end: Where it was.
        text: What the person wrote; None where it was no text.
        what: What they did, for people.
    """

    start: float
    end: float
    what: str
    reason: str
    text: str | None = None


class Subject(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The first line: the transcript that the edits behind it are about.

    Attributes:
        version: Of the format; readers refuse a higher one.
        transcript: Digest of its segments.
        revision: Of the edit before it.
        left: What was not carried over from the edits before.
    """

    version: int = field(name="dalston_corrections")
    transcript: str
    recording: str
    language: str | None = None
    revision: int = 0
    left: tuple[LeftEdit, ...] = ()


class Entry(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One edit.

    Attributes:
        revision: 1 for the first edit, and so on.
        at: Date and time, UTC.
        was: The machine's segments that this edit is the first to touch, by name.
        spans: Start and end of what a renamed speaker said.
    """

    revision: int
    at: str
    edit: Edit
    was: dict[_MachineName, Segment] = {}
    spans: tuple[tuple[float, float], ...] = ()


class Corrections(Struct, frozen=True, kw_only=True):
    """What a file of corrections says now.

    Attributes:
        subject: The last one.
        entries: The edits since.
        size: Bytes of all whole lines.
        torn: Bytes behind them, of a line that was cut off.
    """

    subject: Subject
    entries: tuple[Entry, ...]
    size: int = 0
    torn: int = 0


def now() -> str:
    """Return date and time as an entry has it."""
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def read_corrections(path: Path) -> Corrections | None:
    """Return what a file says; None where there is none, or nothing in it.

    Raises:
        CorrectionsUnreadableError: It is damaged elsewhere than at its end.
    """
    try:
        data = read_regular(path)
    except FileNotFoundError:
        return None
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:  # beside a name that has just room for its own ending
            return None
        raise CorrectionsUnreadableError(path, error.strerror or str(error)) from error
    return parse_corrections(path, data)


def parse_corrections(path: Path, data: bytes) -> Corrections | None:
    """Return what these bytes of a file say; see ``read_corrections``."""
    whole, _, torn = _ended(data).rpartition(b"\n")
    subject: Subject | None = None
    entries: list[Entry] = []
    for number, line in enumerate(whole.splitlines(), start=1):
        if not line.strip():  # a person's editor left it
            continue
        one = _parse(path, number, line)
        if isinstance(one, Subject):
            subject, entries = one, []
        else:
            entries.append(one)
        if subject is None:
            raise CorrectionsUnreadableError(path, "its first line names no transcript")
    if subject is None:
        return None
    size = len(data) - len(torn)
    return Corrections(subject=subject, entries=tuple(entries), size=size, torn=len(torn))


def _ended(data: bytes) -> bytes:
    """Return the bytes of a file with the end of its last line, where that alone is missing.

    Editors leave it out, and what a person added there is no line that was cut off.
    """
    last = data[data.rfind(b"\n") + 1 :]
    try:
        msgspec.json.decode(last, type=dict[str, msgspec.Raw])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return data
    return data + b"\n"


def _parse(path: Path, number: int, line: bytes) -> Subject | Entry:
    try:
        if b'"dalston_corrections"' not in line[:40]:
            return msgspec.json.decode(line, type=Entry)
        subject = msgspec.json.decode(line, type=Subject)
    except RecursionError as error:
        problem = f"line {number} is malformed: its parts are nested too deeply"
        raise CorrectionsUnreadableError(path, problem) from error
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise CorrectionsUnreadableError(path, f"line {number} is malformed: {error}") from error
    if subject.version > VERSION:
        raise CorrectionsUnreadableError(path, "a newer Dalston wrote it: install that one")
    return subject


class OpenLog:
    """A file of corrections that this process alone may add to, until it is closed."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self._path = path
        self._descriptor = descriptor

    def read(self) -> Corrections | None:
        """Return what it says; a line that was cut off at its end is removed first.

        Raises:
            CorrectionsUnreadableError: It is damaged elsewhere.
        """
        data = self._with_end()
        found = parse_corrections(self._path, data)
        size = data.rfind(b"\n") + 1
        if size < len(data):
            os.ftruncate(self._descriptor, size)
            os.fsync(self._descriptor)
        return found

    @property
    def state(self) -> FileState:
        """What tells whether another one adds to the file later, or changes it."""
        return FileState.of(os.fstat(self._descriptor))

    def append(self, lines: Sequence[Subject | Entry]) -> None:
        """Add lines, all or none, and flush them to the disk.

        Raises:
            CorrectionsUnwritableError: The system refuses.
        """
        size = os.fstat(self._descriptor).st_size
        data = b"".join(msgspec.json.encode(line) + b"\n" for line in lines)
        try:
            written = 0
            while written < len(data):
                written += os.write(self._descriptor, data[written:])
            os.fsync(self._descriptor)
            if not size:
                sync_folder(self._path.parent)
        except OSError as error:
            os.ftruncate(self._descriptor, size)
            raise CorrectionsUnwritableError(self._path, error) from error

    def _with_end(self) -> bytes:
        data = self._bytes()
        whole = _ended(data)
        if whole != data:
            os.write(self._descriptor, whole[len(data) :])
        return whole

    def _bytes(self) -> bytes:
        size = os.fstat(self._descriptor).st_size
        parts, at = [], 0
        while at < size and (part := os.pread(self._descriptor, size - at, at)):
            parts.append(part)
            at += len(part)
        return b"".join(parts)


@contextmanager
def open_log(path: Path) -> Iterator[OpenLog]:
    """Open a file of corrections, which is made where there is none, and lock it.

    Raises:
        CorrectionsUnwritableError: It is a link, another user's, or cannot be opened.
    """
    try:
        descriptor = _locked(path)
    except OSError as error:
        raise CorrectionsUnwritableError(path, error) from error
    try:
        yield OpenLog(path, descriptor)
    finally:
        if not os.fstat(descriptor).st_size:  # a file that was made for an edit that was refused
            path.unlink(missing_ok=True)
        os.close(descriptor)


def _locked(path: Path) -> int:
    """Return the locked descriptor of the file that has the name, once no other holds it."""
    while True:
        descriptor = open_own(path)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if _has_name(path, descriptor):
                return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)  # it was replaced meanwhile


def _has_name(path: Path, descriptor: int) -> bool:
    try:
        status = path.lstat()
    except FileNotFoundError:
        return False
    return stat.S_ISREG(status.st_mode) and os.path.samestat(status, os.fstat(descriptor))
