"""Where transcripts go and how their text is laid out."""

from dataclasses import dataclass
from typing import Annotated

import typer

from dalston_cli.options.completion import complete_formats

_PANEL = "Output"
_SUBTITLES = "Subtitles and text"


@dataclass(frozen=True, kw_only=True)
class OutputOptions:
    """Each field is the setting of the same name; None leaves it to environment and file."""

    output_dir: Annotated[
        str | None,
        typer.Option(
            "--output-dir",
            "-o",
            metavar="DIR",
            help="Folder for the transcripts; - prints one transcript."
            " The folder you are in by default.",
            rich_help_panel=_PANEL,
        ),
    ] = None
    output_format: Annotated[
        list[str] | None,
        typer.Option(
            "--output-format",
            "-f",
            metavar="FORMAT",
            help="Repeat it or give a comma list; all for every format."
            " txt, srt and json by default, txt on standard output.",
            autocompletion=complete_formats,
            rich_help_panel=_PANEL,
        ),
    ] = None
    overwrite: Annotated[
        bool | None,
        typer.Option(
            "--overwrite/--skip-existing",
            help="Do everything again, and replace files that Dalston did not write;"
            " finished recordings are skipped by default.",
            rich_help_panel=_PANEL,
        ),
    ] = None
    fail_fast: Annotated[
        bool | None,
        typer.Option(
            "--fail-fast/--keep-going",
            help="Begin no other recording after one failed; keeps going by default.",
            rich_help_panel=_PANEL,
        ),
    ] = None
    strict: Annotated[
        bool | None,
        typer.Option(
            "--strict/--no-strict",
            help="A failed optional stage fails its recording.",
            rich_help_panel=_PANEL,
        ),
    ] = None


@dataclass(frozen=True, kw_only=True)
class TextOptions:
    """How formats lay their text out; each field is the setting of the same name."""

    max_line_width: Annotated[
        int | None,
        typer.Option(
            metavar="COLUMNS", help="Columns of a subtitle's line: 42.", rich_help_panel=_SUBTITLES
        ),
    ] = None
    max_line_count: Annotated[
        int | None,
        typer.Option(metavar="LINES", help="Lines of a subtitle: 2.", rich_help_panel=_SUBTITLES),
    ] = None
    max_cue_duration: Annotated[
        float | None,
        typer.Option(metavar="SECONDS", help="Longest subtitle: 7.", rich_help_panel=_SUBTITLES),
    ] = None
    min_cue_duration: Annotated[
        float | None,
        typer.Option(
            metavar="SECONDS",
            help="Shortest subtitle, where silence follows: 0.833.",
            rich_help_panel=_SUBTITLES,
        ),
    ] = None
    max_cps: Annotated[
        float | None,
        typer.Option(
            metavar="COLUMNS",
            help="Reading speed, in columns per second: 20.",
            rich_help_panel=_SUBTITLES,
        ),
    ] = None
    min_gap: Annotated[
        float | None,
        typer.Option(
            metavar="SECONDS", help="Between two subtitles: 0.083.", rich_help_panel=_SUBTITLES
        ),
    ] = None
    max_words_per_line: Annotated[
        int | None,
        typer.Option(
            metavar="WORDS", help="As many as fit by default.", rich_help_panel=_SUBTITLES
        ),
    ] = None
    highlight_words: Annotated[
        bool | None,
        typer.Option(
            "--highlight-words/--no-highlight-words",
            help="Underline each word while it is spoken.",
            rich_help_panel=_SUBTITLES,
        ),
    ] = None
    speakers: Annotated[
        bool | None,
        typer.Option(
            "--speakers/--no-speakers",
            help="Name the speakers in text; by default where there are several.",
            rich_help_panel=_SUBTITLES,
        ),
    ] = None
