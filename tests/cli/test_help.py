"""``--help`` is a screen that people read: everyday options, in lines that fit, examples last."""

import re
from typing import Any

import pytest
from tests.cli.test_pages import leaves

from dalston_cli.app import PROGRAM, build_root, main
from dalston_cli.settings.table import TABLE

COMMANDS = ("transcribe", "plan")
EXAMPLES = [path for path, command in leaves() if command.epilog]


def shown(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(words) == 0
    return capsys.readouterr().out


def listed(screen: str) -> list[str]:
    return re.findall(r"^[ │]+(?:-\w, )?(--[a-z-]+)", screen, re.MULTILINE)


def params_of(name: str) -> list[Any]:
    root = build_root()
    context = root.make_context(PROGRAM, [], resilient_parsing=True)
    params: list[Any] = root.get_command(context, name).params
    return params


@pytest.mark.parametrize("command", COMMANDS)
def test_help_shows_fifteen_options(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    screen = shown(capsys, command, "--help")
    assert len(listed(screen)) == 15 + len(("--help-all", "--help"))
    everyday = {one.flag for one in TABLE.values() if one.everyday}
    assert everyday < {*listed(screen)}
    assert {*listed(screen)} - everyday == {
        *("--recursive", "--quiet", "--verbose", "--help-all", "--help")
    }
    assert len(screen.splitlines()) <= 48


@pytest.mark.parametrize("command", COMMANDS)
def test_help_all_shows_every_option(
    command: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    screen = shown(capsys, command, "--help-all")
    missing = [
        parameter.opts[0]
        for parameter in params_of(command)
        if parameter.param_type_name == "option"
        and not parameter.hidden
        and f"{parameter.opts[0]} " not in screen
    ]
    assert missing == []
    assert "─ Language model ─" in screen


@pytest.mark.parametrize("columns", [50, 80, 120])
@pytest.mark.parametrize("command", COMMANDS)
def test_help_fits(
    command: str,
    columns: int,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    screen = shown(capsys, command, "--help")
    options, examples = screen.split("\nExamples:\n")
    assert max(map(len, options.splitlines())) <= columns
    assert all(
        line.startswith(f"  {PROGRAM} {command} ") for line in examples.strip("\n").split("\n")
    )


def test_there_are_examples() -> None:
    assert {*COMMANDS, "export"} <= {*EXAMPLES}


@pytest.mark.parametrize("path", EXAMPLES)
def test_examples_come_last(path: str, capsys: pytest.CaptureFixture[str]) -> None:
    screen = shown(capsys, *path.split(), "--help")
    _, _, examples = screen.partition("Examples:")
    lines = [line.strip() for line in examples.splitlines() if line.strip()]
    assert lines
    assert all(line.startswith(f"{PROGRAM} {path} ") for line in lines)
