"""The transcripts of a folder that can be reviewed, and their recordings. No other file is opened.

What a browser sends is looked up among the names that were found here and is never made a path.
"""

import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path, PurePath

import msgspec
from msgspec import Struct, field

from dalston_cli.errors import DalstonError, InputError
from dalston_cli.file_state import FileState, state_of
from dalston_cli.formats.read import LARGEST_MB
from dalston_cli.regular_file import read_regular
from dalston_cli.review.item import Item
from dalston_cli.review.log import read_corrections
from dalston_cli.review.naming import corrections_path

_States = tuple[FileState | None, FileState | None]
_MOST_OPEN = 8
"""Transcripts that are kept in memory."""


class NoTranscriptsError(InputError):
    """There is nothing to review."""

    code = "no_transcripts"

    def __init__(self, place: Path) -> None:
        super().__init__(
            f"{place} has no transcript of Dalston",
            hint=f"make some: dalston transcribe {place} -f json",
        )


class UnknownItemError(InputError):
    """A browser asks for what is not there."""

    code = "unknown_item"

    def __init__(self) -> None:
        super().__init__("there is no such transcript in this folder")


class _Recording(Struct, frozen=True):
    name: str
    duration_s: float
    title: str | None = None


class _Document(Struct, frozen=True):
    """A transcript as a list reads it."""

    version: int = field(name="dalston_transcript_version")
    recording: _Recording
    segments: tuple[msgspec.Raw, ...]
    title: str | None = None


class _Glance(Struct, frozen=True, kw_only=True):
    """What a list keeps of a transcript.

    Attributes:
        heading: The title as the page shows it: see ``formats.overview.heading_of``.
    """

    name: str
    heading: str
    duration_s: float
    num_segments: int


class Listed(Struct, frozen=True, kw_only=True):
    """A transcript in the list."""

    id: str
    title: str
    duration: float
    segments: int
    checked: int


class ReviewFolder:
    """Transcripts below a folder, or one of them.

    Args:
        place: The folder, or the JSON of one transcript.
        audio: Another folder where recordings are; None for beside the transcripts only.
        tell: Takes what a person should know.
    """

    def __init__(self, place: Path, audio: Path | None, tell: Callable[[str], None]) -> None:
        self._single = None if place.is_dir() else place
        self.root = (place if place.is_dir() else place.parent).resolve()
        self._audio = None if audio is None else audio.resolve()
        self._tell = tell
        self._lock = threading.Lock()
        self._documents: dict[str, Path] = {}
        self._glances: dict[Path, tuple[FileState, _Glance | None]] = {}
        self._checks: dict[Path, tuple[_States, int]] = {}
        self._open: OrderedDict[str, Item] = OrderedDict()

    def listed(self) -> list[Listed]:
        """Return the transcripts that are there now, in the order of their names."""
        found = [(name, path, self._glance(path)) for name, path in self._names()]
        self._documents = {name: path for name, path, glance in found if glance is not None}
        return [
            Listed(
                id=name,
                title=glance.heading,
                duration=glance.duration_s,
                segments=glance.num_segments,
                checked=self._checked(path),
            )
            for name, path, glance in found
            if glance is not None
        ]

    def item(self, name: str) -> Item:
        """Return a transcript by its name in the list.

        Raises:
            UnknownItemError: It is not in the list.
        """
        document = self.document(name)
        with self._lock:
            item = self._open.pop(name, None) or Item(document, self._tell)
            self._open[name] = item
            while len(self._open) > _MOST_OPEN:
                self._open.popitem(last=False)
            return item

    def recording(self, name: str) -> Path | None:
        """Return the recording of a transcript; None where it is not in one of the folders.

        Raises:
            UnknownItemError: The transcript is not in the list.
        """
        document = self.document(name)
        glance = self._glance(document)
        if glance is None:
            return None
        places = [(self.root, document.parent)]
        if self._audio is not None:
            places.append((self._audio, self._audio / document.parent.relative_to(self.root)))
            places.append((self._audio, self._audio))
        for root, folder in places:
            for candidate in _candidates(folder, root, glance.name):
                if _is_inside(candidate, root):
                    return candidate.resolve()
        return None

    def document(self, name: str) -> Path:
        """Return the JSON of a transcript by its name in the list.

        Raises:
            UnknownItemError: It is not in the list.
        """
        if name not in self._documents:
            self._documents = dict(self._names())
        path = self._documents.get(name)
        if path is None or not _is_inside(path, self.root):
            raise UnknownItemError
        return path

    def _names(self) -> Iterator[tuple[str, Path]]:
        for path in self._paths():
            if _is_inside(path, self.root):
                yield path.relative_to(self.root).as_posix(), path

    def _paths(self) -> Iterator[Path]:
        if self._single is not None:
            yield self.root / self._single.name
            return
        for folder, folders, names in os.walk(self.root):
            folders[:] = sorted(each for each in folders if not each.startswith("."))
            yield from (Path(folder, name) for name in sorted(names) if name.endswith(".json"))

    def _glance(self, path: Path) -> _Glance | None:
        """Return what a list needs; None for another program's file."""
        try:
            state = FileState.of(path.stat())
            before = self._glances.get(path)
            if before is None or before[0] != state:
                data = read_regular(path, limit=LARGEST_MB * 1_000_000)
                self._glances[path] = before = (state, _glance_of(data))
        except OSError:
            return None
        return before[1]

    def _checked(self, document: Path) -> int:
        """Return the number of segments that are marked as checked."""
        path = corrections_path(document)
        states = (state_of(document), state_of(path))
        if states[1] is None:
            return 0
        before = self._checks.get(document)
        if before is not None and before[0] == states:
            return before[1]
        number = 0
        try:
            if read_corrections(path) is not None:
                name = document.relative_to(self.root).as_posix()
                number = sum(one.checked for one in self.item(name).transcript().segments)
        except DalstonError as error:  # costs no other transcript
            self._tell(error.message)
        self._checks[document] = (states, number)
        return number


def _glance_of(data: bytes) -> _Glance | None:
    try:
        found = msgspec.json.decode(data, type=_Document)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    name = found.recording.name
    return _Glance(
        name=name,
        heading=found.title or found.recording.title or Path(name).name,
        duration_s=found.recording.duration_s,
        num_segments=len(found.segments),
    )


def _candidates(folder: Path, root: Path, name: str) -> Sequence[Path]:
    given = PurePath(name)
    if name == "-" or "://" in name:
        return ()
    places = [folder / given.name, root / given]
    return tuple(dict.fromkeys(places))


def _is_inside(path: Path, root: Path) -> bool:
    """Return True for a regular file that lies below a folder, links followed."""
    try:
        real = path.resolve(strict=True)
    except (OSError, ValueError, RuntimeError):
        return False
    return real.is_file() and real.is_relative_to(root)
