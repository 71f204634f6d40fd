"""The root of the command line, and the one place where errors become messages and exit codes."""

import os
import re
import sys
import time
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from typer.exceptions import TyperException
from typer.main import get_command

from dalston_cli import __version__, garbage, streams
from dalston_cli.atomic_file import write_whole
from dalston_cli.commands.registry import COMMANDS, HELP_NAMES, RootGroup, command_words
from dalston_cli.commands.verbs import HELP, SHORT_FORMS, without_help_verb
from dalston_cli.console import Console, encodable
from dalston_cli.errors import DalstonError, ExitCode, InterruptedRunError, UsageError
from dalston_cli.options.given import check_only_given
from dalston_cli.options.repeated import refuse_repeats
from dalston_cli.options.spelling import in_our_dialect, normal_name
from dalston_cli.private_file import make_private_folder
from dalston_cli.settings.locations import Locations

PROGRAM = "dalston"
_COMPLETION_VARIABLE = "_DALSTON_COMPLETE"
_CRASH_LOGS = 20
_IN_STAGES = frozenset({"transcribe", "align", "watch", "eval", "speakers add"})
"""Commands whose results are stored one by one."""
_BAD_CHOICE = re.compile(
    r"Invalid value for '(?P<option>--[\w-]+)[^:]*: (?:Value error, )?"
    r"'(?P<value>.*)' is not one of (?P<known>.*)"
)
"""A message of Typer's about an option with a few values."""


class InternalError(DalstonError):
    """Dalston itself has a bug."""

    code = "bug"

    def __init__(self, error: BaseException, log: Path | None) -> None:
        super().__init__(
            f"this is a bug in Dalston: {type(error).__name__}: {error}",
            hint=f"report it with the file {log}" if log else "run it again with --debug",
        )


def run() -> NoReturn:
    """Be the process ``dalston``: run the command of its arguments, then end."""
    garbage.begin()
    code = main()
    garbage.end()
    sys.exit(code)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return the exit code.

    Args:
        arguments: The words after ``dalston``; None takes the process's own.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    options = words[: words.index("--")] if "--" in words else words
    debug = "--debug" in options or os.environ.get("DALSTON_DEBUG", "") not in {"", "0"}
    words = [word for word in options if word != "--debug"] + words[len(options) :]
    words = in_our_dialect(without_help_verb(words))
    console = Console(command_words(words), json="--json" in options)
    streams.open_closed_streams()
    streams.allow_descriptors()
    _use_utf8()
    try:
        code = _dispatch(words)
        streams.print_data(sys.stdout, "")
    except BrokenPipeError:
        streams.abandon(sys.stdout)
        return ExitCode.CLOSED_PIPE
    except TyperException as error:
        return _report_usage(console, error)
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - the last line of defence
        if debug:
            streams.tell(sys.stderr, "".join(traceback.format_exception(error)))
        return _report(console, _explain(error, console.command))
    return code


def build_root() -> RootGroup:
    """Build the root's parser; its commands are imported when they are looked up."""
    app = typer.Typer(
        name=PROGRAM,
        cls=RootGroup,
        callback=_root,
        rich_markup_mode=None,
        context_settings={"help_option_names": [*HELP_NAMES], "token_normalize_func": normal_name},
        epilog="--debug, anywhere on the line, shows the traceback of an error.",
    )
    group = get_command(app)
    if not isinstance(group, RootGroup):
        raise TypeError(f"the root is a {type(group).__name__}")
    refuse_repeats(group)
    check_only_given(group, HELP_NAMES)
    group.commands = dict.fromkeys([*COMMANDS, *SHORT_FORMS, HELP])  # the keys are for suggestions
    return group


def _show_version(wanted: bool) -> None:  # noqa: FBT001 - Typer's signature
    if wanted:
        typer.echo(f"{PROGRAM} {__version__}")
        raise typer.Exit


def _root(
    *,
    version: Annotated[
        bool,
        typer.Option(
            "--version", "-V", callback=_show_version, is_eager=True, help="Show the version."
        ),
    ] = False,
) -> None:
    """Turn folders of recordings into finished transcripts."""


def _dispatch(words: list[str]) -> int:
    """Parse and run; Typer's exceptions are passed on, except for the one that only exits."""
    root = build_root()
    if _COMPLETION_VARIABLE in os.environ:
        root.main(args=words, prog_name=PROGRAM)
    try:
        with root.make_context(PROGRAM, words or ["--help"]) as context:
            root.invoke(context)
    except typer.Exit as end:
        return end.exit_code
    return ExitCode.OK


def _explain(error: BaseException, command: str) -> DalstonError:
    """Turn any exception into an error with a message, a hint and an exit code."""
    if isinstance(error, DalstonError):
        return error
    if isinstance(error, KeyboardInterrupt | typer.Abort):
        hint = "run the same command again to go on: finished stages are kept"
        return InterruptedRunError("interrupted", hint=hint if command in _IN_STAGES else None)
    if known := streams.explained_by_streams(error) or streams.explained_by_process(error):
        return known
    return InternalError(error, _write_crash_log(error))


def _write_crash_log(error: BaseException) -> Path | None:
    """Write the traceback to a file and return its path; None where no file can be written."""
    folder = Locations.from_environment().state / "logs" / "cli"
    path = folder / f"{time.strftime('%Y%m%dT%H%M%S')}-{os.getpid()}.log"
    text = "".join(
        [f"dalston {__version__}\npython {sys.version}\n", *traceback.format_exception(error)]
    )
    try:
        make_private_folder(folder.parent)
        make_private_folder(folder)
        write_whole(path, encodable(text).encode(), mode=0o600)
        for old in sorted(folder.glob("*.log"))[:-_CRASH_LOGS]:
            old.unlink(missing_ok=True)
    except OSError:
        return None
    return path


def _report_usage(console: Console, error: TyperException) -> int:
    """Report a malformed command line, with options of similar names."""
    message = error.format_message().rstrip(".")
    if not message:  # a group without a command has shown its help already
        return ExitCode.USAGE
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else f"{PROGRAM} {console.command}".rstrip()
    if (bad := _BAD_CHOICE.fullmatch(message)) and bad["value"].startswith("--"):
        message = f"the value of {bad['option']} is missing: {bad['value']} follows it"
        return _report(console, UsageError(message, hint=f"values are {bad['known']}"))
    message = message.replace(": Value error, ", ": ")
    meant = [name for name in getattr(error, "possibilities", None) or () if "_" not in name]
    if meant:
        message = error.message.rstrip(".")
        hint = f"did you mean {' or '.join(sorted(meant))}? See: {path} --help"
    else:
        hint = f"see: {path} --help"
    return _report(console, UsageError(message, hint=hint))


def _report(console: Console, error: DalstonError) -> int:
    if isinstance(error, streams.OutputStreamError):
        streams.abandon(sys.stdout)
        console = Console(console.command)  # an envelope would go where there is no room
    try:
        console.error(error)
    except BrokenPipeError:
        streams.abandon(sys.stdout)
        return ExitCode.CLOSED_PIPE
    return error.exit_code


def _use_utf8() -> None:
    """Write UTF-8 to files and pipes whatever the locale; never fail over one character."""
    for stream in (sys.stdout, sys.stderr):
        if reconfigure := getattr(stream, "reconfigure", None):
            encoding = None if stream.isatty() else "utf-8"
            reconfigure(encoding=encoding, errors="replace")
