"""The part of all recordings that one of several machines works on.

A recording's shard follows from its own bytes and from the number of shards, and from nothing
else: not from its name, nor from what lies beside it. Machines that know nothing of each other
agree on it, a file that is added moves no other one, and two copies of one file are one machine's
work. Its size and three samples of it are read and not all of it, which is enough to spread
recordings evenly: where two of them agree in all that, they are in one shard. Of a recording on
another machine nothing is read: its address stands for it.
"""

import hashlib
import os
import re
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from dalston_cli.audio.errors import RecordingError, RecordingUnreadableError
from dalston_cli.audio.source import given_name, open_source
from dalston_cli.errors import UsageError
from dalston_cli.pipeline.endpoints import file_of
from dalston_cli.pipeline.events import ShardInfo
from dalston_cli.pipeline.request import RecordingRequest, Shard

SAMPLE_BYTES = 16_384
"""Read from the beginning, the middle and the end of a recording."""

_READ_AT_ONCE = 8
"""Files that are open at the same time: those of a network answer late."""

_FORM = re.compile(r"(\d{1,9})/(\d{1,9})", re.ASCII)


class ShardError(UsageError):
    """``--shard`` is none."""

    code = "shard"

    def __init__(self, text: str, problem: str, hint: str) -> None:
        super().__init__(f"--shard {given_name(text)!r}: {problem}", hint=hint)


class ShardedInputError(UsageError):
    """Standard input is one recording, which no other machine has."""

    code = "shard"

    def __init__(self) -> None:
        super().__init__(
            "--shard and standard input exclude each other: it is one recording, and each shard"
            " would have another one",
            hint="name the recordings, or a list of them: --files-from names.txt",
        )


def parse_shard(text: str) -> Shard:
    """Return the shard that ``I/N`` names, counted from 1.

    Raises:
        ShardError: There is no such shard.
    """
    form = _FORM.fullmatch(text.strip())
    if form is None:
        missing = text.startswith("/") or text.endswith("/")
        problem = "a number is missing" if missing else "this is not I/N"
        hint = "write --shard 2/8 for the second of eight"
        raise ShardError(
            text, problem, f"{hint}; is the variable set that it is made of?" if missing else hint
        )
    number, of = map(int, form.groups())
    if of == 0:
        raise ShardError(text, "there are no shards of 0", "write --shard 1/1 for all recordings")
    if number == 0:
        hint = f"they are numbered 1 to {of}: where yours begin with 0, add one, $((I + 1))/{of}"
        raise ShardError(text, "shards are counted from 1", hint)
    if number > of:
        hint = f"they are numbered 1 to {of}; give every machine the same number of shards"
        raise ShardError(text, f"there are only {of} shards", hint)
    return Shard(number=number, of=of)


class Share(Struct, frozen=True, kw_only=True):
    """The recordings to work on, with the place of each one's outputs.

    Attributes:
        stems: None for standard output.
        info: None where it is all of them.
    """

    recordings: Sequence[RecordingRequest]
    stems: Sequence[Path] | None
    info: ShardInfo | None = None


def share_of(
    recordings: Sequence[RecordingRequest], stems: Sequence[Path] | None, shard: Shard | None
) -> Share:
    """Return what is in a shard, in the order of all.

    Args:
        recordings: All that were found.
        stems: Their outputs, which were named among all of them: a name is the same in any shard.
        shard: None for all.
    """
    if shard is None:
        return Share(recordings=recordings, stems=stems)
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - most runs have no shards

    with ThreadPoolExecutor(_READ_AT_ONCE) as pool:
        numbers = pool.map(lambda each: shard_number(each, shard.of), recordings)
        kept = [index for index, number in enumerate(numbers) if number in {shard.number, None}]
    return Share(
        recordings=tuple(recordings[index] for index in kept),
        stems=None if stems is None else tuple(stems[index] for index in kept),
        info=ShardInfo(number=shard.number, of=shard.of, found=len(recordings)),
    )


def shard_number(recording: RecordingRequest, of: int) -> int | None:
    """Return the shard of a recording, from 1 to ``of``; None for every one.

    One that cannot be read here may well be read elsewhere, so that its shard is not known: all of
    them report it. What is missing or empty is told by one, which follows from its name.
    """
    path = file_of(recording.source)
    facts = (recording.source.reference or recording.name).encode(errors="surrogateescape")
    try:
        if path is not None:
            facts = _samples(path, recording.name)
    except RecordingUnreadableError:
        return None
    except RecordingError:  # missing or empty: by the name that every machine was given
        facts = recording.name.encode()
    return int.from_bytes(hashlib.sha256(facts).digest()[:8]) % of + 1


def _samples(path: Path, name: str) -> bytes:
    """Return a file's size and what is at its beginning, in its middle and at its end.

    Raises:
        RecordingError: It cannot be read.
    """
    with open_source(path, name) as source:
        size = os.fstat(source.fileno()).st_size
        places = sorted({0, max(0, size // 2 - SAMPLE_BYTES // 2), max(0, size - SAMPLE_BYTES)})
        try:
            read = [os.pread(source.fileno(), SAMPLE_BYTES, place) for place in places]
        except OSError as error:
            raise RecordingUnreadableError(name, error.strerror or str(error)) from error
    return b"".join((str(size).encode(), b"\0", *read))
