"""Verifies installed weights, measures and frees their disk space."""

import hashlib
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from msgspec import structs

from dalston_cli.catalog.schema import ModelEntry
from dalston_cli.catalog.weights import layout
from dalston_cli.catalog.weights.failures import INSTALLED_ONES, NotInstalledError
from dalston_cli.catalog.weights.inventory import installed, visible_problems
from dalston_cli.errors import ModelUnavailableError
from dalston_cli.folder_lock import lock_folder


class DamagedModelError(ModelUnavailableError):
    """Installed weights differ from what was pulled."""

    code = "damaged"

    def __init__(self, damaged: "Sequence[Verified]") -> None:
        ids = " ".join(found.model for found in damaged)
        told = "; ".join(f"{found.model}: {', '.join(found.problems)}" for found in damaged)
        super().__init__(
            f"weights are damaged: {told}", hint=f"run `dalston models pull --again {ids}`"
        )


@dataclass(frozen=True, kw_only=True)
class Verified:
    """Result of hashing every file: problems, for people, unless the weights are intact."""

    model: str
    size: int
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Usage:
    """Disk space of one model, in bytes; ``partial`` is of a pull that is not finished."""

    engine: str
    model: str
    size: int
    partial: int = 0


def verify(
    model: ModelEntry, models_dir: Path, on_bytes: Callable[[int], None] = lambda _: None
) -> Verified:
    """Hash every file of ``model`` again, but leave bundled weights to the package installer.

    Damage is noted, so that the weights do not count as installed until a pull, or another
    verification, finds them intact. ``on_bytes`` gets the number of bytes done.

    Raises:
        NotInstalledError: There is nothing to verify.
    """
    found = installed(model, models_dir)
    if found is None:
        raise NotInstalledError(model.id)
    folder = layout.ModelFolder.of(model, models_dir).path
    manifest = layout.read_manifest(folder)
    if manifest is None:
        return Verified(model=model.id, size=found.size)
    root = Path(manifest.folder) if manifest.folder else folder
    visible, done = list(visible_problems(model, manifest, root)), 0
    damage: list[str] = []
    for file in manifest.files:
        if not any(problem.startswith(f"{file.path} ") for problem in visible):
            damage += _content_problems(root / file.path, file, done, on_bytes)
        done += file.size
    _note_damage(folder, manifest, tuple(damage))
    return Verified(model=model.id, size=manifest.size, problems=(*visible, *damage))


def _note_damage(folder: Path, manifest: layout.Manifest, damage: tuple[str, ...]) -> None:
    """Note the damage, unless the weights were replaced meanwhile."""
    if damage == manifest.damage or layout.read_manifest(folder) != manifest:
        return
    with suppress(OSError):  # only another user may write here: the report has to do
        structs.replace(manifest, damage=damage).write(folder)


def remove(folder: layout.ModelFolder) -> int:
    """Delete a model's weights and unfinished pulls, but no linked files; return the bytes freed.

    Raises:
        NotInstalledError: There is nothing to delete.
    """
    if not folder.path.exists() and not folder.partial.exists():
        raise NotInstalledError(folder.model, hint=INSTALLED_ONES)
    with lock_folder(folder.partial):
        freed = _size_of(folder.path) + _size_of(folder.partial)
        if folder.path.exists():
            # Moved away in one step: no process ever sees half a model.
            shutil.rmtree(removed := folder.partial / "removed", ignore_errors=True)
            folder.path.rename(removed)
        shutil.rmtree(folder.partial)
    for parent in (folder.path.parent, folder.partial.parent, folder.partial.parent.parent):
        with suppress(OSError):  # not empty
            parent.rmdir()
    return freed


def disk_usage(models_dir: Path) -> tuple[Usage, ...]:
    """Return the space of every model, largest first, even if the catalog lacks it now."""
    partial = models_dir / ".partial"
    places = {
        (path.parent.name, path.name)
        for base in (models_dir, partial)
        for path in base.glob("*/*")
        if path.is_dir() and path.parent != partial
    }
    usages = (
        Usage(
            engine=engine,
            model=model,
            size=_size_of(models_dir / engine / model),
            partial=_size_of(partial / engine / model),
        )
        for engine, model in places
    )
    return tuple(sorted(usages, key=lambda usage: (-usage.size - usage.partial, usage.model)))


def _content_problems(
    path: Path, file: layout.ManifestFile, before: int, on_bytes: Callable[[int], None]
) -> Iterator[str]:
    digest, done = hashlib.sha256(), before
    try:
        for chunk in layout.chunks_of(path):
            digest.update(chunk)
            done += len(chunk)
            on_bytes(done)
    except OSError as error:
        yield f"{file.path} cannot be read: {error.strerror}"
        return
    if digest.hexdigest() != file.sha256:
        yield f"{file.path} has another content than what was pulled"


def _size_of(folder: Path) -> int:
    """Bytes of all files below ``folder``; files that vanish meanwhile do not count."""
    total = 0
    for path in folder.rglob("*"):
        with suppress(FileNotFoundError):
            total += path.lstat().st_size if not path.is_dir() else 0
    return total
