"""The options of ``watch``: those of ``transcribe``, with a folder in place of INPUTS."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from dalston_cli.options.batch import BatchOptions, InputOptions, ScreenOptions
from dalston_cli.options.dialects.given import DialectOptions
from dalston_cli.options.parameters import EVERYDAY, Flags, OptionsOf

_PANEL = "Input"


@dataclass(frozen=True, kw_only=True)
class WatchOptions:
    """The folder that is watched, and how."""

    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="Recordings arrive here.", show_default=False)
    ]
    recursive: Annotated[
        bool,
        typer.Option(
            "--recursive",
            "-r",
            help="Watch the folders below it, too.",
            rich_help_panel=_PANEL,
        ),
        EVERYDAY,
    ] = False
    settle: Annotated[
        float,
        typer.Option(
            min=0.1,
            metavar="SECONDS",
            help="A recording is whole once it was unchanged for so long and no process writes it.",
            rich_help_panel=_PANEL,
        ),
        EVERYDAY,
    ] = 5.0
    poll: Annotated[
        float | None,
        typer.Option(
            min=0.1,
            metavar="SECONDS",
            help="Look so often, instead of being told by the system: for NFS and the like, of"
            " whose changes on other machines it does not know.",
            rich_help_panel=_PANEL,
        ),
        EVERYDAY,
    ] = None
    move_done: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Move each recording there once its transcript is complete.",
            rich_help_panel=_PANEL,
            show_default=False,
        ),
        EVERYDAY,
    ] = None
    once: Annotated[
        bool,
        typer.Option(
            "--once",
            help="End when all that is there is transcribed: for a timer.",
            rich_help_panel=_PANEL,
        ),
        EVERYDAY,
    ] = False


@dataclass(frozen=True, kw_only=True)
class WatchingOptions:
    """The folder that is watched, and how to treat its recordings; for ``parameters.flatten``."""

    watched: WatchOptions
    settings: Annotated[Flags, OptionsOf.panels()]
    theirs: Annotated[Flags, DialectOptions()]
    screen: ScreenOptions

    @property
    def batch(self) -> BatchOptions:
        """The same as options of a batch whose recordings are found later."""
        return BatchOptions(
            inputs=InputOptions(), settings=self.settings, theirs=self.theirs, screen=self.screen
        )
