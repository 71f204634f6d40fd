"""Options of ``dalston export``."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from dalston_cli.options.completion import complete_formats
from dalston_cli.options.parameters import Flags, OptionsOf

_OUTPUT = "Output"


@dataclass(frozen=True, kw_only=True)
class ExportOptions:
    """The transcripts to read, and where to write them; for ``parameters.flatten``."""

    transcripts: Annotated[
        list[Path],
        typer.Argument(metavar="TRANSCRIPT...", help="JSON that dalston transcribe wrote."),
    ]
    output_format: Annotated[
        list[str],
        typer.Option(
            "--output-format",
            "-f",
            metavar="FORMAT",
            help="Repeat it or give a comma list; all for every format.",
            autocompletion=complete_formats,
            rich_help_panel=_OUTPUT,
        ),
    ]
    output_dir: Annotated[
        str | None,
        typer.Option(
            "--output-dir",
            "-o",
            metavar="DIR",
            help="Folder to write into; - prints one transcript in one format."
            " Beside each transcript by default.",
            rich_help_panel=_OUTPUT,
        ),
    ] = None
    overwrite: Annotated[
        bool,
        typer.Option("--overwrite", help="Replace files that are there.", rich_help_panel=_OUTPUT),
    ] = False
    speaker_names: Annotated[
        list[str] | None,
        typer.Option(
            metavar="LIST",
            help="Names of speakers such as SPEAKER_00=Ada,SPEAKER_01=Grace, or Ada,Grace in"
            " the labels' order; they replace the names that a transcript has already.",
            rich_help_panel="Speakers",
        ),
    ] = None
    settings: Annotated[Flags, OptionsOf((*OptionsOf.panels("Subtitles").settings, "speakers"))]
