"""An open file as bytes at offsets, for reading headers without a media library."""

from collections.abc import Iterator
from io import BufferedReader
from typing import Literal

from msgspec import Struct

ByteOrder = Literal["little", "big"]

_BLOCK = 1 << 20
_HEAD = 4096


class FileBytes(Struct, frozen=True, kw_only=True):
    """A file that is read here and there; its position is undefined afterwards.

    Attributes:
        size: Bytes in the file when it was opened.
        head: The first of them, which hold most of what headers say.
    """

    source: BufferedReader
    size: int
    head: bytes

    @classmethod
    def of(cls, source: BufferedReader) -> "FileBytes":
        """Measure an open file."""
        size = source.seek(0, 2)
        source.seek(0)
        return cls(source=source, size=size, head=source.read(_HEAD))

    def at(self, offset: int, count: int) -> bytes:
        """Return up to ``count`` bytes; none where the offset lies outside the file."""
        if not 0 <= offset < self.size:
            return b""
        if offset + count <= len(self.head):
            return self.head[offset : offset + count]
        self.source.seek(offset)
        return self.source.read(count)

    def number(self, offset: int, width: int, order: ByteOrder = "big") -> int:
        """Return an unsigned number of ``width`` bytes; 0 for those that are not there."""
        return int.from_bytes(self.at(offset, width), order)

    def tail(self, count: int) -> tuple[int, bytes]:
        """Return the last ``count`` bytes, or all, after the offset at which they begin."""
        start = max(0, self.size - count)
        return start, self.at(start, count)

    def is_zero(self, start: int, end: int) -> bool:
        """Return True if every byte from ``start`` to ``end`` is 0."""
        return not any(any(block) for block in self._blocks(start, end))

    def _blocks(self, start: int, end: int) -> Iterator[bytes]:
        for offset in range(start, end, _BLOCK):
            yield self.at(offset, min(_BLOCK, end - offset))
