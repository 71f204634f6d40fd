"""Results of a store on another machine that were read or made here: a bounded number of bytes.

What is under a key never differs in what matters, so a copy needs no comparison with the store.
"""

import hashlib
from contextlib import suppress
from pathlib import Path

from dalston_cli.pipeline.records.entry import Value
from dalston_cli.pipeline.records.journal_errors import StateFolderError
from dalston_cli.pipeline.records.store import FileStore

CACHE_NAME = "results"
"""In the folder of the cache."""

_MOST_BYTES = 1_000_000_000
_LEFT = 0.9
"""Of the room, when the oldest go."""


class ResultCache:
    """Copies of a store's results; a disk that is full or broken costs nothing but time."""

    def __init__(self, cache: Path, place: str, most_bytes: int = _MOST_BYTES) -> None:
        """Take the folder of caches, and what the store is called."""
        digest = hashlib.sha256(place.encode()).hexdigest()[:16]
        self._files = FileStore(cache / CACHE_NAME / digest)
        self._most_bytes = most_bytes
        self._num_bytes: int | None = None

    def get(self, key: str, kind: type[Value]) -> Value | None:
        """Return the value under ``key``, or None if there is no copy that can be trusted."""
        try:
            return self._files.get(key, kind)
        except StateFolderError:
            return None

    def keep(self, key: str, data: bytes) -> None:
        """Keep the file of a value; the oldest go where there are too many."""
        with suppress(StateFolderError, OSError):
            self._files.write(key, data)
            if self._num_bytes is None:
                self._num_bytes = sum(each.size_bytes for each in self._files.sizes())
            else:
                self._num_bytes += len(data)
            if self._num_bytes > self._most_bytes:
                self._drop_the_oldest()

    def remove(self, key: str) -> None:
        """Remove a copy."""
        self._files.remove(key)

    def _drop_the_oldest(self) -> None:
        sizes = sorted(self._files.sizes(), key=lambda each: each.stored_at)
        total = sum(each.size_bytes for each in sizes)
        for each in sizes:
            if total <= self._most_bytes * _LEFT:
                break
            self._files.remove(each.key)
            total -= each.size_bytes
        self._num_bytes = total
