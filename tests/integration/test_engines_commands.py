"""``dalston engines`` as a person uses it, with real engines."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.launching import FAKE, EngineHome

from dalston_cli.app import main
from dalston_cli.launchers.local.record import process_of

LINES = re.MULTILINE


def no_docker() -> str:
    """Return the message about a daemon that is not there."""
    return (
        f"warning: Docker cannot be used: there is no daemon at {os.environ['DOCKER_HOST']}\n"
        "hint: start it: sudo systemctl start docker, or do without: --launcher local\n"
    )


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[EngineHome]:
    made = EngineHome()
    for name, place in made.variables.items():
        monkeypatch.setenv(name, place)
    monkeypatch.setenv("DALSTON_ENGINES_PATH", str(FAKE.parent))
    yield made
    made.close()


class Dalston:
    """Runs commands in this process and gives what they printed.

    ``DOCKER_HOST`` leads nowhere here, of which a command that looks for containers warns once
    and goes on; that is taken out of what it printed.
    """

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *words: str, exit_code: int = 0) -> tuple[str, str]:
        self._capsys.readouterr()
        code = main(["engines", *words])
        out, err = self._capsys.readouterr()
        assert code == exit_code, err
        return out, err.replace(no_docker(), "", 1)

    def data(self, *words: str) -> Any:
        out, _ = self(*words, "--json")
        return json.loads(out)["data"]


@pytest.fixture
def dalston(capsys: pytest.CaptureFixture[str]) -> Dalston:
    return Dalston(capsys)


def test_list_shows_every_engine(home: EngineHome, dalston: Dalston) -> None:
    out, _ = dalston("list")
    assert re.search(r"^fake +1\.0\.0 +transcribe, align.* +cpu +embedded +Answers", out, LINES)
    [fake] = [each for each in dalston.data("list") if each["engine"] == "fake"]
    assert fake["stages"][:2] == ["transcribe", "align"]
    assert fake["folder"] == str(FAKE)


def test_without_docker_the_others_are_asked_and_it_is_told(
    home: EngineHome, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["engines", "start", "fake"]) == 0
    for words in (["status"], ["stats"], ["logs", "fake"], ["stop", "fake"], ["rm", "fake"]):
        capsys.readouterr()
        assert main(["engines", *words]) == 0
        assert no_docker() in capsys.readouterr().err
    assert main(["engines", "start", "fake", "--launcher", "docker"]) == 5
    assert "error: Docker cannot be used: there is no daemon at" in capsys.readouterr().err


def test_the_life_of_an_engine(home: EngineHome, dalston: Dalston) -> None:
    assert dalston("status") == ("", "no engine is running\n")
    out, err = dalston("start", "fake", "--keep-alive", "100")
    assert re.search(r"^fake +local +0 +cpu +- +ready +\d+ MB +in 2 min$", out, LINES)
    assert re.search(r"^starting fake\nfake is ready on cpu \(\d", err)

    [first] = dalston.data("status", "fake")
    assert first["keep_alive_s"] == 100
    assert first["pid"] == process_of(home.local.find()[0]).pid
    assert dalston.data("ps") != []
    assert dalston.data("status", "pocketsphinx") == []

    _, err = dalston("start", "fake")
    assert "fake runs already on cpu" in err
    _, err = dalston("rm", "fake", exit_code=2)
    assert "hint: stop it first: dalston engines stop fake" in err

    [second] = dalston.data("restart", "fake", "--keep-alive", "-1")
    assert second["pid"] != first["pid"]
    out, _ = dalston("status")
    assert out.rstrip().endswith("never")

    assert dalston("stop", "fake") == ("", "stopped fake\n")
    assert dalston("stop", "fake") == ("", "fake was not running\n")
    assert dalston("stop", "--all") == ("", "no engine was running\n")
    assert home.processes() == []

    out, _ = dalston("logs", "fake", "-n", "200")
    assert "listens on" in out
    removed = dalston.data("rm", "fake")
    assert removed == {"engine": "fake", "environments": [], "images": [], "num_logs": 2}
    _, err = dalston("logs", "fake", exit_code=5)
    assert "fake has no log" in err
    assert dalston("rm", "-y", "fake") == ("", "removed nothing of fake\n")


def test_an_engine_that_runs_keeps_its_keep_alive_and_says_so(
    home: EngineHome, dalston: Dalston
) -> None:
    dalston("start", "fake", "--keep-alive", "100")
    _, err = dalston("start", "fake", "--keep-alive", "-1")
    assert "fake was started with --keep-alive 100 and keeps it" in err
    assert "hint: dalston engines restart fake --keep-alive -1" in err
    assert "keeps it" not in dalston("start", "fake")[1]
    assert "keeps it" not in dalston("restart", "fake", "--keep-alive", "-1")[1]


def test_replicas_are_listed_and_kept_by_restart(home: EngineHome, dalston: Dalston) -> None:
    assert [each["replica"] for each in dalston.data("start", "fake", "--replicas", "2")] == [0, 1]
    before = {each["pid"] for each in dalston.data("status")}
    after = {each["pid"] for each in dalston.data("restart", "fake")}
    assert len(after) == 2
    assert not before & after
    assert len(dalston.data("stop", "--all")) == 2


def test_restart_keeps_the_keep_alive(home: EngineHome, dalston: Dalston) -> None:
    dalston("start", "fake", "--keep-alive", "77")
    [again] = dalston.data("restart", "fake")
    assert again["keep_alive_s"] == 77


def test_scaling_starts_what_is_missing_and_stops_the_newest(
    home: EngineHome, dalston: Dalston
) -> None:
    [first] = dalston.data("start", "fake", "--keep-alive", "77")
    more = dalston.data("scale", "fake", "3")
    assert [each["keep_alive_s"] for each in more] == [77, 77, 77]
    assert first["pid"] in {each["pid"] for each in more}

    out, err = dalston("scale", "fake", "1")
    assert "stopped 2 of fake" in err
    assert out.count("\nfake ") == 1
    assert [each["pid"] for each in dalston.data("status")] == [first["pid"]]

    assert dalston("scale", "fake", "1", "--device", "cpu")[1] == ""
    assert dalston.data("scale", "fake", "0") == []
    assert home.processes() == []
    assert len(dalston.data("scale", "fake", "2")) == 2


def test_stats_tell_what_an_engine_takes(home: EngineHome, dalston: Dalston) -> None:
    assert dalston("stats") == ("", "no engine is running\n")
    dalston("start", "fake")
    out, _ = dalston("stats")
    assert re.search(r"^fake +local +0 +cpu +\d+ % +\d+ MB +- +\d+ +0 / 1$", out, LINES)
    [stats] = dalston.data("stats", "fake")
    assert stats["memory_mb"] > 1
    assert stats["memory_limit_mb"] is None
    assert (stats["running"], stats["slots"], stats["processes"]) == (0, 1, 1)
    assert dalston.data("stats", "pocketsphinx") == []


def test_status_tells_of_an_engine_that_does_not_answer(home: EngineHome, dalston: Dalston) -> None:
    dalston("start", "fake")
    [instance] = home.local.find()
    os.kill(process_of(instance).pid, signal.SIGSTOP)
    out, err = dalston("status")
    assert re.search(r"^fake +local +0 +cpu +- +unreachable +- +-$", out, LINES)
    assert "warning: engine fake: nothing for 3 s" in err


@pytest.mark.parametrize(
    ("words", "exit_code", "message"),
    [
        pytest.param(["start", "fak"], 2, "did you mean `fake`?", id="start a typo"),
        pytest.param(["restart", "fak"], 2, "did you mean `fake`?", id="restart a typo"),
        pytest.param(["stop", "fak"], 2, "did you mean `fake`?", id="stop a typo"),
        pytest.param(["rm", "fak"], 2, "did you mean `fake`?", id="rm a typo"),
        pytest.param(["rm", "../.."], 2, "no engine", id="rm another folder"),
        pytest.param(["logs", "../.."], 2, "no engine", id="logs of another folder"),
        pytest.param(["scale", "fak", "1"], 2, "did you mean `fake`?", id="scale a typo"),
        pytest.param(["scale", "fake", "-1"], 2, "-1", id="scale below nothing"),
        pytest.param(["logs", "fake", "--launcher", "remote"], 5, "not started by", id="logs"),
        pytest.param(["stop"], 2, "say which engines to stop", id="stop nothing"),
        pytest.param(["start", "fake", "--device", "cuda"], 5, "no GPU", id="no GPU"),
        pytest.param(["start", "fake", "--device", "tpu"], 2, "tpu", id="no such device"),
        pytest.param(["start", "fake", "--launcher", "remote"], 2, "no URL", id="no URL"),
    ],
)
def test_mistakes_are_explained(
    home: EngineHome, dalston: Dalston, words: list[str], exit_code: int, message: str
) -> None:
    _, err = dalston(*words, exit_code=exit_code)
    assert message in err
    assert "hint:" in err
    assert home.processes() == []


def test_a_start_that_fails_shows_the_log(
    home: EngineHome, dalston: Dalston, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "broken"
    folder.mkdir()
    (folder / "engine.yaml").write_text(
        (FAKE / "engine.yaml").read_text(encoding="utf-8").replace("name: fake", "name: broken"),
        encoding="utf-8",
    )
    (folder / "engine.py").write_text("import no_such_module\n", encoding="utf-8")
    monkeypatch.setenv("DALSTON_ENGINES_PATH", str(tmp_path))
    _, err = dalston("start", "broken", exit_code=5)
    assert "engine broken ended with exit code" in err
    assert "No module named 'no_such_module'" in err
    assert "hint: see the whole log: dalston engines logs broken" in err


def test_following_a_log_ends_with_ctrl_c(home: EngineHome, dalston: Dalston) -> None:
    dalston("start", "fake")
    with subprocess.Popen(
        [sys.executable, "-m", "dalston_cli", "engines", "logs", "fake", "-f"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=180)
    assert (process.returncode, err) == (130, no_docker())
