"""Streams of frames without a container: each frame's header says how long it is.

The last frame of a file that was cut off is too short. A cut between two frames leaves no trace.

Reference: ISO 11172-3 and 13818-3 (MPEG audio), ISO 13818-7 (ADTS), ISO 14496-3 (LOAS), ETSI
TS 102 366 (AC-3), ETSI TS 102 114 (DTS), RFC 4867 (AMR), ETSI EN 300 961 (GSM).
"""

from collections.abc import Callable

from dalston_cli.audio.file_bytes import FileBytes

_TAIL_BYTES = 1 << 18
_HEADER_BYTES = 10
_CHAIN = 4
"""Headers that follow each other at the right distance: by chance, they do not."""

FrameLength = Callable[[bytes], int]
"""Length of the frame that begins with these bytes; 0 where none does."""

_MPEG_KBPS = {
    (1, 1): (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (1, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (1, 3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (2, 1): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (2, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (2, 3): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_MPEG_HZ = (44100, 48000, 32000)
_AC3_KBPS = (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640)
_AMR_BYTES = (13, 14, 16, 18, 20, 21, 27, 32, 6, 1, 1, 1, 1, 1, 1, 1)
_AMR_WB_BYTES = (18, 24, 33, 37, 41, 47, 51, 59, 61, 6, 1, 1, 1, 1, 1, 1)
_GSM_BYTES = 33


def mpeg_frame(head: bytes) -> int:
    """Measure a frame of MPEG audio, layers I to III."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:  # noqa: PLR2004 - its sync word
        return 0
    version = {3: 1.0, 2: 2.0, 0: 2.5}.get(head[1] >> 3 & 3)
    layer = 4 - (head[1] >> 1 & 3)
    rate, hertz = head[2] >> 4, head[2] >> 2 & 3
    if version is None or layer == 4 or rate in (0, 15) or hertz == 3:  # noqa: PLR2004 - reserved
        return 0
    family = 1 if version == 1 else 2
    kbps = _MPEG_KBPS[family, layer][rate - 1]
    sample_rate = _MPEG_HZ[hertz] // {1.0: 1, 2.0: 2, 2.5: 4}[version]
    padding = head[2] >> 1 & 1
    if layer == 1:
        return (12_000 * kbps // sample_rate + padding) * 4
    return (72_000 if (family, layer) == (2, 3) else 144_000) * kbps // sample_rate + padding


def adts_frame(head: bytes) -> int:
    """Measure a frame of AAC with its ADTS header."""
    if len(head) < 7 or head[0] != 0xFF or head[1] & 0xF6 != 0xF0:  # noqa: PLR2004 - its sync word
        return 0
    length = (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5
    return length if length > 7 else 0  # noqa: PLR2004 - the header


def loas_frame(head: bytes) -> int:
    """Measure a frame of AAC in LOAS."""
    if len(head) < 3 or head[0] != 0x56 or head[1] & 0xE0 != 0xE0:  # noqa: PLR2004 - its sync word
        return 0
    return ((head[1] & 0x1F) << 8 | head[2]) + 3


def ac3_frame(head: bytes) -> int:
    """Measure a frame of AC-3 or E-AC-3."""
    if len(head) < 6 or head[:2] != b"\x0b\x77":  # noqa: PLR2004 - up to its version
        return 0
    if head[5] >> 3 > 10:  # noqa: PLR2004 - E-AC-3
        return ((head[2] & 7) << 8 | head[3]) * 2 + 2
    hertz, code = head[4] >> 6, head[4] & 0x3F
    if hertz == 3 or code >> 1 >= len(_AC3_KBPS):  # noqa: PLR2004 - reserved
        return 0
    kbps = _AC3_KBPS[code >> 1]
    words = (kbps * 2, kbps * 96_000 // 44_100 + (code & 1), kbps * 3)[hertz]
    return words * 2


def dts_frame(head: bytes) -> int:
    """Measure a frame of DTS: its core, or what extends it."""
    bits = int.from_bytes(head[:_HEADER_BYTES])
    if len(head) < _HEADER_BYTES:
        return 0
    if head[:4] == b"\x7f\xfe\x80\x01":
        return (bits >> 20 & 0x3FFF) + 1
    if head[:4] == b"\x64\x58\x20\x25":
        is_long = head[5] & 0x20
        return ((bits >> 5 & 0xF_FFFF) if is_long else (bits >> 13 & 0xFFFF)) + 1
    return 0


def last_frame_is_cut(file: FileBytes, length_of: FrameLength, end: int) -> bool:
    """Return True if the last frame before ``end`` is shorter than its header says."""
    start = max(0, end - _TAIL_BYTES)
    data = file.at(start, end - start)
    place = _chained(data, length_of)
    while 0 <= place < len(data):
        length = length_of(data[place : place + _HEADER_BYTES])
        if length and place + length > len(data):
            return True
        if not length:
            rest = len(data) - place
            if rest < _HEADER_BYTES:
                return data[place] in (0xFF, 0x56, 0x0B, 0x7F, 0x64)
            return False
        place += length
    return False


def _chained(data: bytes, length_of: FrameLength) -> int:
    """Return where the last frames that follow each other begin; -1 where there are none."""
    place = 0
    while place < len(data):
        if length_of(data[place : place + _HEADER_BYTES]):
            end, count = place, 0
            while length := length_of(data[end : end + _HEADER_BYTES]):
                end, count = end + length, count + 1
            if count >= _CHAIN or end == len(data):
                return max(place, 0)
        place += 1
    return -1


def amr_is_cut(file: FileBytes) -> bool:
    """Return True if the last frame of an AMR file is too short."""
    head = file.at(0, 9)
    wide = head == b"#!AMR-WB\n"
    if not wide and head[:6] != b"#!AMR\n":
        return False
    lengths = _AMR_WB_BYTES if wide else _AMR_BYTES
    place = 9 if wide else 6
    data = file.at(0, file.size)
    while place < len(data):
        place += lengths[data[place] >> 3 & 15]
    return place > len(data)


def gsm_is_cut(file: FileBytes) -> bool:
    """Return True if the last frame of raw GSM is too short."""
    return file.size % _GSM_BYTES != 0
