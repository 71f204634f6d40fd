"""Folders of weights on disk, and the manifest with the digests of their files.

Weights that the user already has are not copied: ``link`` hashes them and writes the manifest.

<models>/<engine>/<model id>/manifest.json   written last: without it nothing is installed
<models>/<engine>/<model id>/…               the files
<models>/.partial/<engine>/<model id>/files/…   a pull that is not finished
"""

import hashlib
import stat
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Struct

from dalston_cli.atomic_file import sync_folder, write_whole
from dalston_cli.catalog import sources
from dalston_cli.catalog.schema import ModelEntry
from dalston_cli.errors import ModelUnavailableError
from dalston_cli.regular_file import open_regular, read_regular

MANIFEST = "manifest.json"
MANIFEST_VERSION = 1

_CHUNK = 1024 * 1024


class LinkError(ModelUnavailableError):
    """The file or folder that a model's entry names cannot be used."""

    code = "link"

    def __init__(self, model: ModelEntry, path: Path, detail: str) -> None:
        super().__init__(
            f"the model {model.id} cannot be linked: {path}: {detail}",
            hint=f"check the path under `source` in {model.file}",
        )


class ManifestFile(msgspec.Struct, frozen=True, kw_only=True):
    """One file of a model.

    Attributes:
        path: Relative to the model's folder, with ``/``.
        mtime_ns: Only for linked files, to notice a change.
    """

    path: str
    size: Annotated[int, msgspec.Meta(ge=0)]
    sha256: str
    mtime_ns: int | None = None


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """Files of a pull, with their origin and digests.

    Attributes:
        source: The source in the catalog at the time, as one line of text.
        revision: The commit of the first repository's revision at that time.
        mirror: The folder or address that served in place of the source.
        folder: Of the files, absolute, if they were linked and not copied.
        damage: Problems of the files' content found by a verification since, for people.
    """

    version: int = MANIFEST_VERSION
    model: str
    engine: str
    source: str
    revision: str | None = None
    licence: str
    pulled_at: datetime
    files: tuple[ManifestFile, ...]
    mirror: str | None = None
    folder: str | None = None
    damage: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)

    @property
    def digest(self) -> str:
        """``sha256:…`` over every file's path and content; time and source do not count."""
        return digest_of(f"{file.path}\0{file.sha256}" for file in self.files)

    def write(self, folder: Path) -> None:
        """Write the manifest into ``folder`` atomically, so that it survives a power cut."""
        text = msgspec.json.format(msgspec.json.encode(self), indent=2)
        write_whole(folder / MANIFEST, text + b"\n")
        sync_folder(folder)


class ModelFolder(Struct, frozen=True, kw_only=True):
    """The folders of one model below the folder of all models."""

    models: Path
    engine: str
    model: str

    @classmethod
    def of(cls, model: ModelEntry, models: Path) -> "ModelFolder":
        """Return the folders of ``model``."""
        return cls(models=models, engine=model.engine, model=model.id)

    @property
    def path(self) -> Path:
        """Folder of the finished weights."""
        return self.models / self.engine / self.model

    @property
    def partial(self) -> Path:
        """Folder of an unfinished pull, on the same disk; a pull locks it."""
        return self.models / ".partial" / self.engine / self.model

    @property
    def partial_files(self) -> Path:
        """Folder that becomes ``path`` when the pull is finished."""
        return self.partial / "files"


def describe_source(source: sources.Source) -> str:
    """Return the source as one line, which changes whenever other files would be taken."""
    match source:
        case sources.HubSource(parts=parts) as hub:
            further = (f" + {part.folder}/ from {_describe_repo(part)}" for part in parts)
            return f"{_describe_repo(hub)}{''.join(further)}"
        case sources.HttpsSource(files=https_files):
            return f"{https_files[0].url} ({len(https_files)} files, {pinned_digest(source)})"
        case sources.PackageSource(packages=packages, files=packed_files):
            names = " ".join(f"{wheel.name}=={wheel.version}" for wheel in packages)
            return f"pypi:{names} ({len(packed_files)} files, {pinned_digest(source)})"
        case sources.FileSource(path=path):
            return f"file:{path}"
        case sources.BundledSource(package=package):
            return f"bundled:{package}"
        case sources.ServiceSource(key=key, url=url):
            return f"service:{key} {url}"


def places_of(source: str, described: str) -> Iterator[str]:
    """Yield where a described source has the files of another one: ``""`` or ``"folder/"``."""
    first, *further = described.split(" + ")
    if first == source:
        yield ""
    for part in further:
        folder, _, repo = part.partition(" from ")
        if repo == source:
            yield folder


def pinned_digest(source: sources.Source) -> str | None:
    """Return what ``Manifest.digest`` is for files of this source; None if only the pull tells."""
    if isinstance(source, sources.HttpsSource | sources.PackageSource):
        return digest_of(f"{file.path}\0{file.sha256}" for file in source.files)
    return None


def _describe_repo(source: sources.HubSource | sources.HubPart) -> str:
    return f"hf:{source.repo}@{source.revision} {' '.join(source.files)}"


def manifest_of(
    model: ModelEntry,
    files: tuple[ManifestFile, ...],
    *,
    revision: str | None = None,
    folder: str | None = None,
) -> Manifest:
    """Return the manifest of files that are here as of now; see ``Manifest``."""
    return Manifest(
        model=model.id,
        engine=model.engine,
        source=describe_source(model.source),
        revision=revision,
        licence=model.licence,
        pulled_at=datetime.now(UTC),
        files=files,
        folder=folder,
    )


def read_manifest(folder: Path) -> Manifest | None:
    """Return the manifest in ``folder``; None if there is none that can be read."""
    try:
        return msgspec.json.decode(read_regular(folder / MANIFEST), type=Manifest)
    except (OSError, msgspec.DecodeError):
        return None


def digest_of(lines: Iterable[str]) -> str:
    """Return ``sha256:…`` over lines, in any order."""
    text = "\n".join(sorted(lines))
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def chunks_of(path: Path) -> Iterator[bytes]:
    """Yield a file's content, a MiB at a time."""
    with open_regular(path) as stream:
        yield from iter(lambda: stream.read(_CHUNK), b"")


def sha256_of(path: Path) -> str:
    """Return the digest of a file's content in hexadecimal digits."""
    with open_regular(path) as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def link(model: ModelEntry, path: Path, models_dir: Path) -> Manifest:
    """Write the manifest of weights that stay at ``path``, or raise a LinkError."""
    root = path if path.is_dir() else path.parent
    try:
        files = tuple(_describe(file, root) for file in sorted(_files_at(path)))
    except OSError as error:
        raise LinkError(model, path, error.strerror or str(error)) from error
    if not files:
        raise LinkError(model, path, "there are no files")
    manifest = manifest_of(model, files, folder=str(root))
    manifest.write(ModelFolder.of(model, models_dir).path)
    return manifest


def _files_at(path: Path) -> Iterator[Path]:
    if path.is_dir():
        yield from (file for file in path.rglob("*") if stat.S_ISREG(file.stat().st_mode))
    else:
        yield path


def _describe(file: Path, root: Path) -> ManifestFile:
    before = file.stat()
    return ManifestFile(
        path=file.relative_to(root).as_posix(),
        size=before.st_size,
        sha256=sha256_of(file),
        mtime_ns=before.st_mtime_ns,
    )
