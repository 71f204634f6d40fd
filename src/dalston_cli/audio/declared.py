"""The duration in a file's own header, read without decoding and without a media library.

The library guesses where an MP3 has no header; to find out that a file was cut off, what the header
itself says is needed.
"""

from io import BufferedReader

_MP3_SEARCH_BYTES = 4096


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
