"""Reads the catalogs: every ``engine.yaml``, model, group and pipeline file on the search path.

Built-in files come first, then the user's folders in their order: an entry of a later folder
replaces the one of the same name in an earlier folder.
"""

import os
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from msgspec import Struct

import dalston_cli
from dalston_cli.catalog.check import check_engine, check_group, check_model
from dalston_cli.catalog.document import CatalogError
from dalston_cli.catalog.entry_reader import EntryReader, reader_of_files
from dalston_cli.catalog.kept_documents import KeptDocuments
from dalston_cli.catalog.names.aliases import AliasReader, repositories
from dalston_cli.catalog.names.nearest import did_you_mean_model
from dalston_cli.catalog.schema import EngineEntry, ModelEntry, ModelGroup
from dalston_cli.catalog.unknown import SeveralEnginesError, UnknownEngineError, UnknownModelError
from dalston_cli.errors import ConfigurationError
from dalston_cli.settings.locations import Locations
from dalston_sdk.wire import Stage

_ENGINE_PATTERNS = ("engine.yaml", "*/engine.yaml", "*/*/engine.yaml")
_MODEL_PATTERNS = ("*.yaml", "models/*.yaml")
_GROUP_PATTERNS = ("groups/*.yaml",)


class CatalogFolderError(ConfigurationError):
    """A folder on the search path does not exist."""

    code = "catalog_folder"

    def __init__(self, folder: Path, variable: str) -> None:
        super().__init__(
            f"{variable} names {folder}, which is not a folder",
            hint=f"create it with `mkdir -p {shlex.quote(str(folder))}`, or change {variable}",
        )


class CatalogPaths(Struct, frozen=True, kw_only=True):
    """The folders to read, in order; later ones win.

    Attributes:
        engines: Each holds ``engine.yaml``, or folders (at most two deep) that hold one.
        models: Each holds model files, or a folder ``models`` that does; and a folder ``groups``.
    """

    engines: tuple[Path, ...]
    models: tuple[Path, ...]

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> "CatalogPaths":
        """Return the built-in folders, the models that were added, then those of two variables.

        ``DALSTON_ENGINES_PATH`` and ``DALSTON_CATALOG_PATH`` are lists with the system's separator.

        Raises:
            CatalogFolderError: A named folder does not exist.
        """
        root, added = data_root(), Locations.from_environment(environ).catalog
        here = (added,) if added.is_dir() else ()
        models = (root / "catalog", *here, *_named_folders(environ, "DALSTON_CATALOG_PATH"))
        return cls(
            engines=(root / "engines", *_named_folders(environ, "DALSTON_ENGINES_PATH")),
            models=tuple(dict.fromkeys(models)),
        )


@dataclass(frozen=True, kw_only=True)
class Catalog:
    """Every engine and model that can be used.

    Attributes:
        models: By id.
        aliases: The id of the model that each other name means.
        groups: Ids that stand for several models.
        notes: For people: entries that replaced others.
    """

    engines: Mapping[str, EngineEntry]
    models: Mapping[str, ModelEntry]
    aliases: Mapping[str, str] = field(default_factory=dict)
    groups: Mapping[str, ModelGroup] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def engine(self, name: str) -> EngineEntry:
        """Return the engine called ``name``.

        Raises:
            UnknownEngineError: There is none; the message says so where it is a model.
            SeveralEnginesError: Several are called that together.
        """
        if name in self.engines:
            return self.engines[name]
        if several := self.engines_called(name):
            raise SeveralEnginesError(name, several)
        if self.has_model(name):
            raise self._model_is_no_engine(name)
        together = {group.engines for group in self.groups.values() if group.engines}
        raise UnknownEngineError(name, {*self.engines, *together})

    def engines_called(self, name: str) -> tuple[str, ...]:
        """Return the engines that ``name`` stands for, those of some groups; none for an engine."""
        if name in self.engines:
            return ()
        groups = [group.by_stage for group in self.groups.values() if group.engines == name]
        models = [group[stage] for stage in Stage for group in groups if stage in group]
        return tuple(dict.fromkeys(self.models[model].engine for model in models))

    def model(self, name: str, stage: Stage = Stage.TRANSCRIBE) -> ModelEntry:
        """Return the model with this id or alias, or raise an UnknownModelError.

        The id of a group means its model for ``stage``, or the transcribing one if it has none.
        """
        if group := self.groups.get(name):
            name = group.models.get(stage, group.models[Stage.TRANSCRIBE])
        model_id = self.aliases.get(name, name)
        if model_id not in self.models:
            if name in self.engines or self.engines_called(name):
                raise self._engine_is_no_model(name)
            of_groups = {each: self.model(each) for each in self.groups}
            near = did_you_mean_model(name, self.models, self.aliases, of_groups)
            raise UnknownModelError(f"there is no model `{name}`{near}")
        return self.models[model_id]

    def models_of(self, name: str) -> tuple[ModelEntry, ...]:
        """Return the model with this id or alias, or all of a group; raises as ``model``."""
        group = self.groups.get(name)
        if group is None:
            return (self.model(name),)
        return tuple(self.models[each] for each in dict.fromkeys(group.by_stage.values()))

    def licence(self, name: str) -> str:
        """Return the licence of what ``name`` means, an SPDX expression."""
        return " AND ".join(dict.fromkeys(model.licence for model in self.models_of(name)))

    def has_model(self, name: str) -> bool:
        """Return True if a model has this id or alias, or a group this id."""
        return name in self.models or name in self.aliases or name in self.groups

    def with_model(self, name: str, model: ModelEntry) -> "Catalog":
        """Return the same with one more model, which ``name`` and its aliases mean."""
        names = [name, *model.aliases]
        return replace(
            self,
            models={**self.models, model.id: model},
            aliases={**self.aliases, **{each: model.id for each in names if each != model.id}},
        )

    def _engine_is_no_model(self, name: str) -> UnknownModelError:
        several = self.engines_called(name)
        what = f"stands for the engines {', '.join(several)}" if several else "is an engine"
        groups = [each for each in self.groups.values() if several and each.engines == name]
        smallest_first = sorted(groups, key=lambda group: len(group.models))
        owned = [model for model in self.models.values() if model.engine == name]
        names = [each.id for each in smallest_first] or [
            each.id for each in sorted(owned, key=lambda model: not model.recommended)
        ]
        best = max(names, key=lambda each: self.model(each).rank, default="")
        near = f"; did you mean `{best}`?" if best else ""
        return UnknownModelError(f"`{name}` is no model, it {what}{near}")

    def _model_is_no_engine(self, name: str) -> UnknownEngineError:
        group = self.groups.get(name)
        what = "stands for several models" if group else "is a model"
        engine = (group and group.engines) or self.model(name).engine
        problem = f"`{name}` is no engine, it {what}; did you mean `{engine}`?"
        return UnknownEngineError(name, (), problem)

    def models_for(self, stage: Stage) -> tuple[ModelEntry, ...]:
        """Return the models for ``stage``, best rank first."""
        covering = (model for model in self.models.values() if stage in model.stages)
        return tuple(sorted(covering, key=lambda model: (-model.rank, model.id)))


def data_root() -> Path:
    """Return the folder with ``catalog`` and ``engines``: the wheel's, or else the checkout's."""
    package = Path(dalston_cli.__file__).parent
    installed = package / "_data"
    return installed if installed.is_dir() else package.parents[1]


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


def _named_folders(environ: Mapping[str, str], variable: str) -> Iterator[Path]:
    for name in environ.get(variable, "").split(os.pathsep):
        if name:
            folder = Path(name).expanduser().absolute()
            if not folder.is_dir():
                raise CatalogFolderError(folder, variable)
            yield folder
