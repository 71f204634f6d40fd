"""Where the sound of a file with chunks begins and ends, whatever its header says."""

import io
import struct

import pytest

from dalston_cli.audio.file_bytes import FileBytes
from dalston_cli.audio.sound_chunk import SoundChunk, sound_chunk


def riff(*chunks: tuple[bytes, bytes], kind: bytes = b"RIFF") -> bytes:
    body = b"".join(
        name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)
        for name, data in chunks
    )
    return kind + struct.pack("<I", len(body) + 4) + b"WAVE" + body


def found(content: bytes) -> SoundChunk | None:
    return sound_chunk(FileBytes.of(io.BufferedReader(io.BytesIO(content))))


def data(size: int, there: int) -> bytes:
    return b"data" + struct.pack("<I", size) + NOISE[:there]


NOISE = bytes(range(1, 252)) * 200
FMT = (b"fmt ", struct.pack("<HHIIHH", 1, 1, 16000, 32000, 2, 16))
DATA = (b"data", NOISE[:32000])
LIST = (b"LIST", b"INFOISFT\4\0\0\0test")
EXTRA = riff(LIST)[12:]
DS64 = (b"ds64", struct.pack("<QQQI", 0, 32000, 0, 0))
HEADERS = {
    "plain": (riff(FMT, DATA), 32000, 32000),
    "odd chunk before": (riff(FMT, (b"LIST", b"odd"), DATA), 32000, 32000),
    "chunk behind": (riff(FMT, DATA, LIST), 32000, 32000),
    "chunk behind, cut off": (riff(FMT, DATA, LIST)[:-6], 32000, 32000),
    "cut off": (riff(FMT, DATA)[:1044], 32000, 1000),
    "too small": (riff(FMT) + data(6000, 32000), 6000, 32000),
    "too small, chunk behind": (riff(FMT) + data(6000, 32000) + EXTRA, 6000, 32000),
    "padding behind": (riff(FMT, DATA) + bytes(9000), 32000, 32000),
    "a few bytes behind": (riff(FMT, DATA) + NOISE[:100], 32000, 32000),
    "another recording behind": (riff(FMT, DATA) + riff(FMT, DATA), 32000, 32000),
    "piped": (riff(FMT) + data(0xFFFFFFFF, 5000), None, 5000),
    "piped by sox": (riff(FMT) + data(0x7FFFF000, 5000), None, 5000),
    "piped, whole frames": (riff(FMT) + data(0xFFFFFFFC, 5000), None, 5000),
    "piped, chunk behind": (riff(FMT) + data(0xFFFFFFFF, 5000) + EXTRA, None, 5000),
    "never filled in": (riff(FMT) + data(0, 5000), None, 5000),
    "never filled in, chunk behind": (riff(FMT) + data(0, 5000) + EXTRA, None, 5000),
    "no sound": (riff(FMT, (b"data", b"")), 0, 0),
    "no sound, chunk behind": (riff(FMT, (b"data", b""), LIST), 0, 0),
    "rf64": (riff(DS64, FMT, kind=b"RF64") + data(0xFFFFFFFF, 32000), 32000, 32000),
    "bw64, too small": (riff(DS64, FMT, kind=b"BW64") + data(0xFFFFFFFF, 48000), 32000, 48000),
    "rf64, chunk behind": (
        riff(DS64, FMT, kind=b"RF64") + data(0xFFFFFFFF, 32000) + EXTRA,
        32000,
        32000,
    ),
}


@pytest.mark.parametrize(("content", "declared", "there"), HEADERS.values(), ids=HEADERS)
def test_sound_of_a_wav(content: bytes, declared: int | None, there: int) -> None:
    chunk = found(content)
    assert chunk is not None
    assert (chunk.declared, chunk.end - chunk.start) == (declared, there)
    assert chunk.missing == max(0, (declared or 0) - there)
    assert chunk.bytes_per_s == 32000
    assert bool(chunk.corrections) == (declared is None or declared < there)


@pytest.mark.parametrize(
    "content",
    [riff(FMT), b"OggS" + bytes(100), b"R", riff(FMT) + b"da", b"RIFF\0\0\0\0AVI " + bytes(40)],
    ids=["no sound", "not riff", "nothing", "cut in a chunk's header", "a video"],
)
def test_no_sound_chunk(content: bytes) -> None:
    assert found(content) is None


def aiff(declared: int, there: int, behind: bytes = b"") -> bytes:
    comm = struct.pack(">4sIhIh", b"COMM", 18, 1, declared // 2, 16) + b"\x40\x0c\xfa" + bytes(7)
    sound = struct.pack(">4sIII", b"SSND", declared + 8, 0, 0) + NOISE[:there]
    return struct.pack(">4sI4s", b"FORM", 0, b"AIFF") + comm + sound + behind


def caf(declared: int, there: int, behind: bytes = b"") -> bytes:
    head = b"caff\0\1\0\0" + struct.pack(">4sq", b"desc", 32) + bytes(32)
    size = declared + 4 if declared >= 0 else -1
    return head + struct.pack(">4sqI", b"data", size, 0) + NOISE[:there] + behind


def w64(declared: int, there: int, behind: bytes = b"") -> bytes:
    own = bytes.fromhex("f3acd3118cd100c04f8edb8a")
    form = b"riff" + bytes.fromhex("2e91cf11a5d628db04c10000") + bytes(8)
    body = form + b"wave" + own + b"fmt " + own + struct.pack("<Q", 40) + bytes(16)
    return body + b"data" + own + struct.pack("<Q", declared + 24) + NOISE[:there] + behind


def au(declared: int, there: int, behind: bytes = b"") -> bytes:
    return b".snd" + struct.pack(">IIIII", 24, declared, 3, 16000, 1) + NOISE[:there] + behind


@pytest.mark.parametrize("make", [aiff, caf, w64, au])
def test_other_kinds(make: object) -> None:
    assert callable(make)
    for declared, there in ((32000, 32000), (6000, 32000), (32000, 6000)):
        chunk = found(make(declared, there))
        assert chunk is not None
        assert (chunk.declared, chunk.end - chunk.start) == (declared, there)
        assert chunk.undeclared == max(0, there - declared)


@pytest.mark.parametrize(
    ("content", "declared"),
    [
        (aiff(0x7F000000, 5000), None),
        (aiff(5000, 5000, struct.pack(">4sI", b"ANNO", 4) + b"text"), 5000),
        (aiff(500, 5000, struct.pack(">4sI", b"ANNO", 4) + b"text"), 500),
        (caf(-1, 5000), None),
        (caf(5000, 5000, struct.pack(">4sq", b"info", 6) + b"a text"), 5000),
        (au(0xFFFFFFFF, 5000), None),
    ],
    ids=["aiff piped", "aiff", "aiff too small", "caf piped", "caf", "au piped"],
)
def test_sizes_that_are_not_known_and_chunks_behind(content: bytes, declared: int | None) -> None:
    chunk = found(content)
    assert chunk is not None
    assert (chunk.declared, chunk.end - chunk.start) == (declared, 5000)
