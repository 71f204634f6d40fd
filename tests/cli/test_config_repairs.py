"""``dalston config`` on files that are broken, and with editors and values that are odd."""

import os
from pathlib import Path

import pytest
from tests.support.in_process import run_dalston

from dalston_cli.app import main
from dalston_cli.errors import ExitCode

KEPT = "[profiles.calls]\nbeam_size = 2\n"


@pytest.fixture
def file(home: Path) -> Path:
    path = home / "config" / "config.toml"
    path.parent.mkdir()
    path.write_text(KEPT, encoding="utf-8")
    return path


@pytest.mark.parametrize("profiles", ["5", '"abc"', "[1]"])
@pytest.mark.parametrize(
    "words", [["set", "profiles.abc.model", "x"], ["unset", "profiles.abc.model"]]
)
def test_what_is_no_table_has_its_line(
    file: Path, profiles: str, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text(f"# mine\nprofiles = {profiles}\n", encoding="utf-8")
    assert main(["config", *words]) == ExitCode.CONFIGURATION
    assert f"{file}:2: profiles should be a table" in capsys.readouterr().err


def test_bytes_that_are_no_text_can_be_edited_away(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_bytes(b'model = "x"\na\xff = 1\n')
    assert main(["config", "set", "model", "y"]) == ExitCode.CONFIGURATION
    assert f"{file}:2: cannot be read" in capsys.readouterr().err
    monkeypatch.setenv("VISUAL", "sed -i 2d")
    assert main(["config", "edit"]) == 0
    assert file.read_text(encoding="utf-8") == 'model = "x"\n'


def test_bytes_that_are_no_text_are_not_replaced_in_passing(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_bytes(b'model = "\xff"\n')
    monkeypatch.setenv("VISUAL", "true")
    assert main(["config", "edit"]) == ExitCode.CONFIGURATION
    assert "this is not UTF-8; the settings file is unchanged" in capsys.readouterr().err
    assert file.read_bytes() == b'model = "\xff"\n'


def test_an_editor_that_leaves_no_file(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("VISUAL", "rm -f")
    assert main(["config", "edit"]) == ExitCode.USAGE
    assert "the editor `rm -f` left no file; the settings file is unchanged" in (
        capsys.readouterr().err
    )
    assert [each.name for each in file.parent.iterdir()] == ["config.toml"]


@pytest.mark.parametrize(
    "words", [["show"], ["set", "model", "x"], ["unset", "model"], ["edit"]], ids=" ".join
)
def test_a_pipe_is_not_opened(
    file: Path, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    file.unlink()
    os.mkfifo(file)
    assert main(["config", *words]) == ExitCode.CONFIGURATION
    assert f"{file}: cannot be read: it is no regular file" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        pytest.param(
            ["beam_size", "9" * 26], ExitCode.USAGE, "should be less than or equal", id="large"
        ),
        pytest.param(["profile", "cals"], ExitCode.CONFIGURATION, "no profile 'cals'", id="none"),
        pytest.param(["profiles..model", "x"], ExitCode.USAGE, "have names", id="profile"),
        pytest.param(["remote..url", "http://x"], ExitCode.USAGE, "have names", id="engine"),
        pytest.param(["", "x"], ExitCode.USAGE, "have names", id="empty"),
        pytest.param(
            ["model", "x", "--profile", ""], ExitCode.USAGE, "have names", id="profile-option"
        ),
        pytest.param(["model", "\udcff"], ExitCode.USAGE, "not UTF-8", id="bytes"),
        pytest.param(["remote.\udcff.url", "x"], ExitCode.USAGE, "not UTF-8", id="bytes-in-a-key"),
    ],
)
def test_odd_values_are_refused(file: Path, words: list[str], code: int, message: str) -> None:
    done = run_dalston("config", "set", *words, environ=dict(os.environ), cwd=file.parent)
    assert done.returncode == code
    assert message in done.stderr
    assert file.read_text(encoding="utf-8") == KEPT


def test_line_ends_of_windows_stay(file: Path) -> None:
    file.write_bytes(b"beam_size = 2\r\nvad = true\r\n")
    assert main(["config", "set", "beam_size", "3"]) == 0
    assert file.read_bytes() == b"beam_size = 3\r\nvad = true\r\n"
