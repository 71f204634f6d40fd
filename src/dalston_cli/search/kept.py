"""All indexes that are kept: what they take, and removing from them."""

import sqlite3
from collections.abc import Collection, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from dalston_cli.search.errors import DamagedIndexError
from dalston_cli.search.index import INDEX_NAME, SEARCH_NAME, Index, folder_of


@dataclass(frozen=True, kw_only=True)
class KeptIndex:
    """An index on the disk.

    Attributes:
        folder: The folder of transcripts; None where the index is damaged.
    """

    place: Path
    folder: Path | None
    size_bytes: int

    @property
    def is_needed(self) -> bool:
        """True if its folder is still there."""
        return self.folder is not None and self.folder.is_dir()


def kept_indexes(state: Path) -> Iterator[KeptIndex]:
    """Yield every index in a state folder."""
    for path in sorted((state / SEARCH_NAME).glob(f"*/{INDEX_NAME}")):
        folder = None
        with suppress(sqlite3.Error), closing(sqlite3.connect(path)) as connection:
            folder = folder_of(connection)
        size = sum(each.stat().st_size for each in path.parent.iterdir() if each.is_file())
        yield KeptIndex(place=path.parent, folder=folder, size_bytes=size)


def forget_recordings(state: Path, digests: Collection[str]) -> int:
    """Remove what was said in recordings from all indexes; a damaged index goes as a whole.

    Args:
        state: The state folder.
        digests: Of the recordings' bytes, as in their transcripts.

    Returns:
        The number of transcripts that were removed.

    Raises:
        IndexUnusableError: The system refuses.
    """
    number = 0
    for kept in kept_indexes(state):
        try:
            number += _forget_in(kept, digests)
        except DamagedIndexError:
            remove_index(kept.place)
    return number


def _forget_in(kept: KeptIndex, digests: Collection[str]) -> int:
    if kept.folder is None:
        raise DamagedIndexError(kept.place / INDEX_NAME, "it does not say which folder it is of")
    with Index(kept.place, kept.folder) as index:
        found = [
            number
            for digest in digests
            for [number] in index.rows("SELECT id FROM files WHERE recording_digest = ?", (digest,))
        ]
        if found:
            with index.changing():
                for number in found:
                    index.remove_file(number)
            index.forget_removed()
    return len(found)


def remove_index(place: Path) -> None:
    """Remove an index; the next search makes it anew."""
    for path in place.glob(f"{INDEX_NAME}*"):
        path.unlink(missing_ok=True)
    with suppress(OSError):
        place.rmdir()
