"""What ``dalston stats`` does: reads transcripts one by one, and writes what comes of it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from dalston_cli.collection.reading import NoTranscriptsError, transcripts_at
from dalston_cli.errors import InputError, UnavailableError
from dalston_cli.statistics.batch import Batch
from dalston_cli.statistics.report import write_report
from dalston_cli.statistics.rows import Row, batch_rows
from dalston_cli.statistics.table import (
    RowFile,
    check_parquet,
    write_csv,
    write_json,
    write_parquet,
)

NAME = "statistics"
"""Of every file that is written, without its ending."""

_WRITERS: Mapping[str, Callable[[RowFile, Path], None]] = {
    "csv": write_csv,
    "json": write_json,
    "parquet": write_parquet,
}

Tell = Callable[[str], None]


class StatisticsExistError(InputError):
    """A file is there already."""

    code = "statistics_exist"

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"{path} exists", hint="replace it with --overwrite, or choose another folder with -o"
        )


class StatisticsUnwritableError(UnavailableError):
    """The system refuses to write."""

    code = "statistics_unwritable"

    def __init__(self, path: Path, error: OSError) -> None:
        super().__init__(
            f"cannot write {path}: {error.strerror or error}", hint="choose another folder with -o"
        )


@dataclass(frozen=True, kw_only=True)
class Collected:
    """Statistics of all transcripts; the rows are there while the block lasts.

    Attributes:
        summary: The rows of the batch.
    """

    batch: Batch
    summary: Sequence[Row]
    written: Sequence[Path]


@contextmanager
def collect(
    places: Sequence[Path],
    formats: Sequence[str],
    folder: Path,
    *,
    overwrite: bool,
    tell: Tell,
) -> Iterator[Collected]:
    """Measure the transcripts of files and folders, and write the formats.

    Raises:
        NoSuchPlaceError, NoTranscriptsError, InputError: As ``transcripts_at``.
        StatisticsExistError: A file is there already; nothing has been read.
        ParquetMissingError: Nothing has been read.
        StatisticsUnwritableError: The system refuses.
    """
    targets = {name: folder / f"{NAME}.{name}" for name in formats}
    for name, target in targets.items():
        if target.exists() and not overwrite:
            raise StatisticsExistError(target)
        if name == "parquet":
            check_parquet()
    with RowFile() as rows:
        batch = Batch(rows=rows)
        for path, transcript in transcripts_at(places, tell):
            batch.add(path, transcript)
        if not batch.whole.recordings:
            raise NoTranscriptsError(places)
        batch.end()
        for name, target in targets.items():
            _write(batch, name, target)
        summary = tuple(batch_rows(batch.whole, batch.speakers))
        yield Collected(batch=batch, summary=summary, written=tuple(targets.values()))


def _write(batch: Batch, name: str, target: Path) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if name == "html":
            write_report(batch, target)
        else:
            _WRITERS[name](batch.rows, target)
    except OSError as error:
        raise StatisticsUnwritableError(target, error) from error
