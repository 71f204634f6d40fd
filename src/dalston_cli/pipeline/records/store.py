"""The stage store: every stage's result under a key of everything that determined it.

A result is one file, written atomically. A file that is torn, was changed, or belongs to another
version is a miss and is removed; no other file ever is.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol, TypeVar

import msgspec
from msgspec import Raw, Struct

from dalston_cli.atomic_file import write_whole
from dalston_cli.pipeline.records.journal_errors import StateFolderError
from dalston_cli.pipeline.records.keys import STORE_FORMAT, digest_bytes
from dalston_cli.private_file import make_private_folder
from dalston_cli.regular_file import read_regular

STORE_NAME = "store"
"""In the state folder."""

Value = TypeVar("Value", bound=Struct)


class ResultStore(Protocol):
    """Keeps stage results between runs: a job's view of the store."""

    def get(self, key: str, kind: type[Value]) -> Value | None:
        """Return the value under ``key``, or None if there is none that can be trusted."""

    def put(self, key: str, value: Struct, *, of: tuple[str, ...] = ()) -> None:
        """Keep ``value``; a value that is there already is replaced in one step.

        ``of`` is the digest of the recording that it is about, and that of the audio, if any.
        """

    def __contains__(self, key: str) -> bool:
        """Return True if there is a value, even one that cannot be trusted."""


class _Entry(Struct, frozen=True, kw_only=True):
    """One file of the store.

    Attributes:
        of: Digests of the recording and of the audio that the value is about; earlier versions
            did not note them.
        digest: Of the value's bytes as they stand in the file.
    """

    dalston_store_version: int
    key: str
    of: tuple[str, ...] = ()
    digest: str
    value: Raw


class StoredFile(Struct, frozen=True, kw_only=True):
    """One value of the store as a file.

    Attributes:
        of: Digests of the recording and of the audio that it is about; empty if it is not known.
        value: The value's bytes; empty for a file that cannot be read.
    """

    path: Path
    of: tuple[str, ...]
    value: bytes


class FileStore:
    """A store in a folder, made with the first result; safe for several processes at once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

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
            raise StateFolderError(self._folder, error.strerror or str(error)) from error
        try:
            return _decode(data, key, kind)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            path.unlink(missing_ok=True)
            return None

    def paths(self) -> Iterator[Path]:
        """Yield the file of every value."""
        return self._folder.glob("[0-9a-f][0-9a-f]/*.json")

    def files(self) -> Iterator[StoredFile]:
        """Yield every value with what it is about; each file is read whole."""
        for path in self.paths():
            try:
                entry = msgspec.json.decode(read_regular(path), type=_Entry)
            except FileNotFoundError:
                continue
            except OSError as error:
                raise StateFolderError(self._folder, error.strerror or str(error)) from error
            except (msgspec.MsgspecError, UnicodeDecodeError):
                yield StoredFile(path=path, of=(), value=b"")
            else:
                yield StoredFile(path=path, of=entry.of, value=bytes(entry.value))

    def __contains__(self, key: str) -> bool:
        return self.path(key).exists()

    def put(self, key: str, value: Struct, *, of: tuple[str, ...] = ()) -> None:
        """Keep ``value``; a value that is there already is replaced in one step.

        ``of`` is the digest of the recording that it is about, and that of the audio, if any.

        Raises:
            StateFolderError: The disk is full or the folder cannot be written.
        """
        body = msgspec.json.encode(value)
        digest = digest_bytes(body)
        entry = _Entry(
            dalston_store_version=STORE_FORMAT, key=key, of=of, digest=digest, value=Raw(body)
        )
        path = self.path(key)
        try:
            make_private_folder(path.parent)
            write_whole(path, msgspec.json.encode(entry), mode=0o600)
        except OSError as error:
            raise StateFolderError(self._folder, error.strerror or str(error)) from error


def _decode(data: bytes, key: str, kind: type[Value]) -> Value:
    """Read one file of the store; raise a MsgspecError if it differs from what was written."""
    entry = msgspec.json.decode(data, type=_Entry)
    body = bytes(entry.value)
    if (entry.dalston_store_version, entry.key) != (STORE_FORMAT, key):
        raise msgspec.ValidationError("a file of another version or key")
    if entry.digest != digest_bytes(body):
        raise msgspec.ValidationError("the value was changed after it was written")
    return msgspec.json.decode(body, type=kind)
