"""``dalston runs``: local times, names, and ids that the shell completes."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from dalston_cli.app import main
from dalston_cli.commands.runs import complete_runs
from dalston_cli.pipeline.records.journal import JOURNAL_NAME, Journal

STARTED_AT = 1795833600
LOCAL = "2026-11-28 11:40:00"


@pytest.fixture
def run(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A run of five recordings, four of them begun, looked at in Tokyo."""
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    state = home / "state"
    state.mkdir()
    with Journal(state / JOURNAL_NAME) as journal:
        begun = journal.begin_run(5)
        for name in ("in/a.wav", "/elsewhere/b.mp3", "c.wav", "d.wav"):
            journal.begin_job(begun, name, suffix=".wav", size=1)
        journal.connection.execute("UPDATE runs SET started_at = ?", (STARTED_AT,))
    yield begun
    monkeypatch.undo()
    time.tzset()


def test_runs_have_local_times_and_names(run: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["runs", "list"]) == 0
    heads, row = capsys.readouterr().out.splitlines()
    assert heads.split()[:3] == ["RUN", "STARTED", "STATE"]
    assert row.startswith(f"{run}  {LOCAL}  running")
    assert "  a.wav, b.mp3, c.wav and 2 more  " in row
    assert main(["runs", "show"]) == 0
    assert capsys.readouterr().out.startswith(f"run {run} of {LOCAL} in ")


def test_programs_get_the_time_of_the_world(run: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["runs", "list", "--json"]) == 0
    [data] = json.loads(capsys.readouterr().out)["data"]
    assert (data["run"], data["started_at"]) == (run, "2026-11-28T02:40:00+00:00")
    assert data["recordings"] == ["in/a.wav", "/elsewhere/b.mp3", "c.wav"]


def test_the_shell_completes_ids(run: str) -> None:
    assert complete_runs(run[:4]) == [(run, f"{LOCAL}, a.wav, b.mp3, c.wav and 2 more")]
    assert complete_runs("x") == []
    assert complete_runs("") == complete_runs(run)


def test_looking_for_runs_where_there_were_none_touches_nothing(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    del home
    empty = tmp_path / "empty"
    empty.mkdir(mode=0o755)
    monkeypatch.chdir(empty)
    assert main(["runs", "list"]) == 0
    assert "no run yet" in capsys.readouterr().err
    assert (list(empty.iterdir()), empty.stat().st_mode & 0o777) == ([], 0o755)
