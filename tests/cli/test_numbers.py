"""Numbers that no machine has: every option that takes one refuses it by name, or takes it."""

from pathlib import Path
from typing import get_args, get_origin

import msgspec
import pytest

from dalston_cli.app import main
from dalston_cli.errors import DalstonError, ExitCode
from dalston_cli.options.build import build_run_options, resolve
from dalston_cli.pipeline.request import RunOptions
from dalston_cli.settings.declare import Setting
from dalston_cli.settings.table import TABLE

HOSTILE = (
    *("99999999999999999999", "-99999999999999999999", "9" * 5000, "1e400", "-1e400", "1e308"),
    *("nan", "-nan", "inf", "-inf", "Infinity", "-0", "-0.0", "0x10", "1_000", "1e-400", "1e19"),
    *("\u0663", "\uff11", "\u00bd", "1,5", "1.5.2", " ", "1 2", "--1", "1e", "NaN,1", "0,inf"),
    "5" * 400,
)
"""Beyond 64 bits, beyond what a float holds, none at all, and digits of other scripts."""


def takes_numbers(one: Setting) -> bool:
    kinds = get_args(one.type) if get_origin(one.type) is tuple else (one.type,)
    return bool({int, float} & set(kinds))


NUMBERS = [one for one in TABLE.values() if takes_numbers(one)]
OTHERS = [
    *("engines start fake --replicas", "engines start fake --keep-alive", "engines scale fake"),
    *("engines restart fake --replicas", "engines stop fake --timeout", "engines stop --timeout"),
    *("engines logs fake --lines", "runs list --limit", "engines scale fake --keep-alive"),
]


def options_of(one: Setting, text: str) -> RunOptions | str:
    """Return the options of a run with a setting, or the error."""
    try:
        return build_run_options(resolve({one.name: text}, profile=None).settings)
    except DalstonError as error:
        return error.message if error.exit_code == ExitCode.USAGE else repr(error)


@pytest.mark.parametrize("one", NUMBERS, ids=lambda one: one.name)
def test_an_option_refuses_it_or_takes_it(one: Setting) -> None:
    """Send what is taken to an engine as JSON: it is what it was."""
    for text in HOSTILE:
        found = options_of(one, text)
        if isinstance(found, str):
            assert found.startswith((f"{one.flag} ", "the value of ")), ascii(text)[:12]
            assert len(found) < 300
            continue
        sent = [msgspec.json.encode(request.options) for request in found.stages.values()]
        assert not any(b"null" in each for each in sent), ascii(text)[:12]


@pytest.mark.parametrize("one", NUMBERS, ids=lambda one: one.name)
def test_a_variable_refuses_it_or_takes_it(one: Setting, monkeypatch: pytest.MonkeyPatch) -> None:
    for text in ("99999999999999999999", "9" * 5000, "1e400", "nan", "-inf"):
        monkeypatch.setenv(one.variable, text)
        assert main(["config", "show", "--json"]) in {ExitCode.OK, ExitCode.CONFIGURATION}


@pytest.mark.parametrize("one", NUMBERS, ids=lambda one: one.name)
def test_a_settings_file_refuses_it_or_takes_it(one: Setting, home: Path) -> None:
    file = Path(home / "config" / "config.toml")
    for text in (
        "99999999999999999999",
        "-inf",
        "nan",
        "1e400",
        "9" * 5000,
        "[1, inf]",
        "[" * 5000,
    ):
        file.parent.mkdir(exist_ok=True)
        file.write_text(f"{one.name} = {text}\n", encoding="utf-8")
        assert main(["config", "show", "--json"]) in {ExitCode.OK, ExitCode.CONFIGURATION}


@pytest.mark.parametrize("line", OTHERS)
def test_options_of_other_commands(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    for text in ("99999999999999999999", "9" * 5000, "nan", "-inf", "1e400", "-1"):
        assert main([*line.split(), text]) != ExitCode.BUG
        captured = capsys.readouterr()
        assert "this is a bug" not in captured.err + captured.out
