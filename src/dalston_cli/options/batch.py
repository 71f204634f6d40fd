"""All options that ``transcribe`` and ``plan`` have in common."""

from dataclasses import dataclass
from typing import Annotated

import typer

from dalston_cli.options.dialects.given import DialectOptions
from dalston_cli.options.general import Json, Profile, Quiet, Verbose, Yes
from dalston_cli.options.parameters import EVERYDAY, Flags, OptionsOf

_PANEL = "Input"


@dataclass(frozen=True, kw_only=True)
class InputOptions:
    """The INPUTS argument, and the options that find more recordings."""

    inputs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="INPUTS...",
            help="Audio or video files, folders, patterns such as 'talks/**/*.mp3', addresses,"
            " feeds of podcasts, web pages that play recordings, or - for standard input.",
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
        EVERYDAY,
    ] = False
    tracks: Annotated[
        bool,
        typer.Option(
            "--tracks",
            help="INPUTS are folders or zip archives, each of one recording with a file for every"
            " speaker, as Zoom, Craig and Riverside make them.",
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
            " path and, where wanted, output, model, language, prompt, hotwords, num_speakers,"
            " min_speakers, max_speakers, speaker_names, channels, audio_track, clip; other columns"
            " are kept in the results.",
            rich_help_panel=_PANEL,
        ),
    ] = None
    latest: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="Of each feed of a podcast and each web page among INPUTS only the N newest"
            " recordings.",
            rich_help_panel=_PANEL,
            show_default=False,
        ),
    ] = None
    shard: Annotated[
        str | None,
        typer.Option(
            metavar="I/N",
            help="Only the I-th of N parts of these recordings, from 1: each recording's part"
            " follows from its bytes, so N machines share a folder.",
            rich_help_panel=_PANEL,
        ),
    ] = None


@dataclass(frozen=True, kw_only=True)
class ScreenOptions:
    """Output on the screen, questions, and the profile of the settings file."""

    profile: Profile = None
    json: Json = False
    quiet: Annotated[Quiet, EVERYDAY] = False
    verbose: Annotated[Verbose, EVERYDAY] = 0
    yes: Yes = False


@dataclass(frozen=True, kw_only=True)
class BatchOptions:
    """The recordings, and how to treat them; for ``parameters.flatten``."""

    inputs: InputOptions
    settings: Annotated[Flags, OptionsOf.panels()]
    theirs: Annotated[Flags, DialectOptions()]
    screen: ScreenOptions
