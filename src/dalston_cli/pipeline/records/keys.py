"""Digests: of files, and of everything that determines the result of a stage.

Two runs that would do the same work get the same key, on any machine and in any process.
"""

import hashlib
from pathlib import Path

from dalston_cli.audio.source import digest_of
from dalston_cli.regular_file import open_regular

STORE_FORMAT = 1
"""Increased when results of older versions of Dalston must not be used again."""


def digest_file(path: Path) -> str:
    """Return ``sha256:<hex>`` of a file's bytes; raise an OSError if it cannot be read.

    A pipe, a device or a socket is none.
    """
    with open_regular(path) as file:
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
