"""What ``dalston search`` does: opens indexes, brings them up to date, and asks them."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from dalston_cli.collection.reading import NoSuchPlaceError, NoTranscriptsError
from dalston_cli.errors import InputError, UsageError
from dalston_cli.folder_lock import lock_folder
from dalston_cli.search.errors import DamagedIndexError, IndexUnusableError
from dalston_cli.search.find import Found, find
from dalston_cli.search.index import INDEX_NAME, Index, place_of
from dalston_cli.search.kept import remove_index
from dalston_cli.search.query import match_expression
from dalston_cli.search.update import Changes, Progress, update

Tell = Callable[[str], None]


class NotAFolderError(UsageError):
    """A file was named where folders are searched."""

    code = "not_a_folder"

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"{path} is no folder", hint=f"search its folder: dalston search WORDS {path.parent}"
        )


class NoIndexError(InputError):
    """A folder is to be searched as it was, and never was."""

    code = "no_index"

    def __init__(self, folder: Path) -> None:
        super().__init__(f"{folder} has no index yet", hint="leave out --no-update once")


@dataclass(frozen=True, kw_only=True)
class Searched:
    """The answer to a query.

    Attributes:
        changes: What an update found in each folder; empty without one.
        num_transcripts: That were searched.
    """

    found: Found
    changes: tuple[Changes, ...]
    num_transcripts: int


@dataclass(frozen=True, kw_only=True)
class Search:
    """A query, and how it is asked.

    Attributes:
        limit: Most hits.
        updates: Look for new, changed and removed transcripts first.
        tell: Takes warnings.
        progress: Takes the number of files that an update has read.
    """

    query: str
    folders: Sequence[Path]
    limit: int
    updates: bool
    tell: Tell
    progress: Progress

    def run(self, state: Path) -> Searched:
        """Return the answer; a damaged index is made anew.

        Raises:
            QuerySyntaxError, DateFilterError: The query cannot be understood.
            NoSuchPlaceError, NotAFolderError, NoIndexError: A folder cannot be searched.
            NoTranscriptsError: There is nothing to search.
            IndexUnusableError, NoFullTextSearchError: The system refuses.
        """
        expression = match_expression(self.query)
        folders = _distinct(self.folders)
        for _ in folders:
            try:
                return self._answer(state, folders, expression)
            except DamagedIndexError as damage:
                self.tell(f"the search index was damaged and is made anew: {damage}")
                remove_index(damage.path.parent)
        try:
            return self._answer(state, folders, expression)
        except DamagedIndexError as damage:  # it was made just now, so it is not the file
            raise IndexUnusableError(damage.path, damage) from damage

    def _answer(self, state: Path, folders: Sequence[Path], expression: str) -> Searched:
        with ExitStack() as stack:
            indexes, changes = [], []
            for folder in folders:
                place = place_of(state, folder)
                if not self.updates and not (place / INDEX_NAME).exists():
                    raise NoIndexError(folder)
                index = stack.enter_context(Index(place, folder))
                if self.updates:
                    changes.append(self._update(index, place))
                indexes.append(index)
            number = sum(num_transcripts(index) for index in indexes)
            if not number:
                raise NoTranscriptsError(folders)
            found = find(indexes, expression, limit=self.limit)
        return Searched(found=found, changes=tuple(changes), num_transcripts=number)

    def _update(self, index: Index, place: Path) -> Changes:
        with index.explained(), lock_folder(place, self._waits):
            return update(index, self.tell, self.progress)

    def _waits(self) -> None:
        self.tell("another search brings the index up to date; waiting for it")


def num_transcripts(index: Index) -> int:
    """Return the number of transcripts that an index has."""
    [[number]] = index.rows("SELECT count(*) FROM files WHERE problem IS NULL")
    return int(number)


def _distinct(folders: Sequence[Path]) -> list[Path]:
    """Return absolute folders without those that lie in another one."""
    for folder in folders:
        if not folder.exists():
            raise NoSuchPlaceError(folder)
        if not folder.is_dir():
            raise NotAFolderError(folder)
    whole = dict.fromkeys(folder.resolve() for folder in folders)
    return [folder for folder in whole if whole.keys().isdisjoint(folder.parents)]
