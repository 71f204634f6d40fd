"""A manifest: recordings with options of their own, as CSV or as JSON lines.

Columns (keys) are ``path`` and, optionally, ``output`` (path below the output folder, without
an ending), ``model``, ``language``, ``prompt``, ``hotwords`` (a comma list), ``num_speakers``,
``min_speakers``, ``max_speakers``, ``speaker_names`` (a comma list), ``channels``,
``audio_track`` and ``clip``. NeMo's ``audio_filepath`` is ``path``, and its ``text`` and
``duration`` are ignored. Other columns are the user's own: they are kept with the recording's
results, unless their name is nearly one of these. Paths are below the manifest's folder.
Spreadsheets in many countries write CSV with semicolons; the first line decides.
"""

import csv
import difflib
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from io import TextIOWrapper
from itertools import chain
from pathlib import Path
from typing import Any, TextIO

from dalston_cli.audio.source import given_name
from dalston_cli.errors import InputError, UsageError
from dalston_cli.pipeline.endpoints import LocalFile
from dalston_cli.pipeline.intake.cells import READERS, CellError, check_text, own_cell
from dalston_cli.pipeline.intake.rows import (
    RowError,
    bounded_lines,
    check_names,
    check_value,
    read_object,
)
from dalston_cli.pipeline.intake.urls import UrlInputError, given_address
from dalston_cli.pipeline.remote.address import Address
from dalston_cli.pipeline.remote.errors import AddressError, OfflineAddressError
from dalston_cli.pipeline.remote.recording import RemoteFile
from dalston_cli.pipeline.request import NO_OVERRIDES, Overrides, RecordingRequest
from dalston_cli.regular_file import open_regular

_CSV = {".csv": ",", ".tsv": "\t"}
_JSON = frozenset({".jsonl", ".ndjson", ".json"})
_IGNORED = frozenset({"text", "duration"})
_ALIASES = {
    "audio_filepath": "path",
    "file": "path",
    "lang": "language",
    "speakers": "num_speakers",
    "prompt": "initial_prompt",
}

_COLUMNS = frozenset({"path", "output", *READERS})
_FILES = frozenset({"path", "output"})
_MOST_SHOWN = 60
_TOO_ALIKE = 0.8
"""A name so much like a column's is a slip of the pen, which would lose an option."""


class ManifestError(InputError):
    """A manifest cannot be read, or a line of it is wrong."""

    code = "manifest"

    def __init__(self, file: Path, line: int | None, problem: str) -> None:
        place = f"{given_name(file)}:{line}" if line else given_name(file)
        columns = ", ".join(("path", *sorted(_COLUMNS - {"path"})))
        super().__init__(f"{place}: {problem}", hint=f"columns are {columns}")


def read_manifest(file: Path, *, offline: bool = False) -> Iterator[RecordingRequest]:
    """Yield the recordings of a manifest, in order, read line by line.

    Raises:
        ManifestError: With the file and line.
        OfflineAddressError: A recording is on another machine, and ``offline`` forbids to fetch it.
    """
    ending = file.suffix.lower()
    if ending not in {*_CSV, *_JSON}:
        raise ManifestError(file, None, "a manifest ends in .csv, .tsv or .jsonl")
    try:
        with TextIOWrapper(
            open_regular(file), encoding="utf-8-sig", errors="surrogateescape", newline=""
        ) as stream:
            rows = _json_rows(file, stream) if ending in _JSON else _csv_rows(file, stream)
            for line, cells in rows:
                recording = _Row(file, line, cells).recording()
                if offline and isinstance(recording.source, RemoteFile):
                    raise OfflineAddressError(recording.source.address)
                yield recording
    except OSError as error:
        raise ManifestError(file, None, f"cannot be read: {error.strerror or error}") from error


def _lines(file: Path, stream: TextIO) -> Iterator[str]:
    number = 0
    try:
        for line in bounded_lines(stream):
            number += 1
            yield line
    except RowError as error:
        raise ManifestError(file, number + 1, str(error)) from None


def _csv_rows(file: Path, stream: TextIO) -> Iterator[tuple[int, Mapping[str, Any]]]:
    lines = _lines(file, stream)
    first = next(lines, "")
    delimiter = _CSV[file.suffix.lower()]
    if ";" in first and delimiter not in first:
        delimiter = ";"
    reader = csv.DictReader(chain([first], lines), delimiter=delimiter, strict=True)
    try:
        names = [_column(file, 1, name) for name in reader.fieldnames or ()]
        check_names([name for name in names if name])
        for row in reader:
            if None in row:
                raise ManifestError(file, reader.line_num, "more cells than the first line has")
            yield reader.line_num, row
    except (csv.Error, RowError) as error:
        raise ManifestError(file, reader.reader.line_num, str(error)) from error


def _json_rows(file: Path, stream: TextIO) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for number, line in enumerate(_lines(file, stream), start=1):
        if not line.strip():
            continue
        try:
            row = read_object(line)
            check_names([_column(file, number, name) for name in row])
        except RowError as error:
            raise ManifestError(file, number, str(error)) from error
        yield number, row


def _column(file: Path, line: int, name: str) -> str:
    """Return the column that ``name`` means; raise a ManifestError for a slip of the pen."""
    own = name.strip()
    column = _ALIASES.get(own.lower(), own.lower())
    if column in _COLUMNS | _IGNORED:
        return column
    if not own.isprintable():
        raise ManifestError(file, line, f"unknown column {own!a}: no name has such characters")
    known = _COLUMNS | _ALIASES.keys()
    for near in difflib.get_close_matches(own.lower(), known, n=1, cutoff=_TOO_ALIKE):
        problem = f"unknown column {name!r}; did you mean `{near}`? One of your own needs a name"
        raise ManifestError(file, line, f"{problem} that is less like it")
    return own


class _Row:
    """One line of a manifest."""

    def __init__(self, file: Path, line: int, cells: Mapping[str, Any]) -> None:
        self._file = file
        self._line = line
        self._values: dict[str, Any] = {}
        for name, value in cells.items():
            column = _column(file, line, name)
            if value is None or value == "" or column in _IGNORED:
                continue
            if not column:
                raise self._error("a cell has no column: its name in the first line is empty")
            self._check(column, value)
            self._values[column] = value

    def _check(self, column: str, value: object) -> None:
        self._read(column, value, partial(check_text, is_path=column in _FILES))
        try:
            check_value(value)
        except RowError as error:
            raise self._error(f"{column} {error}") from None

    def recording(self) -> RecordingRequest:
        """Return this line as a request."""
        given = self._path()
        address = self._address(given)
        path = self._file.parent / given
        overrides = Overrides(
            **{
                name: self._read(name, self._values[name], read)
                for name, read in READERS.items()
                if name in self._values
            }
        )
        self._check_speakers(overrides)
        own = {name: own_cell(value) for name, value in self._values.items()}
        return RecordingRequest(
            source=RemoteFile(address) if address else LocalFile(path),
            name=address.shown if address else given_name(path),
            relative=self._relative(Path(address.name) if address else path),
            is_placed="output" in self._values,
            size=None if address else _size(path),
            overrides=NO_OVERRIDES if overrides == NO_OVERRIDES else overrides,
            columns=tuple(each for each in own.items() if each[0] not in _COLUMNS),
        )

    def _check_speakers(self, own: Overrides) -> None:
        """Refuse numbers of speakers that contradict each other."""
        least, most = own.min_speakers, own.max_speakers
        if own.num_speakers is not None and (least is not None or most is not None):
            raise self._error("num_speakers says the number exactly: leave min and max empty")
        if least is not None and most is not None and least > most:
            raise self._error(f"min_speakers {least} is more than max_speakers {most}")

    def _path(self) -> str:
        match self._values.get("path"):
            case str(path):
                return path
            case None:
                raise self._error("path is missing")
            case other:
                raise self._error(f"path is {_shown(other)}, not text")

    def _address(self, path: str) -> Address | None:
        try:
            return given_address(path)
        except (UrlInputError, AddressError) as error:
            raise self._error(f"{error.message}; {error.hint}") from error

    def _relative(self, path: Path) -> Path:
        output = self._values.get("output")
        if output is None:
            return Path(path.name)
        if not isinstance(output, str | int) or isinstance(output, bool):
            raise self._error(f"output is {_shown(output)}, not text")
        below = Path(str(output))
        if below.is_absolute() or ".." in below.parts or not below.name:
            raise self._error(f"output {str(output)!r} is not a path below the output folder")
        return below.with_name(below.name + (path.suffix or ".wav"))

    def _read(self, name: str, value: object, read: Callable[[Any], Any]) -> Any:  # noqa: ANN401 - any column's
        try:
            return read(value)
        except UsageError as error:
            raise self._error(error.message) from error
        except CellError as error:
            raise self._error(f"{name} is {_shown(value)}, not {error}") from None

    def _error(self, problem: str) -> ManifestError:
        return ManifestError(self._file, self._line, problem)


def _shown(value: object) -> str:
    text = ascii(value) if isinstance(value, str) and not value.isprintable() else repr(value)
    return text if len(text) <= _MOST_SHOWN else f"{text[: _MOST_SHOWN - 1]}…"


def _size(path: Path) -> int | None:
    """Return the bytes of a file; None where it is none, or has a name that no file can have."""
    try:
        return path.stat().st_size if path.is_file() else None
    except (OSError, ValueError):
        return None
