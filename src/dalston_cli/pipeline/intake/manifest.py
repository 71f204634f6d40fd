"""A manifest: recordings with options of their own, as CSV or as JSON lines.

Columns (keys) are ``path`` and, optionally, ``output`` (path below the output folder, without
an ending), ``model``, ``language``, ``prompt``, ``hotwords`` (a comma list), ``num_speakers``,
``min_speakers``, ``max_speakers``, ``speaker_names`` (a comma list), ``channels``,
``audio_track`` and ``clip``.
NeMo's ``audio_filepath`` is ``path``, and its ``text`` and ``duration`` are ignored. Paths are
below the manifest's folder. Spreadsheets in many countries write CSV with semicolons; the
first line decides.
"""

import csv
from collections.abc import Callable, Iterator, Mapping
from io import TextIOWrapper
from itertools import chain
from pathlib import Path
from typing import Any, TextIO

from dalston_cli.audio.channels import parse_channels
from dalston_cli.audio.clip import parse_clip
from dalston_cli.audio.source import given_name
from dalston_cli.audio.tracks import parse_track
from dalston_cli.errors import InputError, UsageError
from dalston_cli.nearest import did_you_mean
from dalston_cli.pipeline.endpoints import LocalFile
from dalston_cli.pipeline.intake.rows import (
    RowError,
    bounded_lines,
    check_names,
    check_value,
    read_object,
)
from dalston_cli.pipeline.intake.urls import UrlInputError, refuse_url
from dalston_cli.pipeline.request import NO_OVERRIDES, Overrides, RecordingRequest, SpeakerNames
from dalston_cli.regular_file import open_regular
from dalston_cli.settings.language import UnknownLanguageError, language_tag, listed
from dalston_cli.settings.values import named_speakers

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


class ManifestError(InputError):
    """A manifest cannot be read, or a line of it is wrong."""

    code = "manifest"

    def __init__(self, file: Path, line: int | None, problem: str) -> None:
        place = f"{given_name(file)}:{line}" if line else given_name(file)
        columns = ", ".join(("path", *sorted(_COLUMNS - {"path"})))
        super().__init__(f"{place}: {problem}", hint=f"columns are {columns}")


def read_manifest(file: Path) -> Iterator[RecordingRequest]:
    """Yield the recordings of a manifest, in order, read line by line.

    Raises:
        ManifestError: With the file and line.
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
                yield _Row(file, line, cells).recording()
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
        check_names(names)
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
            yield number, read_object(line)
        except RowError as error:
            raise ManifestError(file, number, str(error)) from error


def _column(file: Path, line: int, name: str) -> str:
    """Return the column that ``name`` means, or raise a ManifestError."""
    column = _ALIASES.get(name.strip().lower(), name.strip().lower())
    if column not in _COLUMNS | _IGNORED:
        known = _COLUMNS | _ALIASES.keys()
        raise ManifestError(file, line, f"unknown column {name!r}{did_you_mean(name, known)}")
    return column


class _Row:
    """One line of a manifest; raises a ManifestError for an unknown column."""

    def __init__(self, file: Path, line: int, cells: Mapping[str, Any]) -> None:
        self._file = file
        self._line = line
        self._values: dict[str, Any] = {}
        for name, value in cells.items():
            column = _column(file, line, name)
            if value is not None and value != "" and column not in _IGNORED:
                self._check(name, value)
                self._values[column] = value

    def _check(self, name: str, value: object) -> None:
        try:
            check_value(value)
        except RowError as error:
            raise self._error(f"{name} {error}") from None

    def recording(self) -> RecordingRequest:
        """Return this line as a request."""
        path = self._file.parent / self._path()
        overrides = Overrides(
            **{
                name: self._read(name, read)
                for name, read in _READERS.items()
                if name in self._values
            }
        )
        return RecordingRequest(
            source=LocalFile(path),
            name=given_name(path),
            relative=self._relative(path),
            size=path.stat().st_size if path.is_file() else None,
            overrides=NO_OVERRIDES if overrides == NO_OVERRIDES else overrides,
        )

    def _path(self) -> str:
        match self._values.get("path"):
            case str(path):
                self._refuse_url(path)
                return path
            case None:
                raise self._error("path is missing")
            case other:
                raise self._error(f"path is {other!r}, not text")

    def _refuse_url(self, path: str) -> None:
        try:
            refuse_url(path)
        except UrlInputError as error:
            raise self._error(f"{error.message}; {error.hint}") from error

    def _relative(self, path: Path) -> Path:
        output = self._values.get("output")
        if output is None:
            return Path(path.name)
        below = Path(str(output))
        if below.is_absolute() or ".." in below.parts or not below.name:
            raise self._error(f"output {str(output)!r} is not a path below the output folder")
        return below.with_name(below.name + (path.suffix or ".wav"))

    def _read(self, name: str, read: Callable[[Any], Any]) -> Any:  # noqa: ANN401 - any column's
        try:
            return read(self._values[name])
        except UsageError as error:
            raise self._error(error.message) from error
        except _CellError as error:
            raise self._error(f"{name} is {self._values[name]!r}, not {error}") from None

    def _error(self, problem: str) -> ManifestError:
        return ManifestError(self._file, self._line, problem)


class _CellError(Exception):
    """A cell does not fit its column; the message says what would."""


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise _CellError("text")
    return value.strip()


def _language(value: object) -> str:
    try:
        return language_tag(_text(value))
    except UnknownLanguageError as error:
        near = listed(error.nearest)
        raise _CellError(f"the name or the code of a language; did you mean {near}?") from None


def _words(value: object) -> tuple[str, ...]:
    parts = value.split(",") if isinstance(value, str) else value
    if not isinstance(parts, list) or not all(isinstance(part, str) for part in parts):
        raise _CellError("a comma list")
    return tuple(part.strip() for part in parts if part.strip())


def _names(value: object) -> SpeakerNames:
    if isinstance(value, dict):
        value = [f"{label}={name}" for label, name in value.items()]
    try:
        return tuple(named_speakers(_words(value)).items())
    except ValueError:
        raise _CellError("names in order, or LABEL=NAME each") from None


def _count(value: object) -> int:
    text = str(value).strip()
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise _CellError("a number from 1")
    return int(text)


_READERS: Mapping[str, Callable[[Any], Any]] = {
    "model": _text,
    "language": _language,
    "initial_prompt": _text,
    "hotwords": _words,
    "num_speakers": _count,
    "min_speakers": _count,
    "max_speakers": _count,
    "speaker_names": _names,
    "channels": lambda value: parse_channels(str(value)),
    "audio_track": lambda value: parse_track(str(value)),
    "clip": lambda value: parse_clip(str(value)),
}
_COLUMNS = frozenset({"path", "output", *_READERS})
