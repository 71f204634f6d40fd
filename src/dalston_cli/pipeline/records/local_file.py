"""Files of this machine in the journal: read once, and again only if their stamps changed."""

from pathlib import Path

from dalston_cli.pipeline.endpoints import FileStamp, reference_of
from dalston_cli.pipeline.records.journal import Journal
from dalston_cli.pipeline.records.keys import digest_file


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
    if FileStamp.of(path) == stamp and stamp.is_settled:
        journal.remember_digest(reference_of(path), stamp, digest)
