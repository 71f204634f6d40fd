"""Files of this machine in the journal: read once, and again only if their stamps changed."""

import time
from pathlib import Path

from dalston_cli.pipeline.records.journal import Journal
from dalston_cli.pipeline.records.keys import FileStamp, digest_file

_CLOCK_TICK_NS = 50_000_000
"""A file may change twice within one tick of its file system's clock and keep its stamp."""


def reference_of(path: Path) -> str:
    """Return the name of a file in the journal: its absolute path."""
    return str(path.absolute())


def digest_once(journal: Journal, path: Path) -> str:
    """Return the digest of a file's bytes; read them only if its stamp is new.

    Raises:
        OSError: It cannot be read.
    """
    stamp = FileStamp.of(path)
    known = journal.known_digest(reference_of(path), stamp)
    if known is not None:
        return known
    digest = digest_file(path)
    remember_if_steady(journal, path, stamp, digest)
    return digest


def remember_if_steady(journal: Journal, path: Path, stamp: FileStamp, digest: str) -> None:
    """Note a digest unless the file may have changed while it was read, or may unnoticed.

    Raises:
        OSError: The file is gone.
    """
    if FileStamp.of(path) == stamp and time.time_ns() - stamp.mtime_ns > _CLOCK_TICK_NS:
        journal.remember_digest(reference_of(path), stamp, digest)
