"""Writes installed weights to be carried: into a folder, which is a mirror, or into a tar."""

import errno
import io
import os
import shlex
import shutil
import tarfile
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec
from msgspec import structs

from dalston_cli.atomic_file import sync_folder, written_whole
from dalston_cli.catalog.schema import ModelEntry
from dalston_cli.catalog.weights import layout
from dalston_cli.catalog.weights.audit import DamagedModelError, verify
from dalston_cli.catalog.weights.failures import NotInstalledError
from dalston_cli.catalog.weights.inventory import installed
from dalston_cli.errors import UnavailableError, UsageError

SUFFIX = ".tar"
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_OTHER_KIND = frozenset({errno.EISDIR, errno.ENOTDIR, errno.EEXIST})


class NothingToExportError(UsageError):
    """The model has no files of its own."""

    code = "nothing_to_export"

    def __init__(self, model: ModelEntry) -> None:
        super().__init__(
            f"the model {model.id} is part of its engine or of a service, and has no files",
            hint="`dalston models list --installed` shows what was pulled",
        )


class ExportError(UnavailableError):
    """The folder or archive cannot be written."""

    code = "export"

    def __init__(self, target: Path, error: OSError) -> None:
        super().__init__(
            f"{target} cannot be written: {error.strerror or error}", hint=_remedy(target, error)
        )


def _remedy(target: Path, error: OSError) -> str:
    if error.errno == errno.ENOENT and target.suffix == SUFFIX:
        return f"make the folder first: mkdir -p {shlex.quote(str(target.parent))}"
    if error.errno in _NO_ROOM:
        return "make room there, or name a place on another disk"
    if error.errno in _OTHER_KIND:
        return f"name a folder, or a file that ends in {SUFFIX}"
    return "make it writable, or name another place"


def export_models(
    models: Sequence[ModelEntry],
    models_dir: Path,
    target: Path,
    on_model: Callable[[ModelEntry], None] = lambda _: None,
) -> None:
    """Write models into a folder, or into an archive where ``target`` ends in ``.tar``.

    Each is verified before; none is there half. An archive replaces one of its name.

    Raises:
        NothingToExportError, NotInstalledError: A model is not here.
        DamagedModelError: Its files are not what was pulled.
        ExportError: The target cannot be written.
    """
    found = [(model, _manifest(model, models_dir)) for model in models]
    try:
        if target.suffix == SUFFIX:
            _write_archive(found, models_dir, target, on_model)
            return
        for model, manifest in found:
            on_model(model)
            _write_folder(model, manifest, models_dir, target)
    except BrokenPipeError:  # of standard error
        raise
    except OSError as error:
        raise ExportError(target, error) from error


def _manifest(model: ModelEntry, models_dir: Path) -> layout.Manifest:
    """Return the manifest of verified weights, as it is written elsewhere."""
    if not model.has_files:
        raise NothingToExportError(model)
    if installed(model, models_dir) is None:
        raise NotInstalledError(model.id)
    checked = verify(model, models_dir)
    manifest = layout.read_manifest(layout.ModelFolder.of(model, models_dir).path)
    if checked.problems or manifest is None:
        raise DamagedModelError([checked])
    return manifest


def _carried(manifest: layout.Manifest) -> layout.Manifest:
    files = tuple(structs.replace(file, mtime_ns=None) for file in manifest.files)
    return structs.replace(manifest, files=files, folder=None, mirror=None, damage=())


def _root(model: ModelEntry, manifest: layout.Manifest, models_dir: Path) -> Path:
    if manifest.folder:
        return Path(manifest.folder)
    return layout.ModelFolder.of(model, models_dir).path


def _write_folder(
    model: ModelEntry, manifest: layout.Manifest, models_dir: Path, target: Path
) -> None:
    final = target / model.engine / model.id
    with _made(final.parent):
        beside = Path(tempfile.mkdtemp(prefix=f".{model.id}-", dir=final.parent))
        try:
            for file in manifest.files:
                copy = beside / "new" / file.path
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(_root(model, manifest, models_dir) / file.path, copy)
            _carried(manifest).write(beside / "new")
            _put(beside / "new", final, beside / "old")
        finally:
            shutil.rmtree(beside)


@contextmanager
def _made(folder: Path) -> Iterator[None]:
    """Make a folder; if the block fails, what was made and is empty goes again."""
    made = [one for one in (folder, *folder.parents) if not one.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield
    except BaseException:
        for one in made:
            with suppress(OSError):  # it was not made, or another export uses it
                one.rmdir()
        raise


def _put(new: Path, final: Path, old: Path) -> None:
    """Put a folder into the place of another, which stays if that fails."""
    try:
        if final.exists():
            final.rename(old)
        new.rename(final)
    except BaseException:
        if old.exists() and not final.exists():
            old.rename(final)
        raise
    sync_folder(final.parent)


def _write_archive(
    found: Sequence[tuple[ModelEntry, layout.Manifest]],
    models_dir: Path,
    target: Path,
    on_model: Callable[[ModelEntry], None],
) -> None:
    if target.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(target))
    with written_whole(target) as whole, tarfile.open(fileobj=whole, mode="w") as archive:
        for model, manifest in found:
            on_model(model)
            root, place = _root(model, manifest, models_dir), f"{model.engine}/{model.id}"
            for file in manifest.files:
                with (root / file.path).open("rb") as stream:
                    _add(archive, f"{place}/{file.path}", file.size, stream)
            content = msgspec.json.encode(_carried(manifest))
            _add(archive, f"{place}/{layout.MANIFEST}", len(content), io.BytesIO(content))


def _add(archive: tarfile.TarFile, name: str, size: int, stream: io.BufferedIOBase) -> None:
    """Add a plain file without owner and time: the same models make the same archive."""
    info = tarfile.TarInfo(name)
    info.size, info.mode = size, 0o644
    archive.addfile(info, stream)
