"""Options that mean the same in every command that has them."""

from typing import Annotated

import typer

from dalston_cli.options.parameters import option
from dalston_cli.settings.choices import LauncherName, PullPolicy

Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
Quiet = Annotated[
    bool, typer.Option("--quiet", "-q", help="Print nothing but warnings and errors.")
]
Verbose = Annotated[
    int,
    typer.Option(
        "--verbose", "-v", count=True, show_default=False, help="Print more: reasons and steps."
    ),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Answer questions with yes.")]
Profile = Annotated[
    str | None, typer.Option("--profile", metavar="NAME", help="Profile of the settings file.")
]

Offline = Annotated[bool | None, option("offline")]
Device = Annotated[str | None, option("device")]
Gpus = Annotated[list[str] | None, option("gpus")]
Launcher = Annotated[LauncherName | None, option("launcher")]
PullImage = Annotated[PullPolicy | None, option("pull_image")]
KeepAlive = Annotated[float | None, option("keep_alive")]
