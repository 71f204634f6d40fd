"""Lossless and old formats whose headers count what follows: WavPack, TTA, APE, Musepack, VOC.

Reference: WavPack 4 and 5 block header, True Audio TTA1, Monkey's Audio 3.98 descriptor, Musepack
SV8, Creative Voice File.
"""

from dalston_cli.audio.endings.tags import end_of_sound, start_of_sound
from dalston_cli.audio.file_bytes import FileBytes

_MAX_BLOCKS = 1_000_000
_VOC_PADDING = 4096
_TTA_HEADER = 22
_APE_DESCRIPTOR_SINCE = 3980


def wavpack_is_cut(file: FileBytes) -> bool:
    """Return True if the last block is not whole, or is not the last one."""
    end, place = end_of_sound(file), start_of_sound(file)
    total = done = 0
    for _ in range(_MAX_BLOCKS):
        head = file.at(place, 32)
        if place >= end or len(head) < 32 or head[:4] != b"wvpk":  # noqa: PLR2004 - a header
            break
        place += 8 + int.from_bytes(head[4:8], "little")
        first = int.from_bytes(head[12:16], "little")
        total = total or first
        done = int.from_bytes(head[16:20], "little") + int.from_bytes(head[20:24], "little")
        if place > end:
            return True
    is_counted = total not in (0, 0xFFFF_FFFF)
    return (is_counted and done < total) or file.at(place, end - place)[:4] == b"wvpk"


def tta_is_cut(file: FileBytes) -> bool:
    """Return True if the frames that the table at the start measures are not all there."""
    start = start_of_sound(file)
    head = file.at(start, _TTA_HEADER)
    if head[:4] != b"TTA1" or len(head) < _TTA_HEADER:
        return False
    sample_rate, samples = (int.from_bytes(head[at : at + 4], "little") for at in (10, 14))
    frame = 256 * sample_rate // 245
    count = -(-samples // frame) if frame else 0
    if not 0 < count < _MAX_BLOCKS:
        return False
    table = file.at(start + _TTA_HEADER, count * 4)
    sizes = (int.from_bytes(table[at : at + 4], "little") for at in range(0, len(table), 4))
    return start + _TTA_HEADER + count * 4 + 4 + sum(sizes) > file.size


def ape_is_cut(file: FileBytes) -> bool:
    """Return True if there are fewer bytes than the descriptor counts."""
    start = start_of_sound(file)
    head = file.at(start, 52)
    if head[:4] != b"MAC " or int.from_bytes(head[4:6], "little") < _APE_DESCRIPTOR_SINCE:
        return False
    sizes = [int.from_bytes(head[at : at + 4], "little") for at in range(8, 36, 4)]
    descriptor, header, table, wav_head, low, high, _wav_tail = sizes
    return start + descriptor + header + table + wav_head + (high << 32 | low) > file.size


def musepack_is_cut(file: FileBytes) -> bool:
    """Return True if the packet that marks the end of a stream of version 8 is not there."""
    place = start_of_sound(file)
    if file.at(place, 4) != b"MPCK":
        return False
    place += 4
    for _ in range(_MAX_BLOCKS):
        key = file.at(place, 2)
        size, width = _variable(file.at(place + 2, 10))
        if key == b"SE":
            return False
        if len(key) < 2 or size < 2 + width:  # noqa: PLR2004 - a packet's key
            return True
        place += size
    return False


def _variable(data: bytes) -> tuple[int, int]:
    """Return a number of 7 bits per byte and how many bytes it takes."""
    number = 0
    for width, byte in enumerate(data, start=1):
        number = number << 7 | byte & 0x7F
        if not byte & 0x80:
            return number, width
    return 0, 0


def voc_is_cut(file: FileBytes) -> bool:
    """Return True if the block that marks the end is not there."""
    place = file.number(20, 2, "little")
    for _ in range(_MAX_BLOCKS):
        head = file.at(place, 4)
        if head[:1] == b"\0":
            return file.size - place > _VOC_PADDING
        if len(head) < 4:  # noqa: PLR2004 - a block's kind and size
            return place > file.size or len(head) > 0 or place == file.size
        place += 4 + int.from_bytes(head[1:], "little")
    return False
