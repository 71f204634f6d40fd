"""What the files of the catalog hold, kept between commands: reading YAML takes ten times as long.

A file that is not exactly as it was, by size, times and place on the disk, is read again; so is one
that was changed a moment ago, as a second change might leave no trace. What is kept is plain data,
which goes through the same checks as what a file holds, and lines only the file has: where there is
a mistake, all files are read.
"""

import os
import stat
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from dalston_cli import __version__
from dalston_cli.atomic_file import write_whole
from dalston_cli.catalog.document import Document
from dalston_cli.private_file import open_own

FILE_NAME = "catalog.msgpack"

_FORM = f"{__version__}/1"
"""Of what is kept; another is not used."""
_SETTLED_S = 2.0
"""Clocks of file systems are coarse: two changes this close may have the same time."""
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH

_Stamp = tuple[int, int, int, int, int]
_encoder, _decoder = msgspec.msgpack.Encoder(), msgspec.msgpack.Decoder()


class _Kept(msgspec.Struct, frozen=True, array_like=True):
    stamp: _Stamp
    data: msgspec.Raw


class _KeptFiles(msgspec.Struct, array_like=True):
    form: str
    files: dict[str, _Kept]


class KeptDocuments:
    """Documents by file; those that changed are read again."""

    def __init__(self, cache: Path, *, settled_s: float = _SETTLED_S) -> None:
        """Take what is kept in a folder; none is made before ``save``.

        Args:
            cache: The folder.
            settled_s: Age of the last change of a file that is kept.
        """
        self._settled_ns = int(settled_s * 1e9)
        self._file = cache / FILE_NAME
        self._known = _load(self._file)
        self._changed = False

    def read(self, file: Path) -> Document:
        """Return the document of a file, with its lines if it was read just now.

        Raises:
            CatalogError: The file is no YAML file of keys with values.
        """
        stamp, name = _stamp(file), os.fspath(file.absolute())
        kept = self._known.get(name)
        if kept is not None and kept.stamp == stamp:
            return Document(file=file, data=_decoder.decode(kept.data), lines={})
        from dalston_cli.catalog.yaml_file import read_document  # noqa: PLC0415 - loads yaml

        document = read_document(file)
        self._keep(name, stamp, document.data)
        return document

    def save(self) -> None:
        """Write what changed; where that is impossible the next command reads the files again."""
        if not self._changed:
            return
        there = {name: kept for name, kept in self._known.items() if os.path.exists(name)}  # noqa: PTH110 - a Path each is slow
        content = _encoder.encode(_KeptFiles(_FORM, there))
        with suppress(OSError):
            write_whole(self._file, content, mode=0o600)

    def _keep(self, name: str, stamp: _Stamp | None, data: dict[str, Any]) -> None:
        if stamp is None or max(stamp[:2]) > time.time_ns() - self._settled_ns:
            return
        with suppress(TypeError, OverflowError, UnicodeEncodeError):
            content = _encoder.encode(data)
            if _decoder.decode(content) == data:  # a date would come back as text
                self._known[name] = _Kept(stamp, msgspec.Raw(content))
                self._changed = True


def _load(file: Path) -> dict[str, _Kept]:
    """Return what is kept by path; nothing where another user could have written it."""
    try:
        with os.fdopen(_opened(file), "rb") as opened:
            kept = msgspec.msgpack.decode(opened.read(), type=_KeptFiles)
    except (OSError, msgspec.MsgspecError):
        return {}
    return kept.files if kept.form == _FORM else {}


def _opened(file: Path) -> int:
    status = file.lstat()  # open_own would make the file
    if status.st_mode & _OTHERS_WRITE:
        raise PermissionError(1, "others can write it", os.fspath(file))
    return open_own(file)


def _stamp(file: Path) -> _Stamp | None:
    """Return what changes with a file's content; None where there is no such file."""
    try:
        status = file.stat()
    except OSError:
        return None
    times = (status.st_mtime_ns, status.st_ctime_ns)
    return (*times, status.st_size, status.st_ino, status.st_dev)
