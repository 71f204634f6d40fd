"""``--files-from``: names of recordings, one per line or each with a NUL behind it."""

import os
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import BinaryIO

from dalston_cli.errors import InputError

_BLOCK_BYTES = 65_536


class NameListError(InputError):
    """The file with the names cannot be read."""

    code = "name_list"

    def __init__(self, file: str, problem: OSError) -> None:
        super().__init__(
            f"cannot read the names in {file}: {problem.strerror or problem}",
            hint="write one name per line: find talks -name '*.mp3' > names.txt",
        )


class NullInNamesError(InputError):
    """Names are separated by NUL, without ``--null``."""

    code = "name_list"

    def __init__(self, file: str) -> None:
        super().__init__(
            f"the names in {file} hold NUL characters, as find -print0 writes them",
            hint=f"add --null: --files-from {file} --null",
        )


def read_names(file: str, *, null: bool, stdin: BinaryIO) -> Iterator[str]:
    """Yield names, in order, without empty ones, from a file, or from ``stdin`` if it is ``-``.

    With ``null`` names end with NUL, and may hold line breaks.

    Raises:
        NameListError: The file cannot be read.
        NullInNamesError: A name holds NUL.
    """
    separator = b"\0" if null else b"\n"
    try:
        with nullcontext(stdin) if file == "-" else Path(file).open("rb") as stream:
            for name in _split(stream, separator):
                if "\0" in name:
                    raise NullInNamesError(file)
                yield name
    except OSError as error:
        raise NameListError(file, error) from error


def _split(stream: BinaryIO, separator: bytes) -> Iterator[str]:
    rest = b""
    while block := stream.read(_BLOCK_BYTES):
        *whole, rest = (rest + block).split(separator)
        yield from filter(None, (_name(part, separator) for part in whole))
    if name := _name(rest, separator):
        yield name


def _name(part: bytes, separator: bytes) -> str:
    return os.fsdecode(part.removesuffix(b"\r") if separator == b"\n" else part)
