"""The roster that ``dalston speakers`` is about."""

from typing import Annotated

import typer

from dalston_cli.speakers.roster_file import DEFAULT_ROSTER

RosterOption = Annotated[
    str,
    typer.Option(
        "--roster",
        metavar="NAME|FILE",
        help="The roster: default without this option; another name, whose file is in the state"
        " folder, too; or a file that ends with .json.",
    ),
]

DEFAULT = DEFAULT_ROSTER
