"""Mutants: small recordings in every container, each damaged in one way that a seed decides."""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.support import containers

SECONDS = ("-t", "1.5")
_HEADER_BYTES = 512


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """A damaged recording.

    Attributes:
        number: With the seed, it makes the same mutant again.
        whole: The recording that it was made of.
        damage: What was done to it, in a word.
    """

    number: int
    whole: Path
    path: Path
    damage: str


def make_sources(folder: Path, names: Sequence[str]) -> tuple[Path, ...]:
    """Make the recordings that are damaged."""
    return tuple(containers.make_file(folder, name, *SECONDS) for name in names)


def mutants(sources: Sequence[Path], folder: Path, *, count: int, seed: int) -> Iterator[Mutant]:
    """Yield so many mutants; every source and every damage has its turn."""
    for number in range(count):
        chance = random.Random(f"{seed}/{number}")
        whole = sources[number % len(sources)]
        damage = chance.choice(DAMAGES)
        data = damage(bytearray(whole.read_bytes()), chance)
        path = folder / f"{number}-{damage.__name__}{whole.suffix}"
        path.write_bytes(data)
        yield Mutant(number=number, whole=whole, path=path, damage=damage.__name__)


def flipped(data: bytearray, chance: random.Random) -> bytes:
    """Change single bits anywhere."""
    for _ in range(chance.choice((1, 4, 32, 256))):
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    return bytes(data)


def flipped_header(data: bytearray, chance: random.Random) -> bytes:
    """Change bytes near the start."""
    for _ in range(chance.choice((1, 2, 8))):
        data[chance.randrange(min(_HEADER_BYTES, len(data)))] = chance.randrange(256)
    return bytes(data)


def header_field(data: bytearray, chance: random.Random) -> bytes:
    """Make a number of 2, 4 or 8 bytes near the start as small or as large as it can be."""
    width = chance.choice((2, 4, 8))
    place = chance.randrange(min(_HEADER_BYTES, len(data)) - width)
    value = chance.choice(
        (0, 1, 1 << 8 * width - 1, (1 << 8 * width - 1) - 1, (1 << 8 * width) - 1)
    )
    data[place : place + width] = value.to_bytes(width, chance.choice(("little", "big")))
    return bytes(data)


def length_field(data: bytearray, chance: random.Random) -> bytes:
    """Change a number anywhere that could be the length of what follows it."""
    most = min(len(data) - 4, 1 << 16)
    place = next(
        (
            place
            for place in range(chance.randrange(most), most)
            if 0 < int.from_bytes(data[place : place + 4], "little") <= len(data)
            or 0 < int.from_bytes(data[place : place + 4]) <= len(data)
        ),
        4,
    )
    data[place : place + 4] = chance.randrange(1 << 32).to_bytes(4)
    return bytes(data)


def cut(data: bytearray, chance: random.Random) -> bytes:
    """Leave out the end."""
    return bytes(data[: int(len(data) * chance.uniform(0.1, 0.95)) | 1])


def beheaded(data: bytearray, chance: random.Random) -> bytes:
    """Leave out the start."""
    return bytes(data[chance.randrange(1, len(data) // 2) :])


def holed(data: bytearray, chance: random.Random) -> bytes:
    """Leave out the middle."""
    start = chance.randrange(len(data))
    return bytes(data[:start] + data[start + chance.randrange(1, 5000) :])


def zeroed(data: bytearray, chance: random.Random) -> bytes:
    """Fill a part with zeros, as a download does that is not complete."""
    start = chance.randrange(len(data))
    length = min(len(data) - start, chance.choice((64, 4096, len(data))))
    data[start : start + length] = bytes(length)
    return bytes(data)


def doubled(data: bytearray, _chance: random.Random) -> bytes:
    """Put the same file behind itself."""
    return bytes(data * 2)


def repeated(data: bytearray, chance: random.Random) -> bytes:
    """Put a part in twice."""
    start = chance.randrange(len(data))
    end = start + chance.randrange(1, 5000)
    return bytes(data[:end] + data[start:])


def extended(data: bytearray, chance: random.Random) -> bytes:
    """Add noise at the end."""
    return bytes(data) + chance.randbytes(chance.choice((1, 128, 10_000)))


DAMAGES: tuple[Callable[[bytearray, random.Random], bytes], ...] = (
    flipped,
    flipped_header,
    header_field,
    length_field,
    cut,
    beheaded,
    holed,
    zeroed,
    doubled,
    repeated,
    extended,
)
