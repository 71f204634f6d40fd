"""``dalston config set``, ``unset`` and ``edit``: changes of the settings file."""

import os
import shlex
import subprocess
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from dalston_cli.console import Console
from dalston_cli.errors import ConfigurationError, UsageError
from dalston_cli.options.completion import complete_settings
from dalston_cli.options.general import Json, Quiet
from dalston_cli.settings import edit as changes
from dalston_cli.settings.explain import SettingsFileError
from dalston_cli.settings.load import FILE_NAME, decode_settings, parse_settings, read_bytes
from dalston_cli.settings.locations import Locations
from dalston_cli.settings.table import TABLE

_NEW_FILE = "# Settings of Dalston, see: dalston config show --all\n"

SettingKey = Annotated[
    str,
    typer.Argument(
        metavar="KEY",
        help="A setting such as beam_size, see dalston config show --all; or remote.ENGINE.url.",
        autocompletion=complete_settings,
    ),
]
InProfile = Annotated[
    str | None,
    typer.Option("--profile", metavar="NAME", help="Change this profile of the settings file."),
]


class EditorError(UsageError):
    """The editor cannot be started, or ended with a failure."""

    code = "editor"

    def __init__(self, command: str, problem: str) -> None:
        super().__init__(
            f"the editor `{command}` {problem}; the settings file is unchanged",
            hint="choose another: EDITOR=nano dalston config edit",
        )


class EditRefusedError(ConfigurationError):
    """The edited text is no settings file; it is kept."""

    code = "edit_refused"

    def __init__(self, error: SettingsFileError, draft: Path) -> None:
        super().__init__(
            f"{error.message}; the settings file is unchanged",
            hint=f"your text is kept in {draft}; begin anew: dalston config edit",
        )


def set_setting(
    key: SettingKey,
    value: Annotated[
        str,
        typer.Argument(metavar="VALUE", help="The value; comma lists as on the command line."),
    ],
    *,
    profile: InProfile = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Set a setting in the settings file, which keeps its comments and its order.

    dalston config set model faster-whisper-small

    dalston config set output-format srt,json --profile subtitles
    """
    console = Console("config set", json=json, quiet=quiet)
    file, parsed = _file(), changes.Key.parse(key, profile)
    written = changes.set_value(file, parsed, value)
    console.info(f"{parsed} is set in {file}")
    _warn_of_variable(console, parsed)
    console.result({"file": file, "key": str(parsed), "value": written})


def unset_setting(
    key: SettingKey, *, profile: InProfile = None, quiet: Quiet = False, json: Json = False
) -> None:
    """Remove a setting from the settings file.

    dalston config unset model
    """
    console = Console("config unset", json=json, quiet=quiet)
    file, parsed = _file(), changes.Key.parse(key, profile)
    changes.unset_value(file, parsed)
    console.info(f"{parsed} is no longer set in {file}")
    _warn_of_variable(console, parsed)
    console.result({"file": file, "key": str(parsed)})


def edit() -> None:
    """Open the settings file in $VISUAL or $EDITOR; what is wrong is refused.

    You edit a copy, which takes the file's place when it is free of mistakes.
    """
    console, file = Console("config edit"), _file()
    before = read_bytes(file) if file.exists() else _NEW_FILE.encode()
    file.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=file.parent, prefix="config-", suffix=".toml")
    os.close(descriptor)
    draft = Path(name)
    draft.write_bytes(before)
    try:
        after = _edited(draft, console)
    except EditorError:
        draft.unlink(missing_ok=True)
        raise
    if after.encode() == before:
        console.info("nothing was changed")
    else:
        changes.replace_text(file, after)
        console.info(f"{file} is changed")
    draft.unlink(missing_ok=True)


def _edited(draft: Path, console: Console) -> str:
    """Let the user edit until nothing is wrong; return the text.

    Raises:
        EditorError: The editor failed.
        EditRefusedError: Something is wrong, and the user does not go on.
    """
    while True:
        _run_editor(draft)
        try:
            text = decode_settings(draft, _read_draft(draft))
            parse_settings(draft, text)
        except SettingsFileError as error:
            if not console.asks:
                raise EditRefusedError(error, draft) from error
            console.error(error)
            if not console.confirm("Edit again?", default=True):
                raise EditRefusedError(error, draft) from error
        else:
            return text


def _read_draft(draft: Path) -> bytes:
    """Return what the editor left.

    Raises:
        EditorError: It left no file.
    """
    if not draft.is_file():
        raise EditorError(_editor(), "left no file")
    return draft.read_bytes()


def _editor() -> str:
    return os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"


def _run_editor(file: Path) -> None:
    command = _editor()
    try:
        done = subprocess.run([*shlex.split(command), str(file)], check=False)
    except (OSError, ValueError) as error:
        raise EditorError(command, f"cannot be started: {error}") from error
    if done.returncode:
        raise EditorError(command, f"ended with {done.returncode}")


def _file() -> Path:
    return Locations.from_environment().config / FILE_NAME


def _warn_of_variable(console: Console, key: changes.Key) -> None:
    """Say that a variable hides what the file sets."""
    if key.name in TABLE and key.path[0] != "remote":
        variable = TABLE[key.name].variable
        if os.environ.get(variable):
            console.warning(f"{variable} is set and goes before the file")
