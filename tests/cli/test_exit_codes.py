"""``main``: every kind of error as a message, an envelope and an exit code."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from dalston_cli import app
from dalston_cli.commands import registry
from dalston_cli.errors import (
    ConfigurationError,
    DalstonError,
    EngineUnavailableError,
    ExitCode,
    InputError,
    InterruptedRunError,
    ModelUnavailableError,
    UsageError,
)

ENVELOPE_KEYS = [
    "dalston_result_version",
    "command",
    "status",
    "exit_code",
    "data",
    "errors",
]
ERROR_KEYS = ["code", "message", "hint", "recording", "stage"]


def raising(error: BaseException) -> Callable[[], None]:
    def doctor() -> None:
        raise error

    return doctor


@pytest.fixture
def failing_doctor(monkeypatch: pytest.MonkeyPatch) -> Callable[[BaseException], None]:
    """Make ``dalston doctor`` raise what the test hands in."""

    def install(error: BaseException) -> None:
        monkeypatch.setattr("dalston_cli.commands.doctor.doctor", raising(error))

    return install


@pytest.mark.parametrize(
    ("error", "code", "word"),
    [
        pytest.param(UsageError("m", hint="h"), 2, "usage", id="usage"),
        pytest.param(InputError("m", hint="h"), 3, "input", id="input"),
        pytest.param(ConfigurationError("m", hint="h"), 4, "configuration", id="configuration"),
        pytest.param(EngineUnavailableError("m", hint="h"), 5, "engine_unavailable", id="engine"),
        pytest.param(ModelUnavailableError("m", hint="h"), 5, "model_unavailable", id="model"),
        pytest.param(InterruptedRunError("m", hint="h"), 130, "interrupted", id="interrupted"),
        pytest.param(DalstonError("m", hint="h"), 1, "error", id="root"),
    ],
)
def test_every_error_has_its_code(
    error: DalstonError,
    code: int,
    word: str,
    failing_doctor: Callable[[BaseException], None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    failing_doctor(error)
    assert app.main(["doctor"]) == code
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == "error: m\nhint: h\n"


def test_an_error_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.main(["config", "show", "--profile", "night", "--json"]) == ExitCode.CONFIGURATION
    captured = capsys.readouterr()
    assert captured.err == ""
    envelope = json.loads(captured.out)
    assert list(envelope) == ENVELOPE_KEYS
    assert envelope["command"] == "config show"
    assert (envelope["status"], envelope["exit_code"]) == ("error", 4)
    assert envelope["data"] is None
    assert [list(error) for error in envelope["errors"]] == [ERROR_KEYS]


def test_an_error_where_events_are_expected(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.main(["transcribe", "--json"]) == ExitCode.USAGE
    envelope = json.loads(capsys.readouterr().out)
    assert list(envelope) == ["event", *ENVELOPE_KEYS]
    assert envelope["event"] == "error"
    assert envelope["errors"][0]["code"] == "no_inputs"


def test_a_bug_is_short_and_logged(
    failing_doctor: Callable[[BaseException], None],
    home: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    failing_doctor(KeyError("surprise"))
    assert app.main(["doctor"]) == ExitCode.BUG
    error = capsys.readouterr().err
    assert error.startswith("error: this is a bug in Dalston: KeyError: 'surprise'\n")
    assert "Traceback" not in error
    (log,) = (home / "state" / "logs" / "cli").iterdir()
    assert str(log) in error
    assert "Traceback" in log.read_text()


@pytest.mark.parametrize("how", ["option before", "option behind", "variable"])
def test_debug_shows_the_traceback(
    how: str,
    failing_doctor: Callable[[BaseException], None],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    failing_doctor(InputError("broken"))
    if how == "variable":
        monkeypatch.setenv("DALSTON_DEBUG", "1")
    words = {"option before": ["--debug", "doctor"], "option behind": ["doctor", "--debug"]}
    assert app.main(words.get(how, ["doctor"])) == ExitCode.INPUT
    assert "Traceback" in capsys.readouterr().err


def test_control_c(
    failing_doctor: Callable[[BaseException], None], capsys: pytest.CaptureFixture[str]
) -> None:
    failing_doctor(KeyboardInterrupt())
    assert app.main(["doctor"]) == ExitCode.INTERRUPTED
    assert capsys.readouterr().err == "error: interrupted\n"  # there are no stages to go on with


def test_a_closed_pipe_is_silent(home: Path) -> None:
    """``dalston config show --all | head -0``, without a shell."""
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as closed:
        done = subprocess.run(
            [sys.executable, "-m", "dalston_cli", "config", "show", "--all"],
            stdout=closed,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert (done.returncode, done.stderr) == (ExitCode.CLOSED_PIPE, "")


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        pytest.param(["trnscribe"], "Did you mean 'transcribe'?", "dalston --help", id="command"),
        pytest.param(["config", "shw"], "Did you mean 'show'?", "config --help", id="sub-command"),
        pytest.param(["doctor", "--jsn"], "No such option: --jsn", "--json", id="option"),
        pytest.param(
            ["transcribe", "--languag", "en"], "--languag", "--language", id="long option"
        ),
        pytest.param(["transcribe", "--model"], "requires an argument", "transcribe", id="value"),
        pytest.param(
            ["transcribe", "a", "--align", "--model", "x"],
            "the value of --align is missing: --model follows it",
            "values are 'auto', 'always', 'never'",
            id="value of a few",
        ),
        pytest.param(
            ["transcribe", "a", "--language", "--model", "x"],
            "the value of --language is missing: --model follows it",
            "--help-all",
            id="value of many",
        ),
        pytest.param(
            ["transcribe", "a", "--align", "nevr"],
            "Invalid value for '--align': 'nevr' is not one of",
            "transcribe --help",
            id="no value of a few",
        ),
        pytest.param(["transcribe"], "nothing to transcribe", "talk.mp3", id="nothing"),
        pytest.param(["transcribe", "a", "-f", "srx"], "'srx'", "-f srt", id="format"),
        pytest.param(["transcribe", "a", "--beam-size", "0"], "--beam-size", "--help", id="range"),
        pytest.param(["transcribe", "a", "--clip", "9-3"], "clip", "START-END", id="clip"),
        pytest.param(
            ["transcribe", "a", "--num-speakers", "2", "--max-speakers", "3"],
            "--num-speakers and --max-speakers exclude each other",
            "leave --max-speakers out",
            id="speakers",
        ),
        pytest.param(
            ["transcribe", "a", "-o", "-", "-f", "srt,vtt"], "one format", "-f srt", id="stdout"
        ),
        pytest.param(
            ["transcribe", "a", "--num-speakers", "2"],
            "--num-speakers does nothing without --diarize",
            "add --diarize",
            id="idle option",
        ),
        pytest.param(
            ["transcribe", "a", "--speaker-names", "Ada"],
            "--speaker-names does nothing without --diarize",
            "add --diarize",
            id="idle names",
        ),
        pytest.param(
            ["transcribe", "a", "--diarize", "--speaker-names", "Ada,SPEAKER_01=Grace"],
            "'Ada' should be LABEL=NAME",
            "transcribe --help",
            id="half a name",
        ),
        pytest.param(
            ["transcribe", "a", "--channels", "split", "--speaker-names", "S=A,S=B"],
            "S is named twice",
            "transcribe --help",
            id="two names",
        ),
        pytest.param(
            ["transcribe", "a", "--glossary", "Dalston"],
            "--glossary does nothing without --refine",
            "add --refine",
            id="idle list",
        ),
        pytest.param(
            ["transcribe", "a", "--latest", "2"],
            "--latest does nothing without the address of a feed or a page",
            "add the address of a feed or a page",
            id="no feed",
        ),
    ],
)
def test_usage_errors_say_what_was_meant(
    words: list[str], message: str, hint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert app.main(words) == ExitCode.USAGE
    captured = capsys.readouterr()
    assert captured.out == ""
    first, second = captured.err.splitlines()
    assert first.startswith("error: ")
    assert message in first
    assert second.startswith("hint: ")
    assert hint in second


@pytest.mark.parametrize("group", ["config", "models", "engines", "runs"])
def test_a_group_alone_shows_its_help(group: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.main([group]) == ExitCode.USAGE
    captured = capsys.readouterr()
    assert f"dalston {group}" in captured.out
    assert "error" not in captured.err


def test_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.main(["-V"]) == ExitCode.OK
    assert capsys.readouterr().out.split()[0] == "dalston"


def test_no_words_show_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.main([]) == ExitCode.OK
    listed = capsys.readouterr().out
    assert all(f"  {name} " in listed for name in registry.COMMANDS)
