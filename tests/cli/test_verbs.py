"""Short forms of commands, ``help`` as a verb, and words of other programs."""

import json
from pathlib import Path

import pytest

from dalston_cli import app
from dalston_cli.commands.registry import COMMANDS, command_words
from dalston_cli.commands.verbs import _MEANT, SHORT_FORMS
from dalston_cli.errors import ExitCode


@pytest.mark.parametrize(("short", "long"), SHORT_FORMS.items(), ids=SHORT_FORMS)
def test_a_short_form_is_the_same_command(
    short: str, long: tuple[str, str], home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert app.main([short, "--help"]) == ExitCode.OK
    given = capsys.readouterr().out
    assert app.main([*long, "--help"]) == ExitCode.OK
    same = capsys.readouterr().out.replace(f"dalston {' '.join(long)}", f"dalston {short}")
    assert "".join(given.split()) == "".join(same.split())
    assert command_words([short, "x"]) == " ".join(long)


def test_a_short_form_says_what_it_stands_for(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert app.main(["ls", "--json"]) == ExitCode.OK
    assert json.loads(capsys.readouterr().out)["command"] == "models list"
    assert app.main(["pull", "no-such-model", "--json"]) == ExitCode.USAGE
    assert json.loads(capsys.readouterr().out)["command"] == "models pull"


@pytest.mark.parametrize(
    ("words", "same"),
    [
        pytest.param(["help"], ["--help"], id="root"),
        pytest.param(["help", "doctor"], ["doctor", "--help"], id="command"),
        pytest.param(["help", "models", "pull"], ["models", "pull", "--help"], id="in a group"),
        pytest.param(["help", "help"], ["--help"], id="itself"),
        pytest.param(["help", "ps"], ["ps", "--help"], id="short form"),
    ],
)
def test_help_is_a_verb(
    words: list[str], same: list[str], home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert app.main(words) == ExitCode.OK
    shown = capsys.readouterr().out
    assert app.main(same) == ExitCode.OK
    assert shown == capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        pytest.param(
            ["run", "my talk.mp3", "--model", "base"],
            "there is no command 'run'",
            "did you mean: dalston transcribe 'my talk.mp3' --model base",
            id="run",
        ),
        pytest.param(
            ["whisper", "a.wav"], "no command 'whisper'", "dalston transcribe a.wav", id="whisper"
        ),
        pytest.param(["install", "x"], "no command 'install'", "models pull x", id="install"),
        pytest.param(
            ["a.wav", "-o", "out"],
            "a command is missing before 'a.wav'",
            "did you mean: dalston transcribe a.wav -o out",
            id="a recording",
        ),
        pytest.param(["gone.wav"], "No such command 'gone.wav'", "dalston --help", id="no file"),
        pytest.param(["hlep"], "Did you mean 'help'?", "dalston --help", id="help mistyped"),
        pytest.param(["help", "nothing"], "No such command 'nothing'", "--help", id="help on none"),
    ],
)
def test_another_word_than_a_command(
    words: list[str],
    message: str,
    hint: str,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (home / "a.wav").touch()
    monkeypatch.chdir(home)
    assert app.main(words) == ExitCode.USAGE
    said = capsys.readouterr().err
    assert message in said
    assert hint in said


@pytest.mark.parametrize("meant", sorted(set(_MEANT.values())), ids=" ".join)
def test_what_is_suggested_exists(
    meant: tuple[str, ...], home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert app.main([*meant, "--help"]) == ExitCode.OK
    assert capsys.readouterr().out
    assert not _MEANT.keys() & {*COMMANDS, *SHORT_FORMS, "help"}
