"""Help screens: everyday options by ``--help``, all by ``--help-all``, examples at the end."""

import re
from collections.abc import Iterator
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

HELP_ALL = "help_all"
_SHOWS_ALL = "dalston_cli.shows_all"
_EXAMPLE = "dalston "


class EverydayCommand(TyperCommand):
    """A command with so many options that ``--help`` shows only those of every day.

    Attributes:
        everyday: Names of the parameters that it shows beside the arguments.
    """

    everyday: frozenset[str] = frozenset()

    def format_help(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401 - Typer keeps the types private
        """Write the screen that was asked for."""
        if _SHOWS_ALL in ctx.meta:
            super().format_help(ctx, formatter)
            return
        self.format_usage(ctx, formatter)
        self.format_help_text(ctx, formatter)
        with formatter.section("Arguments"):
            formatter.write_dl(list(self._arguments(ctx)))
        with formatter.section("Options"):
            formatter.write_dl(list(self._options(ctx)))
        with formatter.section("Examples"):
            for line in (self.epilog or "").split("\n\n")[1:]:
                formatter.write(f"  {line}\n")

    def _arguments(self, ctx: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - as above
        for one in self.get_params(ctx):
            argument: Any = one
            if argument.param_type_name == "argument":
                yield argument.metavar or argument.name.upper(), argument.help or ""

    def _options(self, ctx: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - as above
        """Yield each option with its short name and value first, and the beginning of its help."""
        for one in self.get_params(ctx):
            option: Any = one
            if option.name not in {*self.everyday, HELP_ALL, "help"}:
                continue
            names = ", ".join(sorted(option.opts, key=len))
            value = "" if option.is_flag or option.count else f" {_value(option, ctx)}"
            yield f"{names}{value}", _beginning(option.help or "")


def _value(option: Any, ctx: Any) -> str:  # noqa: ANN401 - as above
    return str(option.metavar or option.display_type(ctx)).strip("<>")


def _beginning(help_text: str) -> str:
    """Return the first clause, which is enough to recognise an option by."""
    return re.split(r"; |\. |\.$", help_text, maxsplit=1)[0]


def _show_all(context: typer.Context, wanted: bool) -> None:  # noqa: FBT001 - Typer's signature
    if wanted:
        context.meta[_SHOWS_ALL] = True
        typer.echo(context.get_help())
        raise typer.Exit


HelpAll = Annotated[
    bool,
    typer.Option(
        "--help-all",
        callback=_show_all,
        is_eager=True,
        expose_value=False,
        help="Show every option and exit.",
    ),
]
"""The option of an ``EverydayCommand``; no function gets its value."""


def examples_last(command: Any) -> None:  # noqa: ANN401 - a command or a group, whose types are private
    """Move the examples in a command's help to its end, and join the lines of each paragraph."""
    paragraphs = [" ".join(part.split()) for part in (command.help or "").split("\n\n")]
    examples = [part for part in paragraphs if part.startswith(_EXAMPLE)]
    command.help = "\n\n".join(part for part in paragraphs if part not in examples)
    if examples:
        command.epilog = "\n\n".join(["Examples:", *examples])
    for child in getattr(command, "commands", {}).values():
        examples_last(child)
