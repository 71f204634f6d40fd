"""Reads every entry of a kind: engines, models or pipelines.

Folders come in the order of the search path: an entry of a later folder replaces the one of the
same name in an earlier folder.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from dalston_cli.catalog.document import CatalogError, Document, Problem, read_document
from dalston_cli.catalog.explain import explain

EntryT = TypeVar("EntryT", bound=BaseModel)


class EntryReader:
    """Collects the mistakes of all files, so that all are reported at once.

    Attributes:
        notes: For people: entries that replaced others.
        documents: What was read, by file.
    """

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.notes: list[str] = []
        self.documents: dict[Path, Document] = {}

    def read(
        self,
        kind: type[EntryT],
        folders: Iterable[Path],
        patterns: tuple[str, ...],
        *,
        noun: str,
        key: str = "id",
    ) -> dict[str, tuple[EntryT, Path]]:
        """Return every entry with its file, by name.

        Args:
            kind: The entries' type.
            folders: Search path.
            patterns: Of files below each folder.
            noun: For messages: "model", "engine" or "pipeline".
            key: Field with the entry's name.
        """
        found: dict[str, tuple[EntryT, Path]] = {}
        for folder in folders:
            here: dict[str, Path] = {}
            for file in (file for pattern in patterns for file in sorted(folder.glob(pattern))):
                if entry := self._entry(file, kind):
                    name: str = getattr(entry, key)
                    if name in here:
                        message = f"the {noun} `{name}` stands already in {here[name]}"
                        self.problems.append(self.documents[file].problem((key,), message))
                    elif name in found:
                        self.notes.append(
                            f"{file} takes the place of the {noun} `{name}` from before it"
                        )
                    here[name] = file
                    found[name] = (entry, file)
        return found

    def stop_on_problems(self) -> None:
        """Raise if there were mistakes.

        Raises:
            CatalogError: Its message has all of them.
        """
        if self.problems:
            raise CatalogError(self.problems)

    def _entry(self, file: Path, kind: type[EntryT]) -> EntryT | None:
        try:
            document = read_document(file)
            self.documents[file] = document
            return kind.model_validate(document.data)
        except CatalogError as error:
            self.problems += error.problems
        except ValidationError as error:
            self.problems += explain(error, kind, self.documents[file])
        return None


def located(entries: Mapping[str, tuple[EntryT, Path]], field: str = "file") -> dict[str, EntryT]:
    """Return the entries, each with its file in the field of that name."""
    return {name: entry.model_copy(update={field: file}) for name, (entry, file) in entries.items()}
