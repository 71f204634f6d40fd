"""Which recordings: the INPUTS argument and the options that find more of them."""

from dataclasses import dataclass
from typing import Annotated

import typer

_PANEL = "Which recordings"


@dataclass(frozen=True, kw_only=True)
class InputOptions:
    """What names the recordings."""

    inputs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="INPUTS...",
            help="Audio or video files, folders, patterns such as 'talks/**/*.mp3', or - for"
            " standard input.",
            show_default=False,
        ),
    ] = None
    recursive: Annotated[
        bool,
        typer.Option(
            "--recursive",
            "-r",
            help="Look into the folders below a folder, too.",
            rich_help_panel=_PANEL,
        ),
    ] = False
    files_from: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="Take names from this file, one per line; - for standard input.",
            rich_help_panel=_PANEL,
        ),
    ] = None
    null: Annotated[
        bool,
        typer.Option(
            "--null",
            "-0",
            help="Names in --files-from end with NUL, as find -print0 writes them.",
            rich_help_panel=_PANEL,
        ),
    ] = False
    manifest: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="Take recordings and their own options from a CSV or JSONL file with the columns"
            " path and, where wanted, output, model, language, prompt, hotwords,"
            " num_speakers,"
            " min_speakers, max_speakers, speaker_names, channels, clip.",
            rich_help_panel=_PANEL,
        ),
    ] = None
