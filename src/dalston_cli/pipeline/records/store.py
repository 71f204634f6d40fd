"""The stage store: every stage's result under a key of everything that determined it.

A result is one file, written atomically. A file that is torn, was changed, or belongs to another
version is a miss and is removed; no other file ever is.
"""

from pathlib import Path
from typing import Protocol, TypeVar

import msgspec
from msgspec import Raw, Struct

from dalston_cli.atomic_file import write_whole
from dalston_cli.pipeline.records.journal_errors import StateFolderError
from dalston_cli.pipeline.records.keys import STORE_FORMAT, digest_bytes
from dalston_cli.private_file import make_private_folder

Value = TypeVar("Value", bound=Struct)


class ResultStore(Protocol):
    """Keeps stage results between runs: a job's view of the store."""

    def get(self, key: str, kind: type[Value]) -> Value | None:
        """Return the value under ``key``, or None if there is none that can be trusted."""

    def put(self, key: str, value: Struct) -> None:
        """Keep ``value``; a value that is there already is replaced in one step."""

    def __contains__(self, key: str) -> bool:
        """Return True if there is a value, even one that cannot be trusted."""


class _Entry(Struct, frozen=True, kw_only=True):
    """One file of the store; ``digest`` is of the value's bytes as they stand in the file."""

    dalston_store_version: int
    key: str
    digest: str
    value: Raw


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
            data = path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StateFolderError(self._folder, error.strerror or str(error)) from error
        try:
            return _decode(data, key, kind)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            path.unlink(missing_ok=True)
            return None

    def __contains__(self, key: str) -> bool:
        return self.path(key).exists()

    def put(self, key: str, value: Struct) -> None:
        """Keep ``value``; a value that is there already is replaced in one step.

        Raises:
            StateFolderError: The disk is full or the folder cannot be written.
        """
        body = msgspec.json.encode(value)
        digest = digest_bytes(body)
        entry = _Entry(dalston_store_version=STORE_FORMAT, key=key, digest=digest, value=Raw(body))
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
