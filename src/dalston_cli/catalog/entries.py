"""Reads every entry of a kind: engines, models or pipelines.

Folders come in the order of the search path: an entry of a later folder replaces the one of the
same name in an earlier folder.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from dalston_cli.catalog.document import CatalogError, Document, Problem, read_document
from dalston_cli.catalog.explain import explain
from dalston_cli.catalog.schema import CatalogEntry

EntryT = TypeVar("EntryT", bound=CatalogEntry)


class EntryReader:
    """Collects the mistakes of all files, so that all are reported at once.

    Attributes:
        notes: For people: entries that replaced others.
        documents: By file.
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
    ) -> dict[str, EntryT]:
        """Return every entry by name; ``noun`` is for messages, ``key`` the field with the name."""
        found: dict[str, EntryT] = {}
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
                    found[name] = entry
        return found

    def stop_on_problems(self) -> None:
        """Raise a CatalogError with all mistakes, if there were any."""
        if self.problems:
            raise CatalogError(self.problems)

    def _entry(self, file: Path, kind: type[EntryT]) -> EntryT | None:
        try:
            document = read_document(file)
            self.documents[file] = document
            return kind.model_validate(document.data).read_from(file)
        except CatalogError as error:
            self.problems += error.problems
        except ValidationError as error:
            self.problems += explain(error, kind, self.documents[file])
        return None
