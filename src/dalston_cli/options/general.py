"""Options that mean the same in every command that has them."""

from typing import Annotated

import typer

from dalston_cli.settings.choices import LauncherName, PullPolicy

SCREEN = "What is shown"
MACHINE = "Machine and engines"

Json = Annotated[
    bool,
    typer.Option("--json", help="Print JSON for programs.", rich_help_panel=SCREEN),
]
Quiet = Annotated[
    bool,
    typer.Option(
        "--quiet", "-q", help="Say nothing but warnings and errors.", rich_help_panel=SCREEN
    ),
]
Verbose = Annotated[
    int,
    typer.Option(
        "--verbose",
        "-v",
        count=True,
        show_default=False,
        help="Say more: reasons and steps.",
        rich_help_panel=SCREEN,
    ),
]
Yes = Annotated[
    bool,
    typer.Option("--yes", "-y", help="Answer questions with yes.", rich_help_panel=SCREEN),
]
Offline = Annotated[
    bool | None,
    typer.Option(
        "--offline/--online",
        show_default=False,
        help="Never use the network.",
        rich_help_panel=MACHINE,
    ),
]
Device = Annotated[
    str | None,
    typer.Option(
        "--device",
        metavar="auto|cpu|cuda[:N]",
        help="Where engines compute.",
        rich_help_panel=MACHINE,
    ),
]
Gpus = Annotated[
    str | None,
    typer.Option(
        "--gpus",
        metavar="LIST",
        help="The only GPUs to use, such as 0,1: one replica on each.",
        rich_help_panel=MACHINE,
    ),
]
Launcher = Annotated[
    LauncherName | None,
    typer.Option("--launcher", help="How engines are started.", rich_help_panel=MACHINE),
]
PullImage = Annotated[
    PullPolicy | None,
    typer.Option(
        "--pull-image",
        help="When to download images of engines, where there is a registry: missing.",
        rich_help_panel=MACHINE,
    ),
]
KeepAlive = Annotated[
    float | None,
    typer.Option(
        "--keep-alive",
        metavar="SECONDS",
        help="Idle seconds until an engine stops itself; -1 for never, 0 at once.",
        rich_help_panel=MACHINE,
    ),
]
