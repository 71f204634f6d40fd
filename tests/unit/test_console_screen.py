"""stdout carries data only; ``-q``, ``-v`` and ``--json`` do what they say."""

import enum
import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from dalston_cli.console import Console, encode_json
from dalston_cli.errors import InputError
from dalston_sdk.wire import Notice


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Screen:
    """A console whose streams can be read."""

    def __init__(
        self,
        stderr: io.StringIO | None = None,
        *,
        json: bool = False,
        quiet: bool = False,
        verbose: int = 0,
    ) -> None:
        self.out = io.StringIO()
        self.err = stderr or io.StringIO()
        self.console = Console(
            "models list",
            json=json,
            quiet=quiet,
            verbose=verbose,
            stdout=self.out,
            stderr=self.err,
        )


@pytest.mark.parametrize(
    ("screen", "shown"),
    [
        pytest.param(Screen(), ["info", "warning: w", "hint: h", "error: e"], id="human"),
        pytest.param(
            Screen(verbose=1), ["info", "detail", "warning: w", "hint: h", "error: e"], id="verbose"
        ),
        pytest.param(Screen(quiet=True), ["warning: w", "hint: h", "error: e"], id="quiet"),
    ],
)
def test_what_is_said(screen: Screen, shown: list[str]) -> None:
    screen.console.info("info")
    screen.console.detail("detail")
    screen.console.warning("w", hint="h")
    screen.console.error(InputError("e"))
    assert screen.err.getvalue().splitlines() == shown
    assert screen.out.getvalue() == ""


def test_lines_quoted_from_a_log_stay_lines() -> None:
    screen = Screen()
    screen.console.error(InputError("it ended:\n  first\n  \x1bsecond\nhint: forged"))
    assert screen.err.getvalue() == "error: it ended:\n  first\n  \\x1bsecond\\nhint: forged\n"


def test_a_message_is_one_line() -> None:
    screen = Screen()
    screen.console.error(InputError("a\nb.wav is empty", hint="c\x1bd"))
    assert screen.err.getvalue() == "error: a\\nb.wav is empty\nhint: c\\x1bd\n"


def test_results_and_tables() -> None:
    screen = Screen()
    screen.console.result({"a": 1}, text="one")
    screen.console.table(("id", "size"), [("x\ny", None)], data=[])
    screen.console.table(("id",), [], data=[], empty="nothing is there")
    assert screen.out.getvalue() == "one\nID    SIZE\nx\\ny  -\n"
    assert screen.err.getvalue() == "nothing is there\n"


def test_json_is_an_envelope() -> None:
    screen = Screen(json=True)
    screen.console.info("not shown")
    screen.console.table(("id",), [("x",)], data=[{"id": "x"}])
    assert json.loads(screen.out.getvalue()) == {
        "dalston_result_version": 1,
        "command": "models list",
        "status": "success",
        "exit_code": 0,
        "data": [{"id": "x"}],
        "errors": [],
    }
    assert screen.err.getvalue() == ""


def test_errors_in_the_envelope_are_complete() -> None:
    screen = Screen(json=True)
    screen.console.result(None, exit_code=7, errors=[Notice(code="c", message="m")])
    envelope = json.loads(screen.out.getvalue())
    assert envelope["status"] == "partial"
    assert envelope["errors"] == [
        {"code": "c", "message": "m", "hint": None, "recording": None, "stage": None}
    ]


@dataclass
class Size:
    num_bytes: int


class Kind(enum.StrEnum):
    GOOD = "good"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param(Size(3), {"num_bytes": 3}, id="dataclass"),
        pytest.param(Notice(code="c", message="m"), {"code": "c", "message": "m"}, id="struct"),
        pytest.param(Kind.GOOD, "good", id="enum"),
        pytest.param({Path("a"): (1, None, True)}, {"a": [1, None, True]}, id="nested"),
        pytest.param("caf\udce9", "caf\ufffd", id="surrogate"),
    ],
)
def test_values_become_json(value: object, expected: object) -> None:
    assert json.loads(encode_json(value)) == expected


@pytest.mark.parametrize(
    ("answer", "default", "expected"),
    [("y\n", False, True), ("No\n", True, False), ("\n", True, True), ("", False, False)],
)
def test_questions(
    answer: str, default: bool, expected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    screen = Screen(Terminal())
    monkeypatch.setattr("sys.stdin", Terminal(answer))
    assert screen.console.confirm("Really?", default=default) is expected
    assert screen.err.getvalue() == f"Really? [{'Y/n' if default else 'y/N'}] "


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(Screen, id="no-terminal"),
        pytest.param(lambda: Screen(Terminal(), json=True), id="json"),
        pytest.param(lambda: Screen(Terminal(), quiet=True), id="quiet"),
    ],
)
def test_nobody_is_asked(make: Callable[[], Screen], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", Terminal("y\n"))
    screen = make()
    assert screen.console.confirm("Really?", default=False) is False
    assert screen.console.confirm("Really?", default=False, assume_yes=True) is True
    assert screen.err.getvalue() == ""


def test_a_meter_without_a_terminal_says_that_it_began() -> None:
    screen = Screen()
    with screen.console.meter("downloading x", total=10) as meter:
        meter.update(5)
    assert screen.err.getvalue() == "downloading x\n"


def test_a_meter_in_a_terminal() -> None:
    screen = Screen(Terminal())
    with screen.console.meter("downloading [x]", total=10) as meter:
        meter.update(10, 10)
    assert "downloading [x]" in screen.err.getvalue()
    assert screen.out.getvalue() == ""


def test_nothing_that_a_terminal_obeys_is_written() -> None:
    evil = "\x1b]0;owned\x07\u202e\x9b31m"
    human, machine = Screen(), Screen(json=True)

    human.console.result({}, text=f"first {evil}\nsecond\n")
    human.console.table(["name"], [[evil]], data=[])
    human.console.warning(evil, hint=evil)
    machine.console.result({evil: evil})

    assert human.out.getvalue().startswith("first \\x1b]0;owned\\x07\\u202e\\x9b31m\nsecond\n")
    assert json.loads(machine.out.getvalue())["data"] == {evil: evil}
    for screen in (human, machine):
        assert not set(screen.out.getvalue() + screen.err.getvalue()) & set("\x1b\x07\x9b")
