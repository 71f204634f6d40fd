"""The chunk with the sound in WAV, RF64, AIFF, CAF, W64 and AU files: its declared and true size.

Programs that are killed, or that write into a pipe, leave sizes that are too small, zero or as
large as can be. What lies behind the sound decides: chunks that reach exactly to the file's end
are not sound, anything else that is not silence is.

Reference: RIFF and RF64 (EBU Tech 3306), AIFF 1.3, Apple Core Audio Format 1.0, Sony Wave64.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from msgspec import Struct

from dalston_cli.audio.file_bytes import ByteOrder, FileBytes

_MAX_CHUNKS = 1000
_SEE_LONG_SIZE = 0xFFFF_FFFF
_TAIL_BYTES = 1 << 20
_PADDING_BYTES = 4096
"""Less than this behind the sound is the work of careless programs."""

_GUID = bytes.fromhex("f3acd3118cd100c04f8edb8a")
"""The last 12 bytes of the names of most chunks of a W64 file."""

_ENDINGS = (b"", _GUID)
_FORMS = (b"RIFF", b"RF64", b"BW64", b"FORM", b"caff", b"riff")

_UNKNOWN = (0x7F00_0000, 0x7FFF_0000, 0x7FFF_F000, 0x8000_0000, 0x1_0000_0000, 1 << 63, 1 << 64)
_UNKNOWN_SLACK = 4096
"""Programs that cannot know a size write one of these, less the header or a part of a frame."""

_EXTRAS = (
    *(b"LIST", b"id3 ", b"ID3 ", b"bext", b"iXML", b"cue ", b"smpl", b"fact", b"PEAK", b"JUNK"),
    *(b"_PMX", b"axml", b"acid", b"afsp", b"DISP", b"SAUR", b"minf", b"inst", b"chna", b"cart"),
    *(b"NAME", b"AUTH", b"ANNO", b"(c) ", b"MARK", b"COMT", b"COMM", b"APPL", b"INST", b"MIDI"),
    *(b"info", b"peak", b"uuid", b"strg", b"mark", b"regn", b"ovvw", b"umid", b"midi", b"free"),
    *(b"summ", b"levl", b"bext"),
)
"""Names of chunks that stand behind the sound."""


class Family(Struct, frozen=True, kw_only=True):
    """How a kind of file writes its chunks.

    Attributes:
        id_bytes: Length of a chunk's name.
        size_bytes: Length of a chunk's size, which follows its name.
        align: Chunks begin at multiples of this from the first.
        inclusive: True if a size covers the name and the size itself.
    """

    order: ByteOrder
    id_bytes: int = 4
    size_bytes: int = 4
    align: int = 2
    inclusive: bool = False

    @property
    def header(self) -> int:
        """Bytes before a chunk's body."""
        return self.id_bytes + self.size_bytes


@dataclass(frozen=True, kw_only=True)
class SoundChunk:
    """Where the sound lies.

    Attributes:
        start: Offset of its first byte.
        declared: Bytes of it that the header declares; None where it declares none.
        end: Offset behind its last byte that is there.
        is_followed: True if another recording follows in the same file.
        sizes: Offset, width and right value of each number that depends on ``end``.
        one_channel: True if it is known to have one channel.
    """

    family: Family
    start: int
    declared: int | None
    end: int
    sizes: tuple[tuple[int, int, int], ...]
    bytes_per_s: int = 0
    is_followed: bool = False
    one_channel: bool = False

    @property
    def missing(self) -> int:
        """Bytes of sound that are declared and not there."""
        return max(0, self.start + (self.declared or 0) - self.end)

    @property
    def undeclared(self) -> int:
        """Bytes of sound that are there, beyond the size that the header declares."""
        return 0 if self.declared is None else max(0, self.end - self.start - self.declared)

    @property
    def corrections(self) -> tuple[tuple[int, bytes], ...]:
        """Offset and bytes of each number that has to be another; none where all are right."""
        if self.declared is not None and not self.undeclared:
            return ()
        return tuple(
            (offset, min(size, (1 << 8 * width) - 1).to_bytes(width, self.family.order))
            for offset, width, size in self.sizes
        )

    def declared_part(self, duration_s: float) -> float:
        """Return how much of all the sound, in seconds, the header declares."""
        return duration_s * (self.declared or 0) / max(1, self.end - self.start)


_RIFF = Family(order="little")
_AIFF = Family(order="big")
_CAF = Family(order="big", size_bytes=8, align=1)
_W64 = Family(order="little", id_bytes=16, size_bytes=8, align=8, inclusive=True)


def sound_chunk(file: FileBytes) -> SoundChunk | None:
    """Find the sound; None in a file of another kind, or where no chunk has it."""
    head = file.at(0, 64)
    for matches, read in _READERS:
        if matches(head):
            return read(file)
    return None


def _riff(file: FileBytes) -> SoundChunk | None:
    bytes_per_s, long_size, channels = 0, 0, 0
    for name, body, size in _chunks(file, 12, _RIFF):
        if name == b"fmt ":
            channels = file.number(body + 2, 2, "little")
            bytes_per_s = file.number(body + 8, 4, "little")
        elif name == b"ds64":
            long_size = body + 8
        elif name == b"data":
            fields = [(body - 4, 4, 0)]
            num_bytes = size
            if long_size and size == _SEE_LONG_SIZE:
                fields, num_bytes = [(long_size, 8, 0)], file.number(long_size, 8, "little")
            found = _placed(file, _RIFF, body, num_bytes, fields)
            return replace(found, bytes_per_s=bytes_per_s, one_channel=channels == 1)
    return None


def _aiff(file: FileBytes) -> SoundChunk | None:
    for name, body, size in _chunks(file, 12, _AIFF):
        if name == b"SSND":  # its size covers two numbers of 4 bytes before the sound
            return _placed(file, _AIFF, body + 8, size - 8, [(body - 4, 4, 8)], whole=(4, 4, 8))
    return None


def _caf(file: FileBytes) -> SoundChunk | None:
    for name, body, size in _chunks(file, 8, _CAF):
        if name == b"data":  # and 4 bytes that count the edits
            return _placed(file, _CAF, body + 4, size - 4, [(body - 8, 8, 4)])
    return None


def _w64(file: FileBytes) -> SoundChunk | None:
    for name, body, size in _chunks(file, 40, _W64):
        if name[:4] == b"data":
            fields = [(body - 8, 8, _W64.header)]
            return _placed(file, _W64, body, size, fields, whole=(16, 8, 0))
    return None


def _au(file: FileBytes) -> SoundChunk | None:
    start, size = file.number(4, 4), file.number(8, 4)
    declared = None if _is_unknown(size) else size
    end = max(file.size, start)
    if declared is not None and 0 < end - start - declared < _PADDING_BYTES:
        end = start + declared
    sizes = ((8, 4, end - start),)
    return SoundChunk(family=_AIFF, start=start, declared=declared, end=end, sizes=sizes)


_READERS: tuple[tuple[Callable[[bytes], bool], Callable[[FileBytes], SoundChunk | None]], ...] = (
    (lambda head: head[:4] in (b"RIFF", b"RF64", b"BW64") and head[8:12] == b"WAVE", _riff),
    (lambda head: head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC"), _aiff),
    (lambda head: head[:4] == b"caff", _caf),
    (lambda head: head[:4] == b"riff" and head[24:28] == b"wave", _w64),
    (lambda head: head[:4] == b".snd", _au),
)


def _chunks(file: FileBytes, start: int, family: Family) -> "list[tuple[bytes, int, int]]":
    """Return name, offset of the body and size of each chunk up to the one with the sound."""
    found: list[tuple[bytes, int, int]] = []
    offset = start
    while len(found) < _MAX_CHUNKS:
        header = file.at(offset, family.header)
        if len(header) < family.header:
            break
        name = header[: family.id_bytes]
        size = int.from_bytes(header[family.id_bytes :], family.order)
        size -= family.header if family.inclusive else 0
        found.append((name, offset + family.header, size))
        if name[:4] in (b"data", b"SSND"):
            break
        offset = _behind(offset + family.header + max(size, 0), start, family.align)
    return found


def _placed(
    file: FileBytes,
    family: Family,
    start: int,
    size: int,
    fields: list[tuple[int, int, int]],
    whole: tuple[int, int, int] | None = None,
) -> SoundChunk:
    """Work out where the sound ends.

    ``fields`` are offset and width of each number for the sound's size, and what it adds to it;
    ``whole`` is the same for the size of the file, and what it subtracts from it.
    """
    declared = size if size == 0 or not _is_unknown(size) else None
    end = file.size
    if declared is None:
        end = _start_of_extras(file, family, start)
    elif start + declared <= file.size:
        end = _end_of_declared(file, family, start, start + declared)
    if declared == 0 and end > start:
        declared = None  # it was never filled in
    sizes = [(offset, width, end - start + more) for offset, width, more in fields]
    if whole is not None:
        sizes.append((whole[0], whole[1], file.size - whole[2]))
    following = {file.at(offset, 4) for offset in (end, _behind(end, start, family.align))}
    return SoundChunk(
        family=family,
        start=start,
        declared=declared,
        end=end,
        sizes=tuple(sizes),
        is_followed=not following.isdisjoint(_FORMS),
    )


def _is_unknown(size: int) -> bool:
    if 0 < size < _UNKNOWN[0] - _UNKNOWN_SLACK:
        return False
    return size <= 0 or any(0 <= most - size <= _UNKNOWN_SLACK for most in _UNKNOWN)


def _end_of_declared(file: FileBytes, family: Family, start: int, end: int) -> int:
    """Return ``end`` where what follows is not sound, or else where the sound really ends."""
    behind = file.size - end
    if behind < (_PADDING_BYTES if end > start else 1):
        return end
    padded = _behind(end, start, family.align)
    if any(_are_chunks(file, offset, family, cut=True) for offset in {end, padded}):
        return end
    if end > start and file.is_zero(end, file.size):
        return end
    return _start_of_extras(file, family, start)


def _start_of_extras(file: FileBytes, family: Family, start: int) -> int:
    """Return where the last chunks of the file begin; its end where none are found."""
    first, tail = file.tail(min(_TAIL_BYTES, file.size - start))
    places = {first + place for name in _EXTRAS for place in _places(tail, name)}
    for offset in sorted(places):
        if _are_chunks(file, offset, family):
            return offset
    return file.size


def _places(data: bytes, name: bytes) -> "list[int]":
    found: list[int] = []
    place = data.find(name)
    while place >= 0 and len(found) < _MAX_CHUNKS:
        found.append(place)
        place = data.find(name, place + 1)
    return found


def _are_chunks(file: FileBytes, offset: int, family: Family, *, cut: bool = False) -> bool:
    """Return True if chunks lead from here to the end of the file; with ``cut``, or beyond it."""
    start = offset
    for _ in range(_MAX_CHUNKS):
        header = file.at(offset, family.header)
        if len(header) < family.header or not _is_name(header[: family.id_bytes]):
            return False
        size = int.from_bytes(header[family.id_bytes :], family.order)
        if family.inclusive and size < family.header:
            return False
        end = offset + size + (0 if family.inclusive else family.header)
        offset = _behind(end, start, family.align)
        if file.size in (end, offset):
            return True
        if end > file.size:
            return cut and header[:4] in _EXTRAS
    return False


def _is_name(name: bytes) -> bool:
    """Return True for four letters or signs, in W64 followed by the rest of its own name."""
    return name[:4].decode("latin-1").isprintable() and name[:4].isascii() and name[4:] in _ENDINGS


def _behind(offset: int, start: int, align: int) -> int:
    return offset + (start - offset) % align
