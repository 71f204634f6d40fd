"""Short names of models: each means one model, and a later folder may take one over."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from dalston_cli.catalog.document import Document, Problem
from dalston_cli.catalog.schema import ModelEntry
from dalston_cli.catalog.sources import HubSource

RESERVED = "auto"
"""Takes the best installed model, so no model can be called that."""


@dataclass(kw_only=True)
class AliasReader:
    """Finds out which model every alias means, with the mistakes of the files.

    Attributes:
        models: By id.
        documents: By file.
        folder_of: Position on the search path of the folder that a file was found in.
        problems: Aliases that are taken in the same folder, or are ids.
        notes: For people: aliases that a later folder took over.
    """

    models: Mapping[str, ModelEntry]
    documents: Mapping[Path, Document]
    folder_of: Mapping[Path, int]
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def read(self) -> dict[str, str]:
        """Return the id of the model that each alias means."""
        meant: dict[str, ModelEntry] = {}
        for model in sorted(self.models.values(), key=self._folder):
            for index, alias in enumerate(model.aliases):
                if self._may_have(model, index, meant.get(alias)):
                    meant[alias] = model
        return {alias: model.id for alias, model in meant.items()}

    def _folder(self, model: ModelEntry) -> int:
        return self.folder_of[model.file]

    def _may_have(self, model: ModelEntry, index: int, before: ModelEntry | None) -> bool:
        """Return True if the alias is the model's; note whom it is taken from, or the mistake."""
        alias, here = model.aliases[index], self._folder(model)
        if alias == RESERVED:
            self._mistake(model, index, "means the best installed model")
        elif alias in self.models:
            other = self.models[alias]
            if self._folder(other) > here:
                return False  # a model of a later folder has the name now
            self._mistake(model, index, f"is the id of a model, in {other.file}")
        elif before is None:
            return True
        elif self._folder(before) == here:
            self._mistake(model, index, f"stands already in {before.file}")
        else:
            self.notes.append(f"{model.file} takes the alias `{alias}` from the model {before.id}")
            return True
        return False

    def _mistake(self, model: ModelEntry, index: int, what: str) -> None:
        document = self.documents[model.file]
        message = f"`{model.aliases[index]}` {what}"
        self.problems.append(document.problem(("aliases", index), message))


def repositories(models: Mapping[str, ModelEntry], aliases: Mapping[str, str]) -> dict[str, str]:
    """Return the id of the model that a repository of the hub means, where it is in the catalog.

    ``org/name`` means what the catalog pins, ``org/name@commit`` the same commit. Of several models
    from one repository it means the best that does nothing but its first stage. An entry that was
    added for another revision, as its alias says, does not count for the bare name.
    """
    found: dict[str, str] = {}
    for model in sorted(models.values(), key=lambda model: (len(model.stages), -model.rank)):
        for source in model.sources:
            if isinstance(source, HubSource):
                found.setdefault(f"{source.repo}@{source.revision}", model.id)
                if not any(alias.startswith(f"{source.repo}@") for alias in model.aliases):
                    found.setdefault(source.repo, model.id)
    return {name: model_id for name, model_id in found.items() if name not in aliases}
