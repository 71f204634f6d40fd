"""Recordings that are done go to another folder: whole, and never over another file."""

import filecmp
import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path

from dalston_cli.atomic_file import sync_folder, written_whole
from dalston_cli.pipeline.endpoints import FileStamp


def free_place(recording: Path, relative: Path, folder: Path) -> Path:
    """Return where a recording goes below ``folder``: ``talk.wav``, or else ``talk-2.wav``.

    A name whose stem is taken there is not free: transcripts are named by it. The same bytes under
    the same name are the recording itself, which was moved and not removed, or came twice.

    Args:
        recording: The file.
        relative: Its path below the watched folder.
        folder: The folder of recordings that are done.
    """
    taken = _stems(folder / relative.parent)
    for stem in _numbered(relative.stem):
        place = relative.with_name(f"{stem}{relative.suffix}")
        if stem not in taken or _is_same(recording, folder / place):
            return place
    raise AssertionError(relative)


def move_done(recording: Path, target: Path, stamp: FileStamp) -> bool:
    """Move a recording; return False where it was replaced meanwhile, and stays.

    Args:
        recording: The file.
        target: Where it goes.
        stamp: As it was when it was transcribed.

    Raises:
        OSError: It cannot be moved; another recording may have come there meanwhile.
    """
    if FileStamp.of(recording) != stamp:
        return False
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        _take_name(target)
    except FileExistsError:
        if not _is_same(recording, target):
            raise
        recording.unlink()
        return True
    try:
        return _moved(recording, target, stamp)
    except BaseException:
        if not _has_come(recording, target, stamp):
            target.unlink(missing_ok=True)
        raise


def _take_name(target: Path) -> None:
    """Make an empty file, so that no other watcher moves a recording to the same place.

    Raises:
        OSError: There is a file, or none can be made.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    try:
        os.close(os.open(target, flags, 0o600))
    except FileExistsError as error:
        raise FileExistsError(error.errno, "another recording came there", str(target)) from error


def _moved(recording: Path, target: Path, stamp: FileStamp) -> bool:
    if recording.is_symlink() or target.parent.stat().st_dev != stamp.device:
        with recording.open("rb") as source, written_whole(target) as file:
            shutil.copyfileobj(source, file)
        shutil.copystat(recording, target)
        if FileStamp.of(recording) != stamp:
            target.unlink()
            return False
        recording.unlink()
        return True
    recording.rename(target)
    if FileStamp.of(target) != stamp and not recording.exists():
        target.rename(recording)
        return False
    sync_folder(target.parent)
    return True


def _has_come(recording: Path, target: Path, stamp: FileStamp) -> bool:
    """Return True if what lies at ``target`` is all that is left of a recording.

    Ctrl-C, or a disk that refuses to flush, may come after the move itself.
    """
    if not os.path.lexists(recording):
        return True
    with suppress(OSError):  # it lies nowhere but where it was
        return FileStamp.of(target) == stamp
    return False


def _numbered(stem: str) -> Iterator[str]:
    yield stem
    yield from (f"{stem}-{number}" for number in count(2))


def _stems(folder: Path) -> frozenset[str]:
    try:
        return frozenset(os.path.splitext(name)[0] for name in os.listdir(folder))  # noqa: PTH122, PTH208 - text is all that is needed
    except OSError:
        return frozenset()


def _is_same(one: Path, other: Path) -> bool:
    try:
        return filecmp.cmp(one, other, shallow=False)
    except OSError:
        return False
