"""Reads the catalog: every ``engine.yaml``, model and group in its folders."""

from collections.abc import Mapping

from dalston_cli.catalog.catalog import Catalog
from dalston_cli.catalog.check import check_engine, check_group, check_model
from dalston_cli.catalog.document import CatalogError
from dalston_cli.catalog.entry_reader import EntryReader, reader_of_files
from dalston_cli.catalog.folders import CatalogPaths
from dalston_cli.catalog.kept_documents import KeptDocuments
from dalston_cli.catalog.names.aliases import AliasReader, repositories
from dalston_cli.catalog.schema import EngineEntry, ModelEntry, ModelGroup
from dalston_cli.settings.locations import Locations

_ENGINE_PATTERNS = ("engine.yaml", "*/engine.yaml", "*/*/engine.yaml")
_MODEL_PATTERNS = ("*.yaml", "models/*.yaml")
_GROUP_PATTERNS = ("groups/*.yaml",)


def load_catalog(paths: CatalogPaths | None = None, *, remember: bool = False) -> Catalog:
    """Read everything on ``paths``; None takes them from the environment.

    Args:
        paths: The folders to read.
        remember: Keep what changed files hold for the next command.

    Raises:
        CatalogError: Files are wrong; all mistakes of all files are in the message.
        CatalogFolderError: The environment names a folder that does not exist.
    """
    paths = paths or CatalogPaths.from_environment()
    kept = KeptDocuments(Locations.from_environment().cache)
    try:
        catalog = _read_catalog(paths, EntryReader(kept.read))
    except CatalogError:
        return _read_catalog(paths, reader_of_files())  # this time with the lines of mistakes
    if remember:
        kept.save()
    return catalog


def _read_catalog(paths: CatalogPaths, reader: EntryReader) -> Catalog:
    engines = reader.read(EngineEntry, paths.engines, _ENGINE_PATTERNS, noun="engine", key="name")
    models = reader.read(ModelEntry, paths.models, _MODEL_PATTERNS, noun="model")
    groups = reader.read(ModelGroup, paths.models, _GROUP_PATTERNS, noun="group")
    reader.stop_on_problems()
    for engine in engines.values():
        document = reader.documents[engine.folder / "engine.yaml"]
        reader.problems += check_engine(engine, document)
    together = {group.engines for group in groups.values() if group.engines}
    for model in models.values():
        reader.problems += check_model(model, engines, reader.documents[model.file], together)
    aliases = _read_aliases(models, reader)
    for name in sorted(groups.keys() & (models.keys() | aliases.keys())):
        reader.notes.append(f"a model takes the name of the group in {groups.pop(name).file}")
    for group in groups.values():
        reader.problems += check_group(group, models, engines, reader.documents[group.file])
    reader.stop_on_problems()
    notes = tuple(reader.notes)
    return Catalog(engines=engines, models=models, aliases=aliases, groups=groups, notes=notes)


def _read_aliases(models: Mapping[str, ModelEntry], reader: EntryReader) -> dict[str, str]:
    aliases = AliasReader(models=models, documents=reader.documents, folder_of=reader.folder_of)
    meant = aliases.read()
    meant = {**repositories(models, meant), **meant}
    reader.problems += aliases.problems
    reader.notes += aliases.notes
    return meant
