"""MP4's boxes and Matroska's elements: each says how long it is, and the last must be whole.

Reference: ISO 14496-12 (MP4, MOV, 3GP), RFC 8794 and 9559 (EBML, Matroska).
"""

from msgspec import Struct

from dalston_cli.audio.file_bytes import FileBytes

_MAX_PARTS = 1_000_000
_BOXES = frozenset(
    b"ftyp moov mdat moof mfra free skip wide uuid udta meta styp sidx ssix prft emsg pnot".split()
)
"""Others are not boxes: tags that some programs put behind them, for instance."""

_SEGMENT = 0x18538067


def mp4_is_cut(file: FileBytes) -> bool:
    """Return True if a box reaches beyond the file's end."""
    place = 0
    for _ in range(_MAX_PARTS):
        header = file.at(place, 16)
        size, name = int.from_bytes(header[:4]), header[4:8]
        if size == 1:
            size = int.from_bytes(header[8:])
        if name not in _BOXES or size < 8:  # noqa: PLR2004 - size and name; 0 is up to the end
            return False
        if place + size > file.size:
            return True
        place += size
    return False


class _Element(Struct, frozen=True, kw_only=True):
    name: int
    body: int
    size: int | None
    """None where it was not known when the element was begun."""


def matroska_is_cut(file: FileBytes) -> bool:
    """Return True if the elements do not lead to the end of the segment, or of the file."""
    place = 0
    segment_end: int | None = None
    for _ in range(_MAX_PARTS):
        is_over = segment_end is not None and place >= segment_end
        element = None if is_over else _element(file, place)
        if element is None:
            break
        if element.name == _SEGMENT:
            if element.size is not None:
                segment_end = element.body + element.size
            place = element.body
        elif element.size is None:
            place = element.body
        elif element.body + element.size > file.size:
            return True
        else:
            place = element.body + element.size
    wanted = file.size if segment_end is None else segment_end
    return place < wanted


def _element(file: FileBytes, place: int) -> _Element | None:
    """Read the head of an element; None where there is none."""
    head = file.at(place, 12)
    if not head or not head[0]:
        return None
    id_bytes = 9 - head[0].bit_length()
    if id_bytes > 4 or len(head) <= id_bytes or not head[id_bytes]:  # noqa: PLR2004 - at most
        return None
    size_bytes = 9 - head[id_bytes].bit_length()
    if len(head) < id_bytes + size_bytes:
        return None
    field = int.from_bytes(head[id_bytes : id_bytes + size_bytes])
    size = field & ((1 << 7 * size_bytes) - 1)
    unknown = size == (1 << 7 * size_bytes) - 1
    return _Element(
        name=int.from_bytes(head[:id_bytes]),
        body=place + id_bytes + size_bytes,
        size=None if unknown else size,
    )
