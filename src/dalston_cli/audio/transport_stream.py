"""MPEG transport streams, told from TypeScript by the byte that begins each of their packets."""

from pathlib import Path

from dalston_cli.audio.errors import RecordingError
from dalston_cli.audio.source import given_name, open_source

_SYNC = b"G"
_PACKET_BYTES = (188, 192, 204)
"""As broadcast, with a time stamp before each as cameras and discs have it, with a checksum."""

_NUM_PACKETS = 8
_MIN_PACKETS = 3


def is_transport_stream(path: Path) -> bool:
    """Return True if a file's first packets, or what was cut off before them, are of a stream.

    Reference: ISO/IEC 13818-1, section 2.4.3.2 (sync_byte).
    """
    head = _head(path)
    return any(_has_packets(head, size) for size in _PACKET_BYTES)


def is_text(path: Path) -> bool:
    """Return True if a file begins with text: it has bytes, and none of them is a NUL."""
    head = _head(path)
    return bool(head) and b"\0" not in head


def _head(path: Path) -> bytes:
    """Return the first bytes of a file; none of one that cannot be read."""
    try:
        with open_source(path, given_name(path)) as source:
            return source.read(max(_PACKET_BYTES) * (_NUM_PACKETS + 1))
    except (RecordingError, OSError, ValueError):  # its name may be none that a file can have
        return b""


def _has_packets(head: bytes, size: int) -> bool:
    """Return True if packets of a size follow each other from somewhere in the first one on."""
    for first in range(size):
        marks = head[first::size][:_NUM_PACKETS]
        if len(marks) >= _MIN_PACKETS and marks == _SYNC * len(marks):
            return True
    return False
