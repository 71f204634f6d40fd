"""The catalog with the folder of all models, and one view of a model, for all commands."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from dalston_cli.catalog.catalog import Catalog
from dalston_cli.catalog.load import load_catalog
from dalston_cli.catalog.machine import probe_machine
from dalston_cli.catalog.names.adopt import NOT_ASKED, Asking, adopt
from dalston_cli.catalog.own_servers.addresses import OLLAMA
from dalston_cli.catalog.own_servers.adopt import adopt_served, discover
from dalston_cli.catalog.schema import ModelEntry, ModelGroup
from dalston_cli.catalog.sources import BundledSource, FileSource, ServiceSource
from dalston_cli.catalog.weights.inventory import InstalledModel, installed, lies_here
from dalston_cli.catalog.weights.layout import ModelFolder
from dalston_cli.options.completion import complete_models
from dalston_cli.settings.locations import Locations

ModelIds = Annotated[
    list[str],
    typer.Argument(
        metavar="MODEL...",
        help="Models by id or another name, see dalston models list; or a folder of weights, or"
        " org/name of the hub.",
        autocompletion=complete_models,
    ),
]


@dataclass(frozen=True, kw_only=True)
class ModelRow:
    """One model as ``--json`` shows it in listings.

    Attributes:
        aliases: Its other names.
        models: Those that the id of a group stands for; empty for a model.
        size_bytes: On disk where it is installed, else about what the download takes.
        installed: It can be used without a download.
        state: ``yes``, ``no``, ``bundled``, ``damaged`` or ``partial`` (a pull was interrupted);
            ``here`` of a folder of the user's own that was not used yet, which is when its digests
            are made; of a service, ``service`` or ``no key``.
        problems: The damage, if any.
        source: The one of the model's sources that an installed one came from.
        mirror: The folder or address that served in place of it.
    """

    id: str
    aliases: tuple[str, ...]
    name: str
    engine: str
    stages: tuple[str, ...]
    languages: tuple[str, ...]
    size_bytes: int
    licence: str
    gated: bool
    installed: bool
    state: str
    problems: tuple[str, ...]
    source: str | None
    mirror: str | None
    path: Path | None
    digest: str | None
    models: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Shelf:
    """The models there are, and the folder where they lie."""

    catalog: Catalog
    folder: Path

    @classmethod
    def open(
        cls, names: Iterable[str] = (), asking: Asking = NOT_ASKED, *, discovers: bool = False
    ) -> "Shelf":
        """Read the catalog that the environment names, with folders and repositories of ``names``.

        Args:
            names: Names of models, which the catalog need not have.
            asking: How a repository is looked up that it does not have.
            discovers: Ask Ollama for all its models, if it runs.

        Raises:
            DalstonError: A folder, repository or server cannot be used; see ``adopt``.
        """
        found = adopt_served(load_catalog(), [each for each in names if each.startswith(OLLAMA)])
        if discovers:
            found = discover(found.catalog, memory_mb=probe_machine().ram_mb)
        os.environ.update(found.variables)  # where its models are found
        catalog = adopt(found.catalog, names, asking).catalog
        return cls(catalog=catalog, folder=Locations.from_environment().models)

    def models(self, names: Iterable[str]) -> tuple[ModelEntry, ...]:
        """Return the models of these names, each once; raises as ``Catalog.model``."""
        found = (model for name in names for model in self.catalog.models_of(name))
        return tuple({model.id: model for model in found}.values())

    def groups(self, names: Iterable[str]) -> tuple[ModelGroup, ...]:
        """Return the groups among these names, each once."""
        groups = self.catalog.groups
        return tuple(groups[name] for name in dict.fromkeys(names) if name in groups)

    def aliases(self, model: ModelEntry) -> tuple[str, ...]:
        """Return the names that mean this model; a later folder may have taken some over."""
        meant = self.catalog.aliases
        return tuple(alias for alias in model.aliases if meant.get(alias) == model.id)

    def left_over(self, name: str) -> Path | None:
        """Return the folder in which an earlier version kept the weights of a group, if any."""
        return next(self.folder.glob(f"*/{name}"), None) if name in self.catalog.groups else None

    def row(self, model: ModelEntry | ModelGroup) -> ModelRow:
        """Describe a model, or a group of them, in one line."""
        if isinstance(model, ModelGroup):
            return self._row_of_group(model)
        found = installed(model, self.folder)
        return ModelRow(
            id=model.id,
            aliases=self.aliases(model),
            name=model.name,
            engine=model.engine,
            stages=tuple(stage.value for stage in model.stages),
            languages=model.languages,
            size_bytes=(found.size if found else 0) or model.size_mb * 10**6,
            licence=model.licence,
            gated=bool(model.gated_repos),
            installed=lies_here(model) if found is None else found.ok,
            state=self._state(model, found),
            problems=found.problems if found else (),
            source=found.source if found else None,
            mirror=found.mirror if found else None,
            path=found.path if found else _own_path(model),
            digest=found.digest if found else None,
        )

    def _row_of_group(self, group: ModelGroup) -> ModelRow:
        models = self.catalog.models_of(group.id)
        rows = [self.row(model) for model in models]
        here = all(row.installed for row in rows)
        missing = next((row.state for row in rows if not row.installed), "yes")
        return ModelRow(
            id=group.id,
            aliases=(),
            name=group.name,
            engine=", ".join(row.engine for row in rows),
            stages=tuple(stage.value for stage in group.by_stage),
            languages=models[0].languages,
            size_bytes=sum(row.size_bytes for row in rows),
            licence=self.catalog.licence(group.id),
            gated=any(row.gated for row in rows),
            installed=here,
            state=missing,
            problems=tuple(f"{row.id}: {each}" for row in rows for each in row.problems),
            source=None,
            mirror=None,
            path=None,
            digest=None,
            models=tuple(row.id for row in rows),
        )

    def _state(self, model: ModelEntry, found: InstalledModel | None) -> str:
        if isinstance(model.source, ServiceSource):
            return "service" if found else "no key"
        if found is None and lies_here(model):
            return "here"
        if found is None:
            return "partial" if ModelFolder.of(model, self.folder).partial.exists() else "no"
        if not found.ok:
            return "damaged"
        return "bundled" if isinstance(model.source, BundledSource) else "yes"


def _own_path(model: ModelEntry) -> Path | None:
    """Return where a file or folder of the user's own lies, if it is there."""
    return model.source.path if isinstance(model.source, FileSource) and lies_here(model) else None
