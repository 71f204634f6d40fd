"""Carries weights to a machine without network: as a folder, which is a mirror, or as a tar of it.

Nothing in an archive is trusted: its members become plain files below a folder of their own, and
what is imported from there goes the way of every pull, digests and all.
"""

import io
import os
import shutil
import tarfile
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath

import msgspec
from msgspec import structs

from dalston_cli.atomic_file import sync_folder
from dalston_cli.catalog.load import Catalog
from dalston_cli.catalog.schema import ModelEntry
from dalston_cli.catalog.sources import FileSource
from dalston_cli.catalog.weights import layout
from dalston_cli.catalog.weights.acquire import OnPull, pull
from dalston_cli.catalog.weights.audit import DamagedModelError, verify
from dalston_cli.catalog.weights.failures import NotInstalledError
from dalston_cli.catalog.weights.inventory import InstalledModel, installed
from dalston_cli.catalog.weights.pull_options import PullOptions, SourceOrder
from dalston_cli.errors import InputError, UsageError

SUFFIX = ".tar"
_DEPTH = 3  # engine, model id, file


class NothingToExportError(UsageError):
    """The model has no files of its own."""

    code = "nothing_to_export"

    def __init__(self, model: ModelEntry) -> None:
        super().__init__(
            f"the model {model.id} is part of its engine or of a service, and has no files",
            hint="`dalston models list --installed` shows what was pulled",
        )


class ImportedError(InputError):
    """The folder or archive cannot be imported."""

    code = "import"

    def __init__(self, place: Path, problem: str) -> None:
        super().__init__(
            f"{place} cannot be imported: {problem}",
            hint="make it with `dalston models export MODEL... FOLDER` or `... FILE.tar`",
        )


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
    """
    found = [(model, _manifest(model, models_dir)) for model in models]
    if target.suffix == SUFFIX:
        _write_archive(found, models_dir, target, on_model)
        return
    for model, manifest in found:
        on_model(model)
        _write_folder(model, manifest, models_dir, target)


@contextmanager
def opened(place: Path, models_dir: Path) -> Iterator[Path]:
    """Yield the folder to import from; an archive is unpacked beside the models first.

    Raises:
        ImportedError: It is no folder and no archive, or has what must not be in one.
    """
    if place.is_dir():
        yield place.absolute()
        return
    base = models_dir / ".partial"
    base.mkdir(parents=True, exist_ok=True)
    unpacked = Path(tempfile.mkdtemp(prefix="import-", dir=base))
    try:
        _unpack(place, unpacked)
        yield unpacked
    finally:
        shutil.rmtree(unpacked)
        with suppress(OSError):  # a model is being pulled
            base.rmdir()


def models_in(folder: Path, catalog: Catalog, place: Path) -> tuple[ModelEntry, ...]:
    """Return the models whose manifests are in a folder.

    Args:
        folder: To be looked through.
        catalog: Has to know every one of them.
        place: What the user named, for messages.

    Raises:
        ImportedError: There is none, or one that the catalog does not know.
    """
    names = sorted(path.parent.name for path in folder.glob(f"*/*/{layout.MANIFEST}"))
    if not names:
        raise ImportedError(place, f"there is no <engine>/<model>/{layout.MANIFEST} in it")
    models = []
    for name in names:
        if name not in catalog.models:
            raise ImportedError(place, f"the catalog has no model {name}")
        if not catalog.models[name].has_files or isinstance(
            catalog.models[name].source, FileSource
        ):
            raise ImportedError(place, f"the weights of {name} are not pulled but lie elsewhere")
        models.append(catalog.models[name])
    return tuple(models)


def import_model(
    model: ModelEntry, folder: Path, models_dir: Path, on_progress: OnPull, *, called: Path
) -> InstalledModel:
    """Take a model from a folder, with every check of a pull; one that is installed stays.

    ``called`` is what the user named, for messages and the manifest.

    Raises:
        PullError: The folder's files are not the model's.
    """
    order = SourceOrder(mirror=str(folder), mirror_name=str(called))
    return pull(model, models_dir, PullOptions(offline=True, order=order), on_progress)


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
    final.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=f".{model.id}-", dir=final.parent))
    try:
        for file in manifest.files:
            copy = beside / "new" / file.path
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(_root(model, manifest, models_dir) / file.path, copy)
        _carried(manifest).write(beside / "new")
        if final.exists():
            final.rename(beside / "old")
        (beside / "new").rename(final)
        sync_folder(final.parent)
    finally:
        shutil.rmtree(beside)


def _write_archive(
    found: Sequence[tuple[ModelEntry, layout.Manifest]],
    models_dir: Path,
    target: Path,
    on_model: Callable[[ModelEntry], None],
) -> None:
    part = target.with_name(f".{target.name}.part")
    try:
        with tarfile.open(part, "w") as archive:
            for model, manifest in found:
                on_model(model)
                root, place = _root(model, manifest, models_dir), f"{model.engine}/{model.id}"
                for file in manifest.files:
                    with (root / file.path).open("rb") as stream:
                        _add(archive, f"{place}/{file.path}", file.size, stream)
                content = msgspec.json.encode(_carried(manifest))
                _add(archive, f"{place}/{layout.MANIFEST}", len(content), io.BytesIO(content))
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def _add(archive: tarfile.TarFile, name: str, size: int, stream: io.BufferedIOBase) -> None:
    """Add a plain file without owner and time: the same models make the same archive."""
    info = tarfile.TarInfo(name)
    info.size, info.mode = size, 0o644
    archive.addfile(info, stream)


def _unpack(archive: Path, folder: Path) -> None:
    try:
        with tarfile.open(archive, "r:*") as opened_archive:
            for info in opened_archive:
                if not info.isdir():
                    _unpack_one(opened_archive, info, archive, folder)
    except (tarfile.TarError, EOFError) as error:
        raise ImportedError(archive, f"it is no archive that can be read ({error})") from error
    except OSError as error:
        raise ImportedError(archive, error.strerror or str(error)) from error


def _unpack_one(archive: tarfile.TarFile, info: tarfile.TarInfo, place: Path, folder: Path) -> None:
    name = PurePosixPath(info.name)
    if not info.isfile():
        raise ImportedError(place, f"{info.name} in it is a link or a device")
    if name.is_absolute() or ".." in name.parts or len(name.parts) < _DEPTH:
        raise ImportedError(place, f"{info.name} in it is no file of a model")
    if info.size > shutil.disk_usage(folder).free:
        raise ImportedError(place, f"the disk has no room for {info.name}")
    target = folder / name
    target.parent.mkdir(parents=True, exist_ok=True)
    content = archive.extractfile(info)
    if content is not None:
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
        with content, os.fdopen(descriptor, "wb") as stream:
            shutil.copyfileobj(content, stream)
