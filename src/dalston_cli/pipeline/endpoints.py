"""The two ends of a run: sources of recordings, and sinks for their transcripts.

A run knows nothing else of both. Files of this machine and standard input are here, files on other
machines in ``remote``; ``outputs`` has the sinks.
"""

import asyncio
import os
import shutil
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Protocol, TypeVar, cast

from msgspec import Struct

from dalston_cli.atomic_file import new_file
from dalston_sdk.wire import Transcript

Value = TypeVar("Value")

Tell = Callable[[str, str], None]
"""Takes the code and the text of a warning."""

SUBTITLED = ".subtitled"
"""Ends the stem of a video's copy that has its subtitles: ``film.subtitled.mp4``."""

CLOCK_TICK_S = 0.05
"""A file may change twice within one tick of its file system's clock and keep its stamp."""


class FileStamp(Struct, frozen=True, kw_only=True):
    """Cheap attributes of a file, at least one of which changes with its bytes in practice."""

    size: int
    mtime_ns: int
    inode: int
    device: int

    @classmethod
    def of(cls, path: Path) -> "FileStamp":
        """Return the stamp of a file that exists.

        Raises:
            OSError: There is no such file, or it cannot be reached.
        """
        return cls.from_stat(path.stat())

    @classmethod
    def from_stat(cls, stat: os.stat_result) -> "FileStamp":
        """Return the stamp of what ``stat`` describes."""
        return cls(
            size=stat.st_size, mtime_ns=stat.st_mtime_ns, inode=stat.st_ino, device=stat.st_dev
        )

    @property
    def is_settled(self) -> bool:
        """True if the file can no longer change without another stamp."""
        return time.time_ns() - self.mtime_ns > CLOCK_TICK_S * 1e9


class FileVersion(Struct, frozen=True, kw_only=True):
    """A file at one moment: no change of its bytes leaves all of this as it was.

    Attributes:
        changed_ns: When its bytes or attributes last changed, which no program can set.
    """

    stamp: FileStamp
    changed_ns: int


class Source(Protocol):
    """The bytes of one recording, wherever they lie."""

    @property
    def reference(self) -> str | None:
        """The text that stands for it in the journal; None where it is there only once."""

    @property
    def num_bytes_fetched(self) -> int | None:
        """The bytes that come from another machine; 0 for none, None where that is not known."""

    def stamp(self) -> FileStamp | None:
        """Return what changes when its bytes do; None where that cannot be told."""

    def version(self) -> FileVersion | None:
        """Return what changes when its bytes do, for comparison while it is in work."""

    async def look(self, tell: Tell) -> None:
        """Learn what ``stamp`` and ``version`` return, where that has to be asked for.

        Raises:
            DalstonError: There is no such file, or it cannot be reached.
        """

    async def fetch(self, folder: Path, tell: Tell, most_bytes: int) -> Path:
        """Return a file of this machine with its bytes; one that has to be made is in ``folder``.

        Args:
            folder: For this recording alone.
            tell: Takes warnings.
            most_bytes: To fetch where the number of bytes is not known before.

        Raises:
            DalstonError: It cannot be fetched.
            OSError: There is no room for it.
        """


class LocalFile(Struct, frozen=True):
    """A file of this machine."""

    path: Path
    num_bytes_fetched = 0

    @property
    def reference(self) -> str:
        """Its absolute path."""
        return reference_of(self.path)

    def stamp(self) -> FileStamp | None:
        """Return its stamp; None where it cannot be reached: reading says what is wrong."""
        version = self.version()
        return None if version is None else version.stamp

    def version(self) -> FileVersion | None:
        """Return its state now; None where it cannot be reached."""
        try:
            stat = self.path.stat()
        except OSError:
            return None
        return FileVersion(stamp=FileStamp.from_stat(stat), changed_ns=stat.st_ctime_ns)

    async def look(self, tell: Tell) -> None:
        """Do nothing: the file system answers at once."""

    async def fetch(self, folder: Path, tell: Tell, most_bytes: int) -> Path:
        """Return the file itself."""
        del folder, tell, most_bytes
        return self.path


class StandardInput(Struct, frozen=True):
    """The bytes that are piped into this process."""

    reference = None
    num_bytes_fetched = 0

    def stamp(self) -> None:
        """Return None: it is never the same."""

    def version(self) -> None:
        """Return None: what is saved of it does not change."""

    async def look(self, tell: Tell) -> None:
        """Do nothing: it can be read once."""

    async def fetch(self, folder: Path, tell: Tell, most_bytes: int) -> Path:
        """Save it, unless it was saved before."""
        del tell, most_bytes
        path = folder / "standard-input"
        if path.exists():
            return path

        def save() -> None:
            folder.mkdir(parents=True, exist_ok=True)
            with new_file(path) as file:
                shutil.copyfileobj(sys.stdin.buffer, file)

        await in_daemon_thread(save)
        return path


async def in_daemon_thread(work: Callable[[], Value]) -> Value:
    """Return what ``work`` returns, done in a thread that never keeps the process from ending."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[Value] = loop.create_future()

    def finish(error: Exception | None, value: Value | None) -> None:
        if done.cancelled():
            return
        if error is not None:
            done.set_exception(error)
        else:
            done.set_result(cast("Value", value))

    def run() -> None:
        problem, value = None, None
        try:
            value = work()
        except Exception as error:  # noqa: BLE001 - whatever it is, it is raised where it is awaited
            problem = error
        with suppress(RuntimeError):  # the loop is closed: nothing waits any more
            loop.call_soon_threadsafe(finish, problem, value)

    threading.Thread(target=run, daemon=True).start()
    return await done


class Existing(Struct, frozen=True, kw_only=True):
    """The state of a recording's outputs before its job.

    Attributes:
        complete: All of them are there, as they would be written now.
        are_there: Something is where one of them goes.
        edited: Those that were written as they would be now, and changed since.
        damaged: Those that were cut off or overwritten by no person, and will be written again.
        unknown: Those that the journal does not know, which ``recognize`` has to look at.
        transcript: One that says what a complete recording's outputs are made of.
    """

    complete: bool
    are_there: bool = False
    edited: Sequence[str] = ()
    damaged: Sequence[str] = ()
    unknown: Sequence[str] = ()
    transcript: Transcript | None = None


class Evidence(Struct, frozen=True, kw_only=True):
    """The facts by which outputs are recognized that the journal does not know.

    Attributes:
        digest: Of the recording's bytes.
        stored: Its transcript under its plan, as far as results are stored; None where what it
            cannot do without is missing.
    """

    digest: str
    stored: Transcript | None


class OutputNotice(Struct, frozen=True):
    """What is to be said of outputs that were written: the code and the text of a warning."""

    code: str
    message: str


class Sink(Protocol):
    """The outputs of one recording, wherever they go."""

    @property
    def texts(self) -> tuple[str, ...]:
        """The outputs' names, as text that JSON can hold."""

    def existing(self) -> Existing:
        """Compare what is there with what would be written, as far as the journal knows it.

        Raises:
            DalstonError: Something that is no output is in the way.
        """

    def recognize(self, evidence: Evidence) -> Existing:
        """Compare again, and note in the journal what was unknown and is our own.

        Raises:
            DalstonError: Something from elsewhere is in the way.
        """

    async def write(self, transcript: Transcript) -> tuple[OutputNotice, ...]:
        """Write what is missing or different; return what is to be said of it.

        Raises:
            DalstonError: It cannot be written.
        """


def file_of(source: Source) -> Path | None:
    """Return the file of this machine that a source is; None where it is none."""
    return source.path if isinstance(source, LocalFile) else None


def reference_of(path: Path) -> str:
    """Return the name of a file in the journal: its absolute path."""
    text = str(path)
    if text.startswith("/"):
        return text
    return str(path.absolute()) if text == "." else f"{os.getcwd()}/{text}"  # noqa: PTH109 - often
