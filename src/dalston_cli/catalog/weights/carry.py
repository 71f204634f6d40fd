"""Takes weights that were carried here: from a folder, which is a mirror, or from a tar of it.

Nothing in an archive is trusted: its members become plain files below a folder of their own, and
what is imported from there goes the way of every pull, digests and all.
"""

import lzma
import os
import shutil
import tarfile
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath

from dalston_cli.catalog.catalog import Catalog
from dalston_cli.catalog.schema import ModelEntry
from dalston_cli.catalog.sources import FileSource
from dalston_cli.catalog.weights import layout
from dalston_cli.catalog.weights.acquire import OnPull, pull
from dalston_cli.catalog.weights.inventory import InstalledModel
from dalston_cli.catalog.weights.pull_options import PullOptions, SourceOrder
from dalston_cli.errors import InputError

_DEPTH = 3  # engine, model id, file


class ImportedError(InputError):
    """The folder or archive cannot be imported."""

    code = "import"

    def __init__(self, place: Path, problem: str) -> None:
        super().__init__(
            f"{place} cannot be imported: {problem}",
            hint="make it with `dalston models export MODEL... FOLDER` or `... FILE.tar`",
        )


@contextmanager
def opened(place: Path, models_dir: Path) -> Iterator[Path]:
    """Yield the folder to import from; an archive is unpacked beside the models first.

    Raises:
        ImportedError: It is no folder and no archive, or has what must not be in one.
    """
    if place.is_dir():
        yield place.absolute()
        return
    if place.exists() and not place.is_file():
        raise ImportedError(place, "it is neither a folder nor a file")
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


def _unpack(archive: Path, folder: Path) -> None:
    try:
        with tarfile.open(archive, "r:*") as opened_archive:
            for info in opened_archive:
                if not info.isdir():
                    _unpack_one(opened_archive, info, archive, folder)
    except (tarfile.TarError, EOFError, zlib.error, lzma.LZMAError) as error:
        raise ImportedError(archive, f"it is no archive that can be read ({error})") from error
    except OSError as error:
        raise ImportedError(archive, error.strerror or str(error)) from error


def _unpack_one(archive: tarfile.TarFile, info: tarfile.TarInfo, place: Path, folder: Path) -> None:
    name = PurePosixPath(info.name)
    if not info.isfile():
        raise ImportedError(place, f"{info.name} in it is a link or a device")
    outside = name.is_absolute() or ".." in name.parts or "\0" in info.name
    if outside or len(name.parts) < _DEPTH:
        raise ImportedError(place, f"{info.name} in it is no file of a model")
    if info.size > shutil.disk_usage(folder).free:
        raise ImportedError(place, f"the disk has no room for {info.name}")
    content = archive.extractfile(info)
    if content is not None:
        with content, os.fdopen(_new_file(folder / name, info, place), "wb") as stream:
            shutil.copyfileobj(content, stream)


def _new_file(target: Path, info: tarfile.TarInfo, place: Path) -> int:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        return os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    except (FileExistsError, NotADirectoryError) as error:
        problem = f"{info.name} in it comes twice, or as a file and a folder"
        raise ImportedError(place, problem) from error
