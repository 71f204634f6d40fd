"""``dalston stats``: who spoke how much, how fast and when, in all recordings of a folder."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dalston_cli.console import Console
from dalston_cli.options.general import Json, Quiet

if TYPE_CHECKING:
    from dalston_cli.statistics.batch import Batch
    from dalston_cli.statistics.sums import Sums

_OUTPUT = "Output"


class TableFormat(StrEnum):
    """The kinds of files that statistics are written to."""

    CSV = "csv"
    JSON = "json"
    PARQUET = "parquet"
    HTML = "html"


def stats(
    places: Annotated[
        list[Path],
        typer.Argument(metavar="FOLDER|JSON...", help="Folders of JSON transcripts, or files."),
    ],
    *,
    output_format: Annotated[
        list[TableFormat] | None,
        typer.Option(
            "--output-format",
            "-f",
            metavar="FORMAT",
            help="csv|json|parquet: all figures; html: a report with plots. Repeat it for several.",
            rich_help_panel=_OUTPUT,
        ),
    ] = None,
    output_dir: Annotated[
        Path,
        typer.Option(
            "--output-dir", "-o", metavar="DIR", help="Where to write.", rich_help_panel=_OUTPUT
        ),
    ] = Path(),
    overwrite: Annotated[
        bool,
        typer.Option("--overwrite", help="Replace files that are there.", rich_help_panel=_OUTPUT),
    ] = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Count who spoke how much, how fast and when.

    Talk time, turns, words per minute, silence, overlap, interruptions, latency of answers, sounds
    and emotions: of each speaker, each recording and all of them, as docs/statistics.md defines
    them. With -f, statistics.csv and others are written; a manifest's own columns are in them.

    dalston stats calls/

    dalston stats calls/ -f csv -f html -o report/
    """
    from dalston_cli.statistics.session import collect

    console = Console("stats", json=json, quiet=quiet)
    formats = tuple(dict.fromkeys(str(each) for each in output_format or ()))
    if not formats and (overwrite or output_dir != Path()):
        console.warning("-o and --overwrite have no effect without -f: nothing is written")
    with collect(
        places, formats, output_dir, overwrite=overwrite, tell=console.warning
    ) as collected:
        for path in collected.written:
            console.info(f"wrote {path}")
        data = {
            "batch": collected.summary,
            "written": [str(path) for path in collected.written],
        }
        if json:
            console.result(data)
        else:
            _show(console, collected.batch)


def _show(console: Console, batch: "Batch") -> None:
    """Print a line for each speaker, and one for all."""
    from dalston_cli.amounts import count, duration
    from dalston_cli.formats.speakers import is_label

    whole = batch.whole
    columns = ("speaker", "speech", "share", "turns", "words/min", "interruptions", "latency")
    rows = [_cells(name or "unnamed", sums) for name, sums in batch.speakers.items()]
    if len(batch.speakers) != 1:
        rows.append(_cells("all", whole))
    console.table(columns, rows, data=None, optional=("interruptions", "latency", "turns"))
    silence, overlap = _percent(whole.silence_share), _percent(whole.overlap_share)
    console.info(
        f"{count(whole.recordings, 'recording')}, {duration(whole.duration_s)}:"
        f" silence {silence}, overlap {overlap}"
    )
    if whole.recordings > 1 and (label := next(filter(is_label, filter(None, batch.speakers)), "")):
        console.hint(f"{label} is another person in each recording: -f csv has a row for each")


def _cells(name: str, sums: "Sums") -> tuple[object, ...]:
    from dalston_cli.amounts import duration

    rate, latency = sums.words_per_minute, sums.latency_mean_s
    return (
        name,
        duration(sums.talk_s),
        _percent(sums.talk_share if name != "all" else None),
        sums.turns,
        None if rate is None else f"{rate:.0f}",
        sums.interruptions,
        None if latency is None else f"{latency:.1f} s",
    )


def _percent(share: float | None) -> str | None:
    return None if share is None else f"{100 * share:.0f} %"
