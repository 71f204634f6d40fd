"""Installed models, by manifests and file sizes, without hashing."""

import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from msgspec import Struct

from dalston_cli.catalog.catalog import Catalog
from dalston_cli.catalog.installed_packages import installed_version
from dalston_cli.catalog.schema import ModelEntry
from dalston_cli.catalog.sources import BundledSource, FileSource, ServiceSource
from dalston_cli.catalog.weights import layout


class InstalledModel(Struct, frozen=True, kw_only=True):
    """Weights on this machine.

    Attributes:
        path: Absolute folder or file for the engine; None for bundled weights and services.
        digest: ``sha256:…`` over the files; for bundled weights over the package's name and
            version; for a service over the model's name there and the server.
        source: The one of the model's sources that the weights came from, as one line.
        mirror: The folder or address that served in place of it.
        size: In bytes; 0 for bundled weights and services.
        problems: Why the weights must not be loaded, for people.
    """

    id: str
    engine: str
    path: Path | None
    digest: str
    size: int
    revision: str | None = None
    source: str | None = None
    mirror: str | None = None
    pulled_at: datetime | None = None
    problems: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """True if the weights may be loaded."""
        return not self.problems


def installed(model: ModelEntry, models_dir: Path) -> InstalledModel | None:
    """Return the weights of ``model`` on disk, or None.

    Existence and size of every file are checked, but not their content: ``verify`` does, and its
    last result counts here, too. Check ``ok`` before loading.
    """
    if isinstance(model.source, BundledSource):
        return _bundled(model, model.source.package)
    if isinstance(model.source, ServiceSource):
        return _served(model, model.source)
    folder = layout.ModelFolder.of(model, models_dir)
    manifest = layout.read_manifest(folder.path)
    if manifest is None:
        return None
    root = Path(manifest.folder) if manifest.folder else folder.path
    return InstalledModel(
        id=model.id,
        engine=model.engine,
        path=model.source.path if isinstance(model.source, FileSource) else folder.path,
        digest=manifest.digest,
        size=manifest.size,
        revision=manifest.revision,
        source=manifest.source,
        mirror=manifest.mirror,
        pulled_at=manifest.pulled_at,
        problems=(*visible_problems(model, manifest, root), *manifest.damage),
    )


def installed_ids(catalog: Catalog, models_dir: Path) -> frozenset[str]:
    """Return the ids of all models that can be loaded without a pull."""
    return frozenset(
        model.id
        for model in catalog.models.values()
        if ((found := installed(model, models_dir)) is not None and found.ok)
        or (found is None and lies_here(model))
    )


def lies_here(model: ModelEntry) -> bool:
    """Return True if the model is a file or folder of the user's own, and it is there."""
    return isinstance(model.source, FileSource) and model.source.path.exists()


def weights_elsewhere(catalog: Catalog, engine: str) -> tuple[Path, ...]:
    """Return the user's own files and folders with weights of ``engine``.

    A snapshot in the cache of Hugging Face's library has links only; their targets are included.
    Other links that lead out of a folder are not followed.
    """
    sources = (model.source for model in catalog.models.values() if model.engine == engine)
    paths = {source.path for source in sources if isinstance(source, FileSource)}
    blobs = {path.parents[1] / "blobs" for path in paths if path.parent.name == "snapshots"}
    return tuple(sorted(path for path in paths | blobs if path.exists()))


def _bundled(model: ModelEntry, package: str) -> InstalledModel:
    """Return weights in an engine's own environment; its package may not be importable here."""
    version = installed_version(package) or "as locked by its engine"
    digest = layout.digest_of([f"bundled:{package}=={version}"])
    return InstalledModel(id=model.id, engine=model.engine, path=None, digest=digest, size=0)


def _served(model: ModelEntry, service: ServiceSource) -> InstalledModel | None:
    """Return a service's model, if the service's key or another server is set."""
    url = os.environ.get(service.url, "")
    if not (os.environ.get(service.key) or url):
        return None
    place = f"service:{model.runtime_model_id} {url}"
    digest = layout.digest_of([f"{place} {service.revision}" if service.revision else place])
    return InstalledModel(id=model.id, engine=model.engine, path=None, digest=digest, size=0)


def visible_problems(model: ModelEntry, manifest: layout.Manifest, root: Path) -> Iterator[str]:
    """Yield problems that show without reading the weights, for people."""
    if not _is_source(model, manifest):
        yield f"it was pulled from {manifest.source}, but the catalog now names another source"
    for file in manifest.files:
        if problem := _problem(root / file.path, file):
            yield problem


def _is_source(model: ModelEntry, manifest: layout.Manifest) -> bool:
    """Return True if the catalog still means these files, by their source or by their digests."""
    return any(
        manifest.source == layout.describe_source(source)
        or manifest.digest == layout.pinned_digest(source)
        for source in model.sources
    )


def _problem(path: Path, file: layout.ManifestFile) -> str | None:
    try:
        status = path.stat()
    except OSError:
        return f"{file.path} is missing"
    if status.st_size != file.size:
        return f"{file.path} has {status.st_size} bytes instead of {file.size}"
    if file.mtime_ns is not None and status.st_mtime_ns != file.mtime_ns:
        return f"{file.path} was changed after it was linked"
    return None
