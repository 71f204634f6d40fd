"""Models that the user already has: nothing is copied, only hashed once and noted."""

import hashlib
import stat
from collections.abc import Iterator
from pathlib import Path

from dalston_cli.catalog.schema import ModelEntry
from dalston_cli.catalog.weights.layout import Manifest, ManifestFile, ModelFolder, manifest_of
from dalston_cli.errors import ModelUnavailableError


class LinkError(ModelUnavailableError):
    """The file or folder that a model's entry names cannot be used."""

    code = "link"

    def __init__(self, model: ModelEntry, path: Path, detail: str) -> None:
        super().__init__(
            f"the model {model.id} cannot be linked: {path}: {detail}",
            hint=f"check the path under `source` in {model.file}",
        )


def link(model: ModelEntry, path: Path, models_dir: Path) -> Manifest:
    """Write the manifest of weights that stay at ``path``, a file or a folder.

    Raises:
        LinkError: There is nothing at ``path``, or it cannot be read.
    """
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


def sha256_of(path: Path) -> str:
    """Return the digest of a file's content in hexadecimal digits."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


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
