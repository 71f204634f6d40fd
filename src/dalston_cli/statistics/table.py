"""One table of all rows as CSV, JSON or Parquet, written row after row.

Which columns there are is known at the end only, so rows wait in a temporary file: memory does not
grow with their number.

Reference:
    RFC 4180 (CSV); https://parquet.apache.org.
"""

import csv
import io
import json
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, BinaryIO, Self

from dalston_cli.atomic_file import written_whole
from dalston_cli.control_characters import escaped_in_json, without_controls
from dalston_cli.errors import UnavailableError, installing
from dalston_cli.formats.inert import inert
from dalston_cli.statistics.rows import COLUMNS, Row, Value

_NUMBER_BITS = 63
_GROUP = 10_000
"""Rows of Parquet that are written together."""


class ParquetMissingError(UnavailableError):
    """The package that writes Parquet is not installed."""

    code = "parquet_missing"

    def __init__(self) -> None:
        super().__init__(
            "Parquet needs the package pyarrow, which is not installed",
            hint=f"{installing('parquet')}, or leave out -f parquet",
        )


class RowFile:
    """Rows that wait in a temporary file, which no other user can read."""

    def __init__(self) -> None:
        self._file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed by __exit__
        self.types: dict[str, type] = dict(COLUMNS)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

    def add(self, row: Row) -> None:
        """Add a row."""
        for name, value in row.items():
            if value is not None and name not in COLUMNS:
                kind = _type_of(value)
                self.types[name] = _common_type(self.types.get(name, kind), kind)
        self._file.write(json.dumps(row).encode() + b"\n")

    def rows(self) -> Iterator[Row]:
        """Yield all rows, in the order in which they were added."""
        self._file.seek(0)
        for line in self._file:
            row: Row = json.loads(line)
            yield row


def _type_of(value: Value) -> type:
    """Return a value's type; a number that no table's number can hold is text."""
    is_large = isinstance(value, int) and value.bit_length() > _NUMBER_BITS
    return str if is_large else type(value)


def _common_type(first: type, second: type) -> type:
    if first is second:
        return first
    return float if {first, second} == {int, float} else str


def write_csv(rows: RowFile, path: Path) -> None:
    """Write all rows as CSV; a cell that a spreadsheet would run gets an apostrophe in front."""
    with written_whole(path) as file:
        text = io.TextIOWrapper(file, "utf-8", newline="", write_through=True)
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow([inert(name) for name in rows.types])
        for row in rows.rows():
            writer.writerow([_cell(row.get(name)) for name in rows.types])
        text.flush()
        text.detach()


def _cell(value: Value) -> str:
    if isinstance(value, str):
        return inert(without_controls(value))
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


def write_json(rows: RowFile, path: Path) -> None:
    """Write all rows as an array of objects; a column without a value is left out."""
    with written_whole(path) as file:
        file.write(b"[")
        for number, row in enumerate(rows.rows()):
            full = {name: row[name] for name in rows.types if row.get(name) is not None}
            line = escaped_in_json(json.dumps(full, ensure_ascii=False))
            file.write((",\n " if number else "\n ").encode() + line.encode())
        file.write(b"\n]\n")


def check_parquet() -> None:
    """Raise ParquetMissingError where Parquet cannot be written."""
    try:
        import pyarrow.parquet  # noqa: F401, PLC0415 - heavy, and optional
    except ImportError as error:
        raise ParquetMissingError from error


def write_parquet(rows: RowFile, path: Path) -> None:
    """Write all rows as Parquet; a column of several types is one of text.

    Raises:
        ParquetMissingError: A package is missing.
    """
    check_parquet()
    with written_whole(path) as file:
        _write_parquet(rows, file)


def _write_parquet(rows: RowFile, file: BinaryIO) -> None:
    import pyarrow as pa  # noqa: PLC0415 - heavy, and optional
    from pyarrow import parquet  # noqa: PLC0415

    kinds: Mapping[type, pa.DataType] = {
        str: pa.string(),
        int: pa.int64(),
        float: pa.float64(),
        bool: pa.bool_(),
    }
    schema = pa.schema([(name, kinds[kind]) for name, kind in rows.types.items()])
    with parquet.ParquetWriter(file, schema, compression="zstd") as writer:
        waiting: list[Row] = []
        for row in rows.rows():
            waiting.append({name: _typed(row.get(name), rows.types[name]) for name in rows.types})
            if len(waiting) == _GROUP:
                writer.write_table(pa.Table.from_pylist(waiting, schema=schema))
                waiting.clear()
        writer.write_table(pa.Table.from_pylist(waiting, schema=schema))


def _typed(value: Value, kind: type) -> Value:
    if value is None or isinstance(value, kind):
        return value
    return float(value) if kind is float else str(value)
