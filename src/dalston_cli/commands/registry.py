"""The commands by name. A command's module is imported when the command is used."""

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any, cast

import typer
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption
from typer.main import get_command, get_group

from dalston_cli.commands.verbs import SHORT_FORMS, refuse_other_verbs
from dalston_cli.options.given import check_only_given
from dalston_cli.options.help_screen import EverydayCommand, examples_last
from dalston_cli.options.repeated import refuse_repeats

Command = TyperCommand | TyperGroup

HELP_NAMES = ("-h", "--help")

COMMANDS: Mapping[str, str] = {
    "transcribe": "Turn recordings into transcripts.",
    "align": "Find a text that is known already in its recording.",
    "watch": "Transcribe what arrives in a folder.",
    "plan": "Show what transcribe would do, and why.",
    "export": "Write a finished transcript in another format.",
    "review": "Listen to transcripts and correct them, in the browser.",
    "check": "Check subtitles by a guideline.",
    "mux": "Put subtitles into a video.",
    "search": "Find what was said in the transcripts of a folder.",
    "stats": "Count who spoke how much, how fast and when.",
    "eval": "Score transcripts, or models, against references.",
    "redact": "Replace names, numbers and addresses in transcripts.",
    "speakers": "Keep a roster of people, with consent, who are named by their voices.",
    "serve": "Serve transcription to other programs, as OpenAI's API does.",
    "worker": "Work on the jobs of a server, on this machine or on others.",
    "tokens": "Make, list and remove the tokens of dalston serve.",
    "models": "List, pull, verify, add, remove models; ls, pull and rm are short for it.",
    "setup": "Propose models for this machine, and download them.",
    "pipelines": "List the settings for kinds of recordings.",
    "engines": "List, start, watch, scale, stop engines (ps shows them); build their images.",
    "runs": "List past runs and what came of them.",
    "store": "Show, trim and forget what is kept between runs.",
    "config": "Show and change settings; say where each comes from.",
    "doctor": "Check that this machine has what Dalston needs.",
}
"""One line of help for each command; its module has a function of its name, or ``app``."""

_PANELS: Mapping[str, Sequence[str]] = {
    "Transcripts": (
        "export",
        "review",
        "mux",
        "check",
        "search",
        "stats",
        "eval",
        "redact",
        "speakers",
    ),
}
"""Commands that ``--help`` lists under a heading of their own; the others are under Commands."""

_GROUPS = frozenset(
    {"speakers", "tokens", "models", "pipelines", "engines", "runs", "store", "config"}
)


def group(name: str) -> typer.Typer:
    """Return an empty group of commands; ``name`` is a key of ``COMMANDS``."""
    return typer.Typer(
        help=COMMANDS[name], no_args_is_help=True, add_completion=False, rich_markup_mode="rich"
    )


def load_command(name: str) -> Command:
    """Import a command and build its parser; ``name`` is a key of ``COMMANDS``."""
    module = import_module(f"dalston_cli.commands.{name}")
    if name in _GROUPS:
        command: Command = get_group(module.app)
    else:
        command = _single_command(name, getattr(module, name))
    examples_last(command)
    refuse_repeats(command)
    check_only_given(command, HELP_NAMES)
    _hide_types(command)
    return command


def _single_command(name: str, function: Callable[..., None]) -> TyperCommand:
    """Build the parser of a command; one with everyday options has a short help screen."""
    everyday: frozenset[str] = getattr(function, "everyday", frozenset())
    app = typer.Typer(add_completion=False, rich_markup_mode="rich")
    app.command(name, cls=EverydayCommand if everyday else TyperCommand)(function)
    command = cast("TyperCommand", get_command(app))
    if isinstance(command, EverydayCommand):
        command.everyday = everyday
    return command


def _hide_types(command: Command) -> None:
    """Keep the Python types of switches and arguments off the help screens."""
    for parameter in command.get_params(typer.Context(command, help_option_names=[*HELP_NAMES])):
        if isinstance(parameter, TyperArgument):
            parameter.display_type_rich = _nothing  # type: ignore[method-assign]  # no option hides it
        elif isinstance(parameter, TyperOption) and (parameter.is_flag or parameter.count):
            parameter.metavar = ""
    for child in getattr(command, "commands", {}).values():
        _hide_types(child)


def _nothing(ctx: object) -> None:
    """Stand in for the type of an argument, which its metavar describes better."""


class RootGroup(TyperGroup):
    """Lists and completes its commands from the table; imports one when it is looked up."""

    commands: dict[str, Any]  # Typer keeps its Command private

    def list_commands(self, ctx: object) -> list[str]:  # noqa: ARG002 - Typer's signature
        """Return the names in the table's order."""
        return list(COMMANDS)

    def get_command(self, ctx: object, cmd_name: str) -> Any:  # noqa: ANN401 - the same
        """Return a command; None where there is none of the name."""
        if cmd_name in COMMANDS and self.commands.get(cmd_name) is None:
            self.commands[cmd_name] = load_command(cmd_name)
        if cmd_name in SHORT_FORMS and self.commands.get(cmd_name) is None:
            long, name = SHORT_FORMS[cmd_name]
            self.commands[cmd_name] = self.get_command(ctx, long).commands[name]
        return self.commands.get(cmd_name)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:  # noqa: ANN401 - the same
        """Find the command of a line; another program's word is answered with ours.

        Raises:
            MeantCommandError: It is known what is meant by the first word.
        """
        if args and self.get_command(ctx, args[0]) is None:
            refuse_other_verbs(args)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: object, formatter: Any) -> None:  # noqa: ANN401, ARG002 - the same
        """Write the list of commands of ``--help``."""
        apart = {name for names in _PANELS.values() for name in names}
        panels = {"Commands": [name for name in COMMANDS if name not in apart], **_PANELS}
        for panel, names in panels.items():
            with formatter.section(panel):
                formatter.write_dl([(name, COMMANDS[name]) for name in names if name in COMMANDS])


def command_words(words: Sequence[str]) -> str:
    """Return the words that name a command, such as ``models list``; empty if unknown.

    A short form is named as what it stands for.
    """
    named = [word for word in words if not word.startswith("-")]
    if named and (long := SHORT_FORMS.get(named[0])):
        return " ".join(long)
    if not named or named[0] not in COMMANDS:
        return ""
    return " ".join(named[: 2 if named[0] in _GROUPS else 1])
