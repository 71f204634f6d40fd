"""An open file, some of whose bytes read as others: the media library sees the right header."""

from io import BufferedReader


class CorrectedFile:
    """What the media library needs of a file: ``read``, ``seek`` and ``tell``.

    Args:
        corrections: Offset and bytes that stand there instead.
    """

    def __init__(self, source: BufferedReader, corrections: tuple[tuple[int, bytes], ...]) -> None:
        self._source = source
        self._corrections = corrections
        self._last = max((offset + len(data) for offset, data in corrections), default=0)

    def read(self, count: int = -1) -> bytes:
        """Return up to ``count`` bytes."""
        start = self._source.tell()
        data = self._source.read(count)
        if start >= self._last:
            return data
        corrected = bytearray(data)
        for offset, other in self._corrections:
            for place, byte in enumerate(other, start=offset - start):
                if 0 <= place < len(corrected):
                    corrected[place] = byte
        return bytes(corrected)

    def seek(self, offset: int, whence: int = 0) -> int:
        """Move as a file does; return -1 where a header leads out of the file."""
        try:
            return self._source.seek(offset, whence)
        except (OSError, ValueError):
            # Raised, it would be printed by the library, which goes on.
            return -1

    def tell(self) -> int:
        """Return the position."""
        return self._source.tell()
