"""A stage's result as bytes, which say themselves whether they are whole and unchanged."""

from typing import TypeVar

import msgspec
from msgspec import Raw, Struct

from dalston_cli.pipeline.records.keys import STORE_FORMAT, digest_bytes

Value = TypeVar("Value", bound=Struct)

UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError)
"""Errors of ``decode``: the bytes are not what was written."""


class Entry(Struct, frozen=True, kw_only=True):
    """One file of a store.

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
    """One value of a store.

    Attributes:
        size_bytes: Of its file.
        of: Digests of the recording and of the audio that it is about; empty if it is not known.
        value: The value's bytes; empty for a file that cannot be read.
    """

    key: str
    size_bytes: int
    of: tuple[str, ...]
    value: bytes


class StoredSize(Struct, frozen=True, kw_only=True):
    """The room that a value of a store takes.

    Attributes:
        stored_at: Seconds since 1970.
    """

    key: str
    size_bytes: int
    stored_at: float


def encode(key: str, value: Struct, of: tuple[str, ...]) -> bytes:
    """Return the file of a value; ``of`` is what it is about."""
    body = msgspec.json.encode(value)
    digest = digest_bytes(body)
    return msgspec.json.encode(
        Entry(dalston_store_version=STORE_FORMAT, key=key, of=of, digest=digest, value=Raw(body))
    )


def decode(data: bytes, key: str, kind: type[Value]) -> Value:
    """Return the value in a file; raise one of ``UNREADABLE`` if it differs from what was written.

    That is so for a file that is torn, was changed, or belongs to another version or key.
    """
    entry = msgspec.json.decode(data, type=Entry)
    body = bytes(entry.value)
    if (entry.dalston_store_version, entry.key) != (STORE_FORMAT, key):
        raise msgspec.ValidationError("a file of another version or key")
    if entry.digest != digest_bytes(body):
        raise msgspec.ValidationError("the value was changed after it was written")
    return msgspec.json.decode(body, type=kind)


def about(key: str, data: bytes) -> StoredFile:
    """Return what a file says of its value, which is not checked."""
    try:
        entry = msgspec.json.decode(data, type=Entry)
    except UNREADABLE:
        return StoredFile(key=key, size_bytes=len(data), of=(), value=b"")
    return StoredFile(key=key, size_bytes=len(data), of=entry.of, value=bytes(entry.value))
