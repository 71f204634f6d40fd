"""Where weights lie on disk, and the manifest that says what they must be.

<models>/<engine>/<model id>/manifest.json   written last: without it nothing is installed
<models>/<engine>/<model id>/…               the files
<models>/.partial/<engine>/<model id>/files/…   a pull that is not finished
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec

from dalston_cli.atomic_file import sync_folder, write_whole
from dalston_cli.catalog.schema import (
    BundledSource,
    FileSource,
    HttpsSource,
    HubPart,
    HubSource,
    ModelEntry,
    ServiceSource,
)

MANIFEST = "manifest.json"
MANIFEST_VERSION = 1


class ManifestFile(msgspec.Struct, frozen=True, kw_only=True):
    """One file of a model.

    Attributes:
        path: Relative to the model's folder, with ``/``.
        size: In bytes.
        mtime_ns: Only for files that stay where the user has them: a change shows in it.
    """

    path: str
    size: int
    sha256: str
    mtime_ns: int | None = None


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What was pulled, from where, and what every file must be.

    Attributes:
        source: The source in the catalog at the time, as one line of text.
        revision: The commit that the hub resolved the revision of the first repository to.
        folder: Where the files lie if they were not copied; absolute.
        damage: What a verification found wrong with the files' content since then, for people.
    """

    version: int = MANIFEST_VERSION
    model: str
    engine: str
    source: str
    revision: str | None = None
    licence: str
    pulled_at: datetime
    files: tuple[ManifestFile, ...]
    folder: str | None = None
    damage: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """Bytes of all files together."""
        return sum(file.size for file in self.files)

    @property
    def digest(self) -> str:
        """``sha256:…`` over every file's path and content; when and whence do not count."""
        return digest_of(f"{file.path}\0{file.sha256}" for file in self.files)


@dataclass(frozen=True, kw_only=True)
class ModelFolder:
    """The places of one model under the folder of all models."""

    models: Path
    engine: str
    model: str

    @classmethod
    def of(cls, model: ModelEntry, models: Path) -> "ModelFolder":
        """The places of ``model``."""
        return cls(models=models, engine=model.engine, model=model.id)

    @property
    def path(self) -> Path:
        """Where the finished weights lie."""
        return self.models / self.engine / self.model

    @property
    def partial(self) -> Path:
        """Where an unfinished pull lies, on the same disk; also what a pull locks."""
        return self.models / ".partial" / self.engine / self.model

    @property
    def partial_files(self) -> Path:
        """What becomes ``path`` when the pull is finished."""
        return self.partial / "files"


def describe_source(model: ModelEntry) -> str:
    """The model's source as one line that changes whenever other files would be taken."""
    match model.source:
        case HubSource(parts=parts) as source:
            further = (f" + {part.folder}/ from {_describe_repo(part)}" for part in parts)
            return f"{_describe_repo(source)}{''.join(further)}"
        case HttpsSource(files=https_files):
            digest = digest_of(f"{file.path}\0{file.sha256}" for file in https_files)
            return f"{https_files[0].url} ({len(https_files)} files, {digest})"
        case FileSource(path=path):
            return f"file:{path}"
        case BundledSource(package=package):
            return f"bundled:{package}"
        case ServiceSource(key=key, url=url):
            return f"service:{key} {url}"


def _describe_repo(source: HubSource | HubPart) -> str:
    return f"hf:{source.repo}@{source.revision} {' '.join(source.files)}"


def read_manifest(folder: Path) -> Manifest | None:
    """The manifest in ``folder``; None where there is none or it cannot be understood."""
    try:
        return msgspec.json.decode((folder / MANIFEST).read_bytes(), type=Manifest)
    except (OSError, msgspec.DecodeError):
        return None


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write the manifest so that it is there wholly or not at all, even after a power cut."""
    text = msgspec.json.format(msgspec.json.encode(manifest), indent=2)
    write_whole(folder / MANIFEST, text + b"\n")
    sync_folder(folder)


def digest_of(lines: Iterable[str]) -> str:
    """``sha256:…`` over lines, in any order."""
    text = "\n".join(sorted(lines))
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
