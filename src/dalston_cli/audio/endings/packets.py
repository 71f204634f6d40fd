"""Containers of packets: MPEG transport and program streams, ASF, FLV, AVI, RealMedia, MXF.

Reference: ISO 13818-1 (MPEG), ASF 1.20, FLV 10.1, OpenDML AVI 1.02, SMPTE 377-1 (MXF).
"""

from dalston_cli.audio.file_bytes import FileBytes

_MAX_PARTS = 1_000_000
_TAIL_BYTES = 1 << 20
_SYNC = 0x47
_FLV_TAG = 11
_FLV_KINDS = (8, 9, 18)
_REAL_SLACK = 18
"""Some programs count the chunk's own header twice."""

_ASF_DATA = bytes.fromhex("3626b2758e66cf11a6d900aa0062ce6c")
_ASF_FILE = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")
_ASF_END = b"$E"
"""The start of what ends a broadcast."""
_KLV = bytes.fromhex("060e2b34")


def transport_is_cut(file: FileBytes) -> bool:
    """Return True if the last packet, or the last part of the sound in packets, is not whole."""
    start, packet = _transport_grid(file)
    if packet == 0:
        return False
    if (file.size - start) % packet:
        return True
    return _last_sound_is_short(file, start, packet)


def _transport_grid(file: FileBytes) -> tuple[int, int]:
    """Return where the first packet begins and how long each is; 0 where there is no grid."""
    head = file.at(0, 4096)
    for packet, lead in ((188, 0), (192, 4), (204, 0)):
        for start in range(packet):
            at = range(start + lead, min(len(head), start + lead + 5 * packet), packet)
            if len(at) > 1 and all(head[place] == _SYNC for place in at):
                return start, packet
    return 0, 0


def _last_sound_is_short(file: FileBytes, start: int, packet: int) -> bool:
    """Follow each track in the tail: has its last part as many bytes as it declares?"""
    lead = packet - 188 if packet == 192 else 0  # noqa: PLR2004 - a time stamp before each
    count = (file.size - start) // packet
    first = max(0, count - _TAIL_BYTES // packet)
    data = file.at(start + first * packet, (count - first) * packet)
    left: dict[int, int] = {}
    for place in range(lead, len(data), packet):
        body = data[place : place + 188]
        if len(body) < 188 or body[0] != _SYNC:  # noqa: PLR2004 - a packet
            continue
        pid = (body[1] & 0x1F) << 8 | body[2]
        payload = _payload(body)
        if body[1] & 0x40:
            left.pop(pid, None)
            is_sound = payload[:3] == b"\0\0\1" and (
                len(payload) > 6 and (0xC0 <= payload[3] <= 0xDF or payload[3] in (0xBD, 0xFD))  # noqa: PLR2004
            )
            if is_sound and (size := int.from_bytes(payload[4:6])):
                left[pid] = size + 6 - len(payload)
        elif pid in left:
            left[pid] -= len(payload)
    return any(missing > 0 for missing in left.values())


def _payload(packet: bytes) -> bytes:
    kind = packet[3] >> 4 & 3
    if not kind & 1:
        return b""
    return packet[5 + packet[4] :] if kind == 3 else packet[4:]  # noqa: PLR2004 - both


def program_is_cut(file: FileBytes) -> bool:
    """Return True if the last packet of a program stream reaches beyond the end."""
    _, data = file.tail(_TAIL_BYTES)
    place = data.find(b"\0\0\1\xba")
    while 0 <= place < len(data):
        code = data[place : place + 6]
        if len(code) < 4:  # noqa: PLR2004 - a start code
            return True
        if code[:3] != b"\0\0\1":
            if (following := data.find(b"\0\0\1\xba", place)) < 0:
                return False  # padding, or damage of another kind
            place = following
            continue
        if code[3] == 0xBA:  # noqa: PLR2004 - a pack
            place += _pack_bytes(data, place)
        elif code[3] == 0xB9:  # noqa: PLR2004 - the end
            return False
        elif len(code) < 6 or code[3] < 0xBB:  # noqa: PLR2004 - not a packet's
            return True
        else:
            place += 6 + int.from_bytes(code[4:])
    return place > len(data)


def _pack_bytes(data: bytes, place: int) -> int:
    head = data[place : place + 14]
    if len(head) < 14:  # noqa: PLR2004 - a pack's header
        return len(head) + 1
    return 14 + (head[13] & 7) if head[4] >> 6 == 1 else 12


def asf_is_cut(file: FileBytes) -> bool:
    """Return True if there are fewer packets than the header counts, or half a one."""
    place, count, packet = 30, 0, 0
    for _ in range(1000):
        head = file.at(place, 104)
        if len(head) < 24:  # noqa: PLR2004 - an object's name and size
            return False
        name, size = head[:16], int.from_bytes(head[16:24], "little")
        if name == _ASF_FILE:
            is_live = head[88] & 1
            count = 0 if is_live else int.from_bytes(head[56:64], "little")
            packet = int.from_bytes(head[92:96], "little")
        elif name == _ASF_DATA:
            there = file.size - place - 50
            if packet and count:
                return there < count * packet
            rest = there % packet if packet else 0
            return rest != 0 and file.at(file.size - rest, 2) != _ASF_END
        if size < 24:  # noqa: PLR2004
            return False
        place += size
    return False


def flv_is_cut(file: FileBytes) -> bool:
    """Return True if the tags do not lead to the end."""
    length = file.number(file.size - 4, 4)
    tag = file.size - 4 - length
    if length >= _FLV_TAG and tag >= _FLV_TAG and file.number(tag + 1, 3) + _FLV_TAG == length:
        return False
    place = file.number(5, 4) + 4
    for _ in range(_MAX_PARTS):
        if file.number(place, 1) not in _FLV_KINDS:
            break
        place += _FLV_TAG + file.number(place + 1, 3) + 4
    return place > file.size + 4 or 0 < file.size - place < _FLV_TAG


def avi_is_cut(file: FileBytes) -> bool:
    """Return True if a list or a chunk reaches beyond the end."""
    place, end = 0, file.size
    for _ in range(_MAX_PARTS):
        head = file.at(place, 12)
        size = int.from_bytes(head[4:8], "little")
        is_open = size in (0, 0xFFFF_FFFF)
        if head[:4] == b"RIFF":
            end = file.size if is_open else place + 8 + size
            place += 12
        elif place >= end or len(head) < 8:  # noqa: PLR2004 - a chunk's name and size
            break
        elif head[:4] == b"LIST" and head[8:12] in (b"movi", b"rec ") and is_open:
            place += 12
        else:
            place += 8 + size + size % 2
    return end > file.size or place > file.size + 1 or 0 < min(end, file.size) - place < 8  # noqa: PLR2004


def real_is_cut(file: FileBytes) -> bool:
    """Return True if the chunk with the packets reaches beyond the end."""
    place = 0
    for _ in range(1000):
        head = file.at(place, 8)
        size = int.from_bytes(head[4:])
        if len(head) < 8 or size < 8:  # noqa: PLR2004 - a chunk's name and size
            return False
        if head[:4] == b"DATA":
            return place + size > file.size + _REAL_SLACK
        place += size
    return False


def mxf_is_cut(file: FileBytes) -> bool:
    """Return True if the footer lies beyond the end, or the last element is not whole."""
    footer = file.number(16 + _length(file, 16)[1] + 24, 8)
    if footer >= file.size:
        return True
    place = footer
    for _ in range(_MAX_PARTS):
        if file.at(place, 4) != _KLV:
            break
        size, width = _length(file, place + 16)
        place += 16 + width + size
    return place > file.size


def _length(file: FileBytes, place: int) -> tuple[int, int]:
    """Return a BER length and how many bytes it takes."""
    first = file.number(place, 1)
    if first < 0x80:  # noqa: PLR2004 - the short form
        return first, 1
    width = first & 0x7F
    return file.number(place + 1, width), 1 + width
