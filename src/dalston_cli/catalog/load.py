"""Reads the catalogs: every ``engine.yaml`` and every model file on the search path.

Built-in files come first, then the user's folders in their order; a later entry of the same name
takes the earlier one's place, and the catalog notes that it did.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

import dalston_cli
from dalston_cli.catalog.check import check_engine, check_model
from dalston_cli.catalog.document import CatalogError, Document, Problem, read_document
from dalston_cli.catalog.explain import explain
from dalston_cli.catalog.schema import EngineEntry, FileSource, ModelEntry
from dalston_cli.errors import ConfigurationError, UsageError
from dalston_cli.nearest import did_you_mean
from dalston_sdk.wire import Stage

_ENGINE_PATTERNS = ("engine.yaml", "*/engine.yaml", "*/*/engine.yaml")
_MODEL_PATTERNS = ("*.yaml", "models/*.yaml")

_EntryT = TypeVar("_EntryT", EngineEntry, ModelEntry)


class CatalogFolderError(ConfigurationError):
    """A folder on the search path does not exist."""

    code = "catalog_folder"

    def __init__(self, folder: Path, variable: str) -> None:
        super().__init__(
            f"{variable} names {folder}, which is not a folder",
            hint=f"create it with `mkdir -p '{folder}'`, or change {variable}",
        )


class UnknownModelError(UsageError):
    """No model has this id."""

    code = "unknown_model"

    def __init__(self, model_id: str, known: Iterable[str]) -> None:
        super().__init__(
            f"there is no model `{model_id}`{did_you_mean(model_id, known)}",
            hint="`dalston models list` shows every model",
        )


class UnknownEngineError(UsageError):
    """No engine has this name."""

    code = "unknown_engine"

    def __init__(self, name: str, known: Iterable[str]) -> None:
        super().__init__(
            f"there is no engine `{name}`{did_you_mean(name, known)}",
            hint="`dalston engines list` shows every engine",
        )


@dataclass(frozen=True, kw_only=True)
class CatalogPaths:
    """The folders to read, in order; later ones win.

    Attributes:
        engines: Each holds ``engine.yaml``, or folders (at most two deep) that hold one.
        models: Each holds model files, or a folder ``models`` that does.
    """

    engines: tuple[Path, ...]
    models: tuple[Path, ...]

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> "CatalogPaths":
        """The built-in folders, then ``DALSTON_ENGINES_PATH`` and ``DALSTON_CATALOG_PATH``.

        Raises:
            CatalogFolderError: A named folder does not exist.
        """
        root = data_root()
        return cls(
            engines=(root / "engines", *_named_folders(environ, "DALSTON_ENGINES_PATH")),
            models=(root / "catalog", *_named_folders(environ, "DALSTON_CATALOG_PATH")),
        )


@dataclass(frozen=True, kw_only=True)
class Catalog:
    """Every engine and model that can be used.

    Attributes:
        notes: For people: which entries took the place of others.
    """

    engines: Mapping[str, EngineEntry]
    models: Mapping[str, ModelEntry]
    notes: tuple[str, ...] = ()

    def engine(self, name: str) -> EngineEntry:
        """The engine called ``name``.

        Raises:
            UnknownEngineError: There is none; the message names the nearest.
        """
        if name not in self.engines:
            raise UnknownEngineError(name, self.engines)
        return self.engines[name]

    def model(self, model_id: str) -> ModelEntry:
        """The model with the public id ``model_id``.

        Raises:
            UnknownModelError: There is none; the message names the nearest.
        """
        if model_id not in self.models:
            raise UnknownModelError(model_id, self.models)
        return self.models[model_id]

    def models_for(self, stage: Stage) -> tuple[ModelEntry, ...]:
        """The models that cover ``stage``, best rank first."""
        covering = (model for model in self.models.values() if stage in model.stages)
        return tuple(sorted(covering, key=lambda model: (-model.rank, model.id)))


def data_root() -> Path:
    """The folder with ``catalog`` and ``engines``: inside the wheel, or else the checkout's."""
    package = Path(dalston_cli.__file__).parent
    installed = package / "_data"
    return installed if installed.is_dir() else package.parents[1]


def load_catalog(paths: CatalogPaths | None = None) -> Catalog:
    """Read everything on ``paths``; None takes them from the environment.

    Raises:
        CatalogError: Files are wrong; all mistakes of all files are in the message.
        CatalogFolderError: The environment names a folder that does not exist.
    """
    return _Loading().load(paths or CatalogPaths.from_environment())


class _Loading:
    """The mistakes and notes of one load, gathered so that all are told at once."""

    def __init__(self) -> None:
        self._problems: list[Problem] = []
        self._notes: list[str] = []
        self._documents: dict[Path, Document] = {}

    def load(self, paths: CatalogPaths) -> Catalog:
        """Read, then check what belongs together."""
        engines = self._engines(paths.engines)
        models = self._models(paths.models)
        self._stop_on_problems()
        for engine in engines.values():
            self._problems += check_engine(engine, self._documents[engine.folder / "engine.yaml"])
        for model in models.values():
            self._problems += check_model(model, engines, self._documents[model.file])
        self._stop_on_problems()
        return Catalog(engines=engines, models=models, notes=tuple(self._notes))

    def _engines(self, folders: tuple[Path, ...]) -> dict[str, EngineEntry]:
        found: dict[str, EngineEntry] = {}
        for folder in folders:
            here: dict[str, Path] = {}
            for file in _files(folder, _ENGINE_PATTERNS):
                if entry := self._entry(file, EngineEntry):
                    located = entry.model_copy(update={"folder": file.parent})
                    self._note("engine", entry.name, file, here, found)
                    found[entry.name] = located
        return found

    def _models(self, folders: tuple[Path, ...]) -> dict[str, ModelEntry]:
        found: dict[str, ModelEntry] = {}
        for folder in folders:
            here: dict[str, Path] = {}
            for file in _files(folder, _MODEL_PATTERNS):
                if entry := self._entry(file, ModelEntry):
                    self._note("model", entry.id, file, here, found)
                    found[entry.id] = _locate(entry, file)
        return found

    def _entry(self, file: Path, kind: type[_EntryT]) -> _EntryT | None:
        try:
            document = read_document(file)
            self._documents[file] = document
            return kind.model_validate(document.data)
        except CatalogError as error:
            self._problems += error.problems
        except ValidationError as error:
            self._problems += explain(error, kind, self._documents[file])
        return None

    def _note(
        self, kind: str, name: str, file: Path, here: dict[str, Path], found: Mapping[str, object]
    ) -> None:
        """Two of a name in one folder are a mistake; in two folders the later one wins."""
        if name in here:
            path = ("name" if kind == "engine" else "id",)
            message = f"the {kind} `{name}` stands already in {here[name]}"
            self._problems.append(self._documents[file].problem(path, message))
        elif name in found:
            self._notes.append(f"{file} takes the place of the {kind} `{name}` from before it")
        here[name] = file

    def _stop_on_problems(self) -> None:
        if self._problems:
            raise CatalogError(self._problems)


def _locate(entry: ModelEntry, file: Path) -> ModelEntry:
    """Remember the file, and read a path to weights as the file means it."""
    update: dict[str, object] = {"file": file}
    if isinstance(entry.source, FileSource):
        named = file.parent.absolute() / entry.source.path.expanduser()
        path = Path(os.path.normpath(named))  # a container sees nothing but this very path
        update["source"] = entry.source.model_copy(update={"path": path})
    return entry.model_copy(update=update)


def _files(folder: Path, patterns: tuple[str, ...]) -> Iterator[Path]:
    for pattern in patterns:
        yield from sorted(folder.glob(pattern))


def _named_folders(environ: Mapping[str, str], variable: str) -> Iterator[Path]:
    for name in environ.get(variable, "").split(os.pathsep):
        if name:
            folder = Path(name).expanduser().absolute()
            if not folder.is_dir():
                raise CatalogFolderError(folder, variable)
            yield folder
