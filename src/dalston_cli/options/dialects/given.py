"""Options of other tools as hidden options of ours; ``translation`` turns them into settings."""

import inspect
from typing import Annotated

import typer

from dalston_cli.options.dialects.table import SWITCHES, TRANSLATED, WITHOUT_EFFECT
from dalston_cli.options.parameters import Collected, parameter
from dalston_cli.options.spelling import AS_NONE


class DialectOptions(Collected):
    """Marks a parameter of type ``Flags`` that collects the options of other tools."""

    def __init__(self) -> None:
        super().__init__((*TRANSLATED, *WITHOUT_EFFECT, AS_NONE))

    def parameter(self, name: str) -> inspect.Parameter:
        """Return a hidden option: a switch, a text, or the list of what is ``None``."""
        kind: object = bool if name in SWITCHES else list[str] if name == AS_NONE else str
        meaning = {**TRANSLATED, **WITHOUT_EFFECT, AS_NONE: "options whose value is None"}[name]
        hidden = typer.Option(
            f"--{name.replace('_', '-')}",
            metavar=None if kind is bool else "VALUE",
            help=f"{meaning}.",
            hidden=True,
        )
        return parameter(name, Annotated[kind | None, hidden], None)  # type: ignore[operator]  # a type
