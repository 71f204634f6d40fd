"""The duration in a file's own header, read without decoding and without a media library.

The library corrects a WAV header by the file's size and guesses where an MP3 has no header; to
find out that a file was cut off, what the header itself says is needed.
"""

from io import BufferedReader

_UNKNOWN_SIZES = (0, 0x7FFFFFFF, 0xFFFFFFFF)
"""Sizes that programs write which cannot know them, into a pipe."""

_MAX_CHUNKS = 64
_MP3_SEARCH_BYTES = 4096


def wav_duration(source: BufferedReader) -> float | None:
    """Return the seconds that a RIFF or RF64 header declares; None where it declares none.

    The file's position afterwards is undefined.
    """
    source.seek(0)
    head = source.read(12)
    if head[:4] not in (b"RIFF", b"RF64") or head[8:12] != b"WAVE":
        return None
    bytes_per_s = 0
    long_size = 0
    for _ in range(_MAX_CHUNKS):
        header = source.read(8)
        if len(header) < 8:  # noqa: PLR2004 - a chunk's name and size
            return None
        name, size = header[:4], int.from_bytes(header[4:], "little")
        if name == b"data":
            num_bytes = long_size if head[:4] == b"RF64" else size
            if num_bytes in _UNKNOWN_SIZES or not bytes_per_s:
                return None
            return num_bytes / bytes_per_s
        body_start = source.tell()
        if name == b"fmt " and size >= 16:  # noqa: PLR2004 - the fields that every format has
            bytes_per_s = int.from_bytes(source.read(12)[8:], "little")
        elif name == b"ds64" and size >= 16:  # noqa: PLR2004 - two 64-bit sizes
            long_size = int.from_bytes(source.read(16)[8:], "little")
        source.seek(body_start + size + size % 2)
    return None


def flac_duration(source: BufferedReader) -> float | None:
    """Return the seconds that a FLAC header declares; None where it declares none.

    Reference: RFC 9639, section 8.2 (streaminfo).
    """
    source.seek(0)
    head = source.read(26)
    if head[:4] != b"fLaC" or len(head) < 26:  # noqa: PLR2004 - up to the number of samples
        return None
    packed = int.from_bytes(head[18:26])
    sample_rate = packed >> 44
    num_samples = packed & 0xF_FFFF_FFFF
    return num_samples / sample_rate if sample_rate and num_samples else None


def mp3_declares_duration(source: BufferedReader) -> bool:
    """Return True if an MP3 begins with a header that counts its frames (Xing, Info, VBRI)."""
    source.seek(0)
    head = source.read(10)
    start = 0
    if head[:3] == b"ID3" and len(head) == 10:  # noqa: PLR2004 - the tag's header
        size = head[6] << 21 | head[7] << 14 | head[8] << 7 | head[9]
        start = 10 + size
    source.seek(start)
    frames = source.read(_MP3_SEARCH_BYTES)
    return any(mark in frames for mark in (b"Xing", b"Info", b"VBRI"))
