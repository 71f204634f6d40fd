"""Gets a model's files from a mirror: a folder or a web server with the layout of a models folder.

``<mirror>/<engine>/<model id>/manifest.json`` names the files beside it, with their digests. What
``dalston models export`` writes is a mirror, and so is any models folder. Runs in the child process
of a pull.
"""

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import httpx2
import msgspec

from dalston_cli.atomic_file import new_file, sync, sync_folder
from dalston_cli.catalog.weights.download import Digests, refuse_bad_status, unreachable
from dalston_cli.catalog.weights.exchange import Failure, MirrorJob, PullFailure, RemoteFile
from dalston_cli.catalog.weights.layout import MANIFEST, Manifest, ManifestFile, chunks_of
from dalston_cli.catalog.weights.paths import check_paths
from dalston_cli.catalog.weights.reporter import Reporter

_MOST_BYTES = 16 * 1024 * 1024
"""No manifest is larger."""


def read_manifest(job: MirrorJob, client: httpx2.Client) -> Manifest:
    """Return the mirror's manifest of the model, if it is of the files that the catalog means.

    Raises:
        PullFailure: The mirror lacks the model, has another, or cannot be reached.
    """
    try:
        content = _content(job, client)
        manifest = msgspec.json.decode(content, type=Manifest)
    except msgspec.DecodeError as error:
        raise PullFailure(Failure(kind="mirror_differs", detail=f"{MANIFEST}: {error}")) from error
    check_paths(file.path for file in manifest.files)
    if problem := _problem(job, manifest):
        raise PullFailure(Failure(kind="mirror_differs", detail=problem))
    return manifest


def _problem(job: MirrorJob, manifest: Manifest) -> str | None:
    """Return what is wrong with the manifest, for people.

    A source in it is only a line of text: it counts where the catalog does not know the files.
    """
    if (manifest.engine, manifest.model) != (job.engine, job.model):
        return f"it is {manifest.model} of engine {manifest.engine}"
    if not manifest.files:
        return f"its {MANIFEST} names no files"
    if job.digests:
        matches = manifest.digest in job.digests
        return None if matches else "its files are not those whose digests the catalog has"
    if manifest.source not in job.sources:
        return f"it came from {manifest.source}, and the catalog names another source"
    return None


def remote_files(job: MirrorJob, manifest: Manifest) -> tuple[RemoteFile, ...]:
    """Return the files of the manifest, with their addresses."""
    return tuple(
        RemoteFile(path=file.path, url=_address(job, file.path), size=file.size, sha256=file.sha256)
        for file in manifest.files
    )


def copy(
    files: tuple[RemoteFile, ...], job: MirrorJob, folder: Path, reporter: Reporter
) -> tuple[ManifestFile, ...]:
    """Copy files from a mirror on this machine; those that are in ``folder`` already are kept.

    Raises:
        PullFailure: A file is missing, is a link, or is not what the manifest says.
    """
    root = Path(job.place, job.engine, job.model).resolve()
    copied = []
    for file in files:
        reporter.file = file.path
        target = folder / file.path
        target.parent.mkdir(parents=True, exist_ok=True)
        if not _is_here(target, file, reporter):
            _copy(_plain_file(root, file.path), target, file, reporter)
        size = file.size or 0
        reporter.finished += size
        copied.append(ManifestFile(path=file.path, size=size, sha256=file.sha256 or ""))
    return tuple(copied)


def missing_bytes(files: tuple[RemoteFile, ...], folder: Path) -> int:
    """Return the bytes that have to be copied."""
    return sum(file.size or 0 for file in files if not (folder / file.path).exists())


def _content(job: MirrorJob, client: httpx2.Client) -> bytes:
    if not job.is_remote:
        root = Path(job.place, job.engine, job.model).resolve()
        return b"".join(_bounded(chunks_of(_plain_file(root, MANIFEST))))
    url = _address(job, MANIFEST)
    try:
        with client.stream("GET", url) as response:
            refuse_bad_status(response)
            return b"".join(_bounded(response.iter_bytes()))
    except httpx2.HTTPError as error:
        raise PullFailure(unreachable(error, url)) from error


def _bounded(chunks: Iterator[bytes]) -> Iterator[bytes]:
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > _MOST_BYTES:
            raise PullFailure(Failure(kind="mirror_differs", detail=f"{MANIFEST} is too large"))
        yield chunk


def _address(job: MirrorJob, path: str) -> str:
    return f"{job.place.rstrip('/')}/{quote(f'{job.engine}/{job.model}/{path}')}"


def _plain_file(root: Path, name: str) -> Path:
    """Return the path of a file that is no link and lies behind none."""
    path = root / name
    try:
        status = os.lstat(path)
    except OSError as error:
        raise PullFailure(Failure(kind="not_found", file=name, detail=str(error))) from error
    if not stat.S_ISREG(status.st_mode) or path.resolve() != path:
        raise PullFailure(Failure(kind="no_file", file=name))
    return path


def _is_here(path: Path, file: RemoteFile, reporter: Reporter) -> bool:
    """Return True if the file is there from before, and remove another of its name."""
    if not path.exists():
        return False
    digests = Digests(file)
    for chunk in chunks_of(path):
        digests.update(chunk)
        reporter.on_bytes(digests.size, True)  # noqa: FBT003 - positional callback
    if not digests.match():
        path.unlink()
    return digests.match()


def _copy(source: Path, target: Path, file: RemoteFile, reporter: Reporter) -> None:
    part, digests = target.with_name(f".{target.name}.part"), Digests(file)
    with new_file(part) as stream:
        for chunk in chunks_of(source):
            digests.update(chunk)
            if digests.size > (file.size or 0):
                break
            stream.write(chunk)
            reporter.on_bytes(digests.size, False)  # noqa: FBT003 - positional callback
        sync(stream)
    if not digests.match():
        part.unlink()
        raise PullFailure(Failure(kind="digest", file=file.path))
    part.replace(target)
    sync_folder(target.parent)
