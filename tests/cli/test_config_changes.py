"""``dalston config set``, ``unset`` and ``edit`` change the file, keep the rest, or do nothing."""

import json
import sys
from pathlib import Path

import pytest
from tests.cli.terminal import Shell

from dalston_cli.app import main
from dalston_cli.errors import ExitCode

BEFORE = """\
# mine
beam-size = 2   # narrow

[profiles.calls]  # at work
# stereo
channels = "split"
"""


@pytest.fixture
def file(home: Path) -> Path:
    path = home / "config" / "config.toml"
    path.parent.mkdir()
    path.write_text(BEFORE, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("words", "line", "text"),
    [
        pytest.param(["beam_size", "5"], "beam-size = 2   #", "beam-size = 5   #", id="number"),
        pytest.param(
            ["--profile", "calls", "channels", "mix"], '"split"', '"mix"', id="in-a-profile"
        ),
        pytest.param(["profiles.calls.channels", "0"], '"split"', '"0"', id="dotted"),
        pytest.param(
            ["output-format", "srt,json"],
            "narrow\n",
            'narrow\noutput_format = ["srt", "json"]\n',
            id="list",
        ),
        pytest.param(["vad", "no"], "narrow\n", "narrow\nvad = false\n", id="switch"),
        pytest.param(["keep_alive", "-1"], "narrow\n", "narrow\nkeep_alive = -1.0\n", id="minus"),
        pytest.param(["profile", "calls"], "narrow\n", 'narrow\nprofile = "calls"\n', id="profile"),
    ],
)
def test_set_changes_one_line(file: Path, words: list[str], line: str, text: str) -> None:
    options = [word for word in words if word.startswith("--")]
    assert main(["config", "set", *words] if options else ["config", "set", "--", *words]) == 0
    after = file.read_text(encoding="utf-8")
    assert after == BEFORE.replace(line, text)


def test_set_makes_the_file_and_its_tables(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = home / "config" / "config.toml"
    assert main(["config", "set", "remote.fake.url", "http://gpu:1"]) == 0
    assert main(["config", "set", "model", "speech", "--profile", "new", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)["data"]
    assert data == {"file": str(file), "key": "profiles.new.model", "value": "speech"}
    assert file.read_text(encoding="utf-8") == (
        '[remote.fake]\nurl = "http://gpu:1"\n\n[profiles.new]\nmodel = "speech"\n'
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        pytest.param(["beam_size", "0"], "beam_size '0': input should be greater", id="value"),
        pytest.param(["beam_siz", "1"], "did you mean `beam_size`?", id="name"),
        pytest.param(["profiles.calls.mode", "1"], "unknown setting", id="in-a-profile"),
        pytest.param(["speaker_names", "A=1,A=2"], "the label A is named twice", id="check"),
    ],
)
def test_nonsense_is_refused(
    file: Path, words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["config", "set", *words]) == ExitCode.USAGE
    assert message in capsys.readouterr().err
    assert file.read_text(encoding="utf-8") == BEFORE


@pytest.mark.parametrize(
    ("words", "message"),
    [
        pytest.param(["remote.fake.url", "ftp://x"], "remote.fake.url", id="remote"),
        pytest.param(["remote.fake.colour", "red"], "remote.fake", id="unknown"),
    ],
)
def test_a_file_that_would_be_wrong_is_not_written(
    file: Path, words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["config", "set", *words]) == ExitCode.CONFIGURATION
    assert message in capsys.readouterr().err
    assert file.read_text(encoding="utf-8") == BEFORE


def test_a_mistake_can_be_set_right(file: Path) -> None:
    file.write_text("beam_size = 0\n", encoding="utf-8")
    assert main(["config", "set", "model", "speech"]) == ExitCode.CONFIGURATION
    assert main(["config", "set", "beam_size", "1"]) == 0
    assert file.read_text(encoding="utf-8") == "beam_size = 1\n"


def test_unset_removes_one_line(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "unset", "beam_size"]) == 0
    assert file.read_text(encoding="utf-8") == BEFORE.replace("beam-size = 2   # narrow\n", "")
    assert main(["config", "unset", "beam_size"]) == ExitCode.USAGE
    assert main(["config", "unset", "model", "--profile", "none"]) == ExitCode.USAGE
    assert "profiles.none.model is not set" in capsys.readouterr().err


def test_unset_removes_a_remote_engine_whole(file: Path) -> None:
    file.write_text('[remote.whisperx-full]\nurl = "http://gone:1"\n', encoding="utf-8")
    assert main(["config", "unset", "remote.whisperx-full"]) == 0
    assert "whisperx-full" not in file.read_text(encoding="utf-8")


def test_a_variable_that_goes_before_is_told(
    file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DALSTON_BEAM_SIZE", "3")
    assert main(["config", "set", "beam_size", "5"]) == 0
    assert "DALSTON_BEAM_SIZE is set and goes before the file" in capsys.readouterr().err
    assert file.exists()


def test_links_and_permissions_stay(file: Path, home: Path) -> None:
    kept = home / "dotfiles.toml"
    file.rename(kept)
    kept.chmod(0o600)
    file.symlink_to(kept)
    assert main(["config", "set", "beam_size", "5"]) == 0
    assert file.is_symlink()
    assert "beam-size = 5" in kept.read_text(encoding="utf-8")
    assert kept.stat().st_mode & 0o777 == 0o600


def editor(folder: Path, *texts: str) -> str:
    """Return a command that writes the first text at its first start, then the next."""
    for number, text in enumerate(texts):
        (folder / f"text-{number}").write_text(text, encoding="utf-8")
    script = folder / "editor.py"
    script.write_text(
        "import pathlib, sys\n"
        "folder = pathlib.Path(__file__).parent\n"
        "text = min(folder.glob('text-*'))\n"
        "pathlib.Path(sys.argv[-1]).write_text(text.read_text())\n"
        "text.unlink()\n",
        encoding="utf-8",
    )
    return f"{sys.executable} '{script}'"


def test_edit_takes_what_is_right(file: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VISUAL", editor(home, "beam_size = 7\n"))
    assert main(["config", "edit"]) == 0
    assert file.read_text(encoding="utf-8") == "beam_size = 7\n"
    assert [each.name for each in file.parent.iterdir()] == ["config.toml"]


def test_edit_refuses_what_is_wrong_and_keeps_it(
    file: Path,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", editor(home, "# kept\nbeam_siz = 7\n"))
    assert main(["config", "edit"]) == ExitCode.CONFIGURATION
    assert file.read_text(encoding="utf-8") == BEFORE
    [draft] = file.parent.glob("config-*.toml")
    assert draft.read_text(encoding="utf-8").startswith("# kept\n")
    shown = capsys.readouterr().err
    assert ":2: unknown setting beam_siz; did you mean `beam_size`?" in shown
    assert f"your text is kept in {draft}" in shown


def test_edit_again_at_a_terminal(file: Path, home: Path) -> None:
    shell = Shell(home, home / "work")
    shell.environ["VISUAL"] = editor(home, "beam_siz = 7\n", "beam_size = 7\n")
    done = shell.watch("config", "edit", answer="y\n")
    assert done.code == 0, done.err
    assert "Edit again?" in done.err
    assert file.read_text(encoding="utf-8") == "beam_size = 7\n"


@pytest.mark.parametrize(
    ("command", "problem"),
    [
        pytest.param("no-such-editor", "cannot be started", id="missing"),
        pytest.param("false", "ended with 1", id="failed"),
        pytest.param("'", "cannot be started: No closing quotation", id="quotes"),
    ],
)
def test_an_editor_that_fails_changes_nothing(
    file: Path,
    command: str,
    problem: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("VISUAL", command)
    assert main(["config", "edit"]) == ExitCode.USAGE
    assert problem in capsys.readouterr().err
    assert file.read_text(encoding="utf-8") == BEFORE
    assert [each.name for each in file.parent.iterdir()] == ["config.toml"]
