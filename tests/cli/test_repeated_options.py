"""An option that is given twice is a list, or a usage error that names it: in every command."""

from typing import Any

import pytest
from tests.cli.test_pages import leaves
from typer.core import TyperOption

from dalston_cli.app import main
from dalston_cli.errors import ExitCode
from dalston_cli.settings.load import load_settings
from dalston_cli.settings.table import TABLE

ONCE = [
    pytest.param(path, option, id=f"{path} {option.opts[0]}")
    for path, command in leaves()
    for option in command.params
    if isinstance(option, TyperOption) and not (option.is_eager or option.multiple or option.count)
]


def words_of(option: Any, name: str) -> list[str]:
    return [name] if option.is_flag else [name, "1"]


@pytest.mark.parametrize(("path", "option"), ONCE)
def test_what_has_one_value_is_given_once(
    path: str, option: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each name of the option beside its first one, whatever else the command wants."""
    for other in (*option.opts, *option.secondary_opts):
        line = [*path.split(), *words_of(option, option.opts[0]), *words_of(option, other)]
        assert main(line) == ExitCode.USAGE
        output = capsys.readouterr()
        assert "is given twice; it can be given once" in output.err + output.out
        assert max(option.opts, key=len) in output.err + output.out


@pytest.mark.parametrize("name", [name for name, one in TABLE.items() if "tuple" in str(one.type)])
def test_a_comma_list_may_be_repeated(name: str) -> None:
    numbers = ["0", "1"] if name in {"gpus", "suppress_tokens", "temperature"} else ["en", "de"]
    if name == "clip":
        numbers = ["0-3", "8-11"]
    resolved = load_settings({name: numbers})
    assert resolved.settings == load_settings({name: ",".join(numbers)}).settings
    assert len(getattr(resolved.settings, name)) == 2


def test_the_line_of_another_tool_is_no_exception(capsys: pytest.CaptureFixture[str]) -> None:
    line = ["transcribe", "a.wav", "--word_timestamps", "True", "--no-word-timestamps"]
    assert main(line) == ExitCode.USAGE
    assert "--word-timestamps/--no-word-timestamps is given twice" in capsys.readouterr().err


@pytest.mark.parametrize(
    "line",
    [
        ["transcribe", "talk.wav", ""],
        ["plan", ""],
        ["export", "", "-f", "srt"],
        ["store", "forget", "-y", ""],
        ["runs", "accept", ""],
        ["engines", "stop", ""],
        ["models", "rm", ""],
    ],
    ids=" ".join,
)
def test_an_empty_argument_is_not_the_current_folder(
    line: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(line) == ExitCode.USAGE
    err = capsys.readouterr().err
    assert " is empty" in err
    assert "a variable in the command may not be set" in err
