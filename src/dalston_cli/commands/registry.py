"""The commands by name. A command's module is imported when the command is used."""

from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Protocol, cast

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command, get_group

Command = TyperCommand | TyperGroup


@dataclass(frozen=True)
class LazyCommand:
    """Where a command's function or Typer app is, and one line of help."""

    target: str
    help: str


COMMANDS: Mapping[str, LazyCommand] = {
    "transcribe": LazyCommand(
        "dalston_cli.commands.transcribe:transcribe", "Turn recordings into transcripts."
    ),
    "plan": LazyCommand(
        "dalston_cli.commands.plan:plan", "Show what transcribe would do, and why."
    ),
    "export": LazyCommand(
        "dalston_cli.commands.export:export", "Write a finished transcript in another format."
    ),
    "models": LazyCommand("dalston_cli.commands.models:app", "List, pull, verify, remove models."),
    "pipelines": LazyCommand(
        "dalston_cli.commands.pipelines:app", "List the settings for kinds of recordings."
    ),
    "engines": LazyCommand(
        "dalston_cli.commands.engines:app",
        "List, start, watch, scale, stop engines; build their images.",
    ),
    "runs": LazyCommand("dalston_cli.commands.runs:app", "List past runs and what came of them."),
    "config": LazyCommand(
        "dalston_cli.commands.config:app", "Show settings, and where each comes from."
    ),
    "doctor": LazyCommand(
        "dalston_cli.commands.doctor:doctor", "Check that this machine has what Dalston needs."
    ),
}


def load_command(name: str) -> Command:
    """Import a command and build its parser.

    Args:
        name: A key of ``COMMANDS``.
    """
    module, _, attribute = COMMANDS[name].target.partition(":")
    target = getattr(import_module(module), attribute)
    if isinstance(target, typer.Typer):
        return get_group(target)
    app = typer.Typer(add_completion=False, rich_markup_mode="rich")
    app.command(name)(target)
    return cast("TyperCommand", get_command(app))


class LazyCommands(MutableMapping[str, Any]):  # Typer keeps its Command private
    """The commands of the root, each imported when it is looked up."""

    def __init__(self) -> None:
        self._loaded: dict[str, Command] = {}

    def __getitem__(self, name: str) -> Command:
        if name not in self._loaded:
            if name not in COMMANDS:
                raise KeyError(name)
            self._loaded[name] = load_command(name)
        return self._loaded[name]

    def __setitem__(self, name: str, command: Command) -> None:
        self._loaded[name] = command

    def __delitem__(self, name: str) -> None:
        del self._loaded[name]

    def __iter__(self) -> Iterator[str]:
        return iter(COMMANDS)

    def __len__(self) -> int:
        return len(COMMANDS)


class HelpSections(Protocol):
    """The part of a help formatter that takes a list of names and explanations."""

    def section(self, name: str) -> AbstractContextManager[None]:
        """A heading, and the lines below it."""

    def write_dl(self, rows: Sequence[tuple[str, str]]) -> None:
        """Two columns."""


class RootGroup(TyperGroup):
    """Lists and completes its commands from the table, without importing them."""

    def list_commands(self, ctx: object) -> list[str]:  # noqa: ARG002 - Typer's signature
        """Names in the table's order."""
        return list(COMMANDS)

    def format_commands(self, ctx: object, formatter: HelpSections) -> None:  # noqa: ARG002 - same
        """The list of commands in ``--help``."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.help) for name, entry in COMMANDS.items()])


def command_words(words: Sequence[str]) -> str:
    """The words of ``words`` that name a command, such as ``models list``; empty if unknown."""
    named = [word for word in words if not word.startswith("-")]
    if not named or named[0] not in COMMANDS:
        return ""
    is_group = COMMANDS[named[0]].target.endswith(":app")
    return " ".join(named[: 2 if is_group else 1])
