"""``dalston config`` and ``dalston doctor``, by ``main`` and by Typer's own runner."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from dalston_cli import app
from dalston_cli.commands.config import app as config_app
from dalston_cli.errors import ExitCode
from dalston_cli.pipeline import diagnosis
from dalston_cli.settings.table import TABLE


def test_show_says_where_values_come_from(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = home / "config" / "config.toml"
    file.parent.mkdir()
    file.write_text('model = "m"\n[profiles.web]\noutput_format = ["vtt", "json"]\n')
    monkeypatch.setenv("DALSTON_VAD", "no")
    monkeypatch.delenv("DALSTON_STARTER")
    assert app.main(["config", "show", "--profile", "web"]) == ExitCode.OK
    lines = [line.split(maxsplit=2) for line in capsys.readouterr().out.splitlines()]
    assert lines == [
        ["SETTING", "VALUE", "FROM"],
        ["model", "m", str(file)],
        ["output_format", "vtt,json", f"{file} [profiles.web]"],
        ["vad", "false", "DALSTON_VAD"],
    ]


def test_show_as_json_has_everything(capsys: pytest.CaptureFixture[str], home: Path) -> None:
    assert app.main(["config", "show", "--json"]) == ExitCode.OK
    data = json.loads(capsys.readouterr().out)["data"]
    assert list(data["settings"]) == list(TABLE), "in the order of the help screens"
    assert data["settings"]["model"] == {
        "value": "auto",
        "source": {"kind": "default", "place": ""},
    }
    assert data["locations"]["state"] == str(home / "state")
    assert (data["profile"], data["remote"]) == (None, {})


def test_show_without_settings_says_where_they_would_be(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DALSTON_STARTER")
    assert app.main(["config", "show"]) == ExitCode.OK
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "config.toml" in captured.err


def test_path(home: Path) -> None:
    result = CliRunner().invoke(config_app, ["path"])
    assert (result.exit_code, result.output) == (0, f"{home}/config/config.toml\n")


def test_a_wrong_file_ends_in_4(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "config").mkdir()
    (home / "config" / "config.toml").write_text("beam_siz = 2\n")
    assert app.main(["config", "show"]) == ExitCode.CONFIGURATION
    assert "config.toml:1: unknown setting beam_siz; did you mean" in capsys.readouterr().err


def test_doctor_finds_this_machine_fit(capsys: pytest.CaptureFixture[str]) -> None:
    code = app.main(["doctor", "--json"])
    envelope = json.loads(capsys.readouterr().out)
    checks = {check["name"]: check for check in envelope["data"]}
    assert code == envelope["exit_code"] == ExitCode.OK, checks
    assert {"python", "uv", "codecs", "socket path", "models", "gpu"} <= set(checks)
    assert checks["models"]["status"] == "warn"
    assert "dalston models pull" in checks["models"]["hint"]


def test_doctor_says_what_to_do(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DALSTON_RUNTIME_DIR", str(home / ("long" * 30)))
    (home / "config").mkdir()
    (home / "config" / "config.toml").write_text("model = 3\n")
    assert app.main(["doctor"]) == ExitCode.UNAVAILABLE
    captured = capsys.readouterr()
    failed = [line for line in captured.out.splitlines() if line.startswith("fail")]
    assert [line.split()[1] for line in failed] == ["socket", "settings"]
    assert "export DALSTON_RUNTIME_DIR=" in captured.err


def test_an_open_runtime_folder_is_a_failure(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / "runtime").mkdir()
    (home / "runtime").chmod(0o755)
    monkeypatch.setenv("DALSTON_RUNTIME_DIR", str(home / "runtime"))
    assert app.main(["doctor"]) == ExitCode.UNAVAILABLE
    assert "can be entered by others" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("limit", "status"), [("_NO_DISK_BYTES", "fail"), ("_LITTLE_DISK_BYTES", "warn")]
)
def test_a_full_disk(
    limit: str, status: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(diagnosis, limit, 10**18)
    app.main(["doctor", "--json"])
    checks = json.loads(capsys.readouterr().out)["data"]
    disks = {check["status"] for check in checks if check["name"].endswith("disk")}
    assert disks == {status}
