"""Digests: of files, and of everything that determines the result of a stage.

Two runs that would do the same work get the same key, on any machine and in any process.
"""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from dalston_cli.audio.source import digest_of

STORE_FORMAT = 1
"""Increased when results of older versions of Dalston must not be used again."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FileStamp:
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
        """Return the stamp in a file's status."""
        return cls(
            size=stat.st_size, mtime_ns=stat.st_mtime_ns, inode=stat.st_ino, device=stat.st_dev
        )


def digest_file(path: Path) -> str:
    """Return ``sha256:<hex>`` of a file's bytes.

    Raises:
        OSError: It cannot be read.
    """
    with path.open("rb") as file:
        return digest_of(file)


def digest_bytes(data: bytes) -> str:
    """Return ``sha256:<hex>`` of bytes in memory."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def make_key(purpose: str, **parts: object) -> str:
    """Return the key of a result: 64 hex digits that depend on every part and on nothing else.

    Args:
        purpose: Kind of result; keys of different purposes never collide.
        parts: Structs, tuples, numbers, text; anything that JSON can hold.
    """
    import msgspec  # noqa: PLC0415 - keeps `dalston --help` fast

    document = {"format": STORE_FORMAT, "purpose": purpose, "parts": parts}
    return hashlib.sha256(msgspec.json.encode(document, order="deterministic")).hexdigest()
