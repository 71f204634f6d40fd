"""Reads the files of one kind in the folders of a catalog, and collects their mistakes."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

from dalston_cli.catalog.document import CatalogError, Document, Problem
from dalston_cli.catalog.entry import WrongEntryError
from dalston_cli.catalog.schema import CatalogEntry

EntryT = TypeVar("EntryT", bound=CatalogEntry)


class EntryReader:
    """Collects the mistakes of all files, so that all are reported at once.

    Attributes:
        notes: For people: entries that replaced others.
        documents: By file.
        folder_of: Position on the search path of the folder that a file was found in.
    """

    def __init__(self, read: Callable[[Path], Document]) -> None:
        self._read = read
        self.problems: list[Problem] = []
        self.notes: list[str] = []
        self.documents: dict[Path, Document] = {}
        self.folder_of: dict[Path, int] = {}

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
        for position, folder in enumerate(folders):
            here: dict[str, Path] = {}
            for file in (file for pattern in patterns for file in sorted(folder.glob(pattern))):
                self.folder_of[file] = position
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
            document = self._read(file)
            self.documents[file] = document
            return kind.read(document.data).read_from(file)
        except CatalogError as error:
            self.problems += error.problems
        except WrongEntryError as error:
            from dalston_cli.catalog.explain import explain  # noqa: PLC0415 - rarely needed

            self.problems += explain(error, self.documents[file])
        return None


def reader_of_files() -> EntryReader:
    """Return a reader that knows the line of every mistake."""
    from dalston_cli.catalog.yaml_file import read_document  # noqa: PLC0415 - loads yaml

    return EntryReader(read_document)
