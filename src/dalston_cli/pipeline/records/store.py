"""The stage store: every stage's result under a key of everything that determined it.

A result is one file, written atomically; what is soon made again does not wait for the disk. A file
that is torn, was changed, or belongs to another version is a miss and is removed; no other file
ever is. ``remote_store`` is the same on another machine.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol, Self, TypeVar

from msgspec import Struct

from dalston_cli.atomic_file import write_whole
from dalston_cli.pipeline.records.entry import (
    UNREADABLE,
    StoredFile,
    StoredSize,
    Value,
    about,
    decode,
    encode,
)
from dalston_cli.pipeline.records.journal_errors import StateFolderError
from dalston_cli.private_file import make_private_folder
from dalston_cli.regular_file import read_regular
from dalston_cli.threads import to_its_end

STORE_NAME = "store"
"""In the state folder."""

Found = TypeVar("Found")


class ResultStore(Protocol):
    """Keeps stage results between runs: a job's view of the store."""

    def get(self, key: str, kind: type[Value]) -> Value | None:
        """Return the value under ``key``, or None if there is none that can be trusted."""

    async def look_up(self, ask: Callable[[Self], Found]) -> Found:
        """Return what ``ask`` finds in this store, without keeping other jobs from their work."""

    async def keep(
        self, key: str, value: Struct, *, of: tuple[str, ...] = (), costly: bool = True
    ) -> None:
        """Keep ``value``; a value that is there already is replaced in one step.

        It waits for the disk or the network, which the events of others must not.

        Args:
            key: Of what determined it.
            value: The result.
            of: The digest of the recording that it is about, and that of the audio, if any.
            costly: False for what is soon made again, and may be gone after a power cut.
        """


class KeptResults(ResultStore, Protocol):
    """The store as commands see it that show and remove what is in it.

    Attributes:
        place: Where it is, for people.
    """

    place: str

    def put(self, key: str, value: Struct, *, of: tuple[str, ...] = ()) -> None:
        """Keep ``value`` before it returns; see ``keep``."""

    def sizes(self) -> Iterator[StoredSize]:
        """Yield the size and age of every value."""

    def files(self) -> Iterator[StoredFile]:
        """Yield every value with what it is about; each is read whole."""

    def remove(self, key: str) -> None:
        """Remove a value; one that is gone is no error.

        Raises:
            OSError, DalstonError: It cannot be removed.
        """

    def remove_abandoned(self) -> None:
        """Remove what is no value, and what processes left that were killed."""


class FileStore:
    """A store in a folder, made with the first result; safe for several processes at once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._private: set[Path] = set()
        self.place = str(folder)

    def path(self, key: str) -> Path:
        """Return the file of the value under ``key``."""
        return self._folder / key[:2] / f"{key}.json"

    def get(self, key: str, kind: type[Value]) -> Value | None:
        """Return the value under ``key``, or None if there is none that can be trusted.

        Raises:
            StateFolderError: The folder cannot be read.
        """
        path = self.path(key)
        try:
            data = read_regular(path)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._refused(error) from error
        try:
            return decode(data, key, kind)
        except UNREADABLE:
            path.unlink(missing_ok=True)
            return None

    async def look_up(self, ask: Callable[[Self], Found]) -> Found:
        """Return what ``ask`` finds here: a disk answers at once."""
        return ask(self)

    async def keep(
        self, key: str, value: Struct, *, of: tuple[str, ...] = (), costly: bool = True
    ) -> None:
        """Keep ``value``; see ``ResultStore``.

        Raises:
            StateFolderError: The disk is full or the folder cannot be written.
        """
        if costly:
            await to_its_end(self.put, key, value, of=of)
        else:  # like the journal, it hardly waits; a thread would take longer
            self.put(key, value, of=of, costly=False)

    def put(
        self, key: str, value: Struct, *, of: tuple[str, ...] = (), costly: bool = True
    ) -> None:
        """Keep ``value`` before it returns; see ``keep``."""
        self.write(key, encode(key, value, of), flushed=costly)

    def write(self, key: str, data: bytes, *, flushed: bool = True) -> None:
        """Write the file of a value in one step; see ``write_whole`` for ``flushed``.

        Raises:
            StateFolderError: The disk is full or the folder cannot be written.
        """
        path = self.path(key)
        try:
            if path.parent not in self._private or not path.parent.exists():
                make_private_folder(path.parent)
                self._private.add(path.parent)
            write_whole(path, data, mode=0o600, flushed=flushed)
        except OSError as error:
            raise self._refused(error) from error

    def sizes(self) -> Iterator[StoredSize]:
        """Yield the size and age of every value."""
        for path in self._paths():
            try:
                status = path.stat()
            except FileNotFoundError:
                continue
            yield StoredSize(key=path.stem, size_bytes=status.st_size, stored_at=status.st_mtime)

    def files(self) -> Iterator[StoredFile]:
        """Yield every value with what it is about; each file is read whole.

        Raises:
            StateFolderError: The folder cannot be read.
        """
        for path in self._paths():
            try:
                data = read_regular(path)
            except FileNotFoundError:
                continue
            except OSError as error:
                raise self._refused(error) from error
            yield about(path.stem, data)

    def remove(self, key: str) -> None:
        """Remove a value; one that is gone is no error.

        Raises:
            OSError: It cannot be removed.
        """
        self.path(key).unlink(missing_ok=True)

    def remove_abandoned(self) -> None:
        """Do nothing: the next run of this machine removes what one that was killed left."""

    def _paths(self) -> Iterator[Path]:
        return self._folder.glob("[0-9a-f][0-9a-f]/*.json")

    def _refused(self, error: OSError) -> StateFolderError:
        return StateFolderError(self._folder, error.strerror or str(error))
