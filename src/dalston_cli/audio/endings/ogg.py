"""The last page of an Ogg file, and the last frame of FLAC.

Reference: RFC 3533 (Ogg), RFC 9639 (FLAC).
"""

from typing import Literal

from dalston_cli.audio.endings.tags import end_of_sound
from dalston_cli.audio.file_bytes import FileBytes

_TAIL_BYTES = 1 << 18
_PAGE_HEADER = 27
_LAST_PAGE = 4
_MAX_FRAME = 1 << 20
_PADDING_BYTES = 512
_POLY = 0x8005
_MAX_CANDIDATES = 64


def ogg_is_cut(file: FileBytes) -> bool:
    """Return True if the last page is not whole."""
    return last_page(file) == "cut"


def last_page(file: FileBytes) -> Literal["marked", "unmarked", "cut"]:
    """Say whether the last page is marked as the last, is whole at least, or not even that.

    Android's own writer, and so Telegram, never marks it.
    """
    start, data = file.tail(_TAIL_BYTES)
    del start
    found: Literal["marked", "unmarked", "cut"] = "cut"
    place = data.find(b"OggS")
    while place >= 0:
        header = data[place : place + _PAGE_HEADER]
        if len(header) < _PAGE_HEADER:
            return "cut"
        segments = data[place + _PAGE_HEADER : place + _PAGE_HEADER + header[26]]
        end = place + _PAGE_HEADER + header[26] + sum(segments)
        if data[end : end + 4] == b"OggS":
            place = end
        elif end > len(data):
            # A page that is not whole, unless these four letters were sound.
            following = data.find(b"OggS", place + 4)
            if following < 0:
                return "cut"
            place = following
        else:
            found = "marked" if header[5] & _LAST_PAGE else "unmarked"
            place = data.find(b"OggS", end)
    return found


def flac_is_cut(file: FileBytes) -> bool:
    """Return True if the last frame does not end with its checksum."""
    end = end_of_sound(file)
    start = max(0, end - _MAX_FRAME)
    data = _without_zeros(file.at(start, end - start))
    place = len(data)
    for _ in range(_MAX_CANDIDATES):
        place = max(data.rfind(b"\xff\xf8", 0, place), data.rfind(b"\xff\xf9", 0, place))
        if place < 0:
            return False
        if _is_flac_header(data[place : place + 16]):
            return _crc16(data[place:]) != 0
    return False


def _without_zeros(data: bytes) -> bytes:
    """Cut off padding; a few zeros may belong to the last frame."""
    cut = data.rstrip(b"\0")
    return cut if len(data) - len(cut) >= _PADDING_BYTES else data


def _is_flac_header(head: bytes) -> bool:
    """Return True if a frame's header begins here: its own checksum says so."""
    if len(head) < 16 or head[2] >> 4 == 0 or head[2] & 15 == 15 or head[3] & 1:  # noqa: PLR2004
        return False
    number = 1
    while head[4] & 0x80 and head[4] & (0x80 >> number) and number < 7:  # noqa: PLR2004 - UTF-8
        number += 1
    length = 4 + number + {6: 1, 7: 2}.get(head[2] >> 4, 0)
    length += {12: 1, 13: 2, 14: 2}.get(head[2] & 15, 0)
    return _crc8(head[:length]) == head[length]


def _crc8(data: bytes) -> int:
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc << 1 ^ 0x07) & 0xFF if crc & 0x80 else crc << 1
    return crc


def _crc16(data: bytes) -> int:
    table = [_crc16_of(byte) for byte in range(256)]
    crc = 0
    for byte in data:
        crc = (crc << 8 & 0xFFFF) ^ table[crc >> 8 ^ byte]
    return crc


def _crc16_of(byte: int) -> int:
    crc = byte << 8
    for _ in range(8):
        crc = (crc << 1 ^ _POLY) & 0xFFFF if crc & 0x8000 else crc << 1
    return crc
