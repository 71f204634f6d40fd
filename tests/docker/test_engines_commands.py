"""``dalston engines`` with containers, and with containers and processes side by side."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.docker.launching import DockerHome, made_home
from tests.support.launching import FAKE

from dalston_cli.app import main

LINES = re.MULTILINE


@pytest.fixture
def home(docker_daemon: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[DockerHome]:
    with made_home(docker_daemon) as made:
        for name, place in made.variables.items():
            monkeypatch.setenv(name, place)
        monkeypatch.setenv("DALSTON_ENGINES_PATH", str(FAKE.parent))
        yield made


class Dalston:
    """Runs commands in this process and gives what they printed."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *words: str, exit_code: int = 0) -> tuple[str, str]:
        self._capsys.readouterr()
        code = main(["engines", *words])
        out, err = self._capsys.readouterr()
        assert code == exit_code, err
        return out, err

    def data(self, *words: str) -> Any:
        out, _ = self(*words, "--json")
        return json.loads(out)["data"]


@pytest.fixture
def dalston(capsys: pytest.CaptureFixture[str]) -> Dalston:
    return Dalston(capsys)


def test_the_life_of_a_container(home: DockerHome, dalston: Dalston) -> None:
    out, err = dalston("start", "fake", "--launcher", "docker", "--keep-alive", "77", "-v")
    assert re.search(r"^fake +docker +0 +cpu +- +ready +\d+ MB +in \d+ (s|min)$", out, LINES)
    assert "fake gets the launcher docker: it was asked for" in err
    assert re.search(r"^fake is ready on cpu \(\d", err, LINES)
    [first] = home.containers()

    _, err = dalston("start", "fake", "--launcher", "docker")
    assert "fake runs already on cpu" in err
    assert [each.id for each in home.containers()] == [first.id]
    [state] = dalston.data("status", "fake")
    assert (state["launcher"], state["owned"], state["keep_alive_s"]) == ("docker", True, 77)

    [stats] = dalston.data("stats", "fake")
    assert 1 < stats["memory_mb"] < stats["memory_limit_mb"]
    assert stats["cpu_percent"] >= 0
    assert stats["processes"] >= 1
    assert (stats["running"], stats["slots"]) == (0, 1)
    assert re.search(r"\d MB / [\d,]+ MB", dalston("stats", "fake")[0])
    assert "listens on" in dalston("logs", "fake")[0]

    _, err = dalston("rm", "fake", exit_code=2)
    assert "hint: stop it first: dalston engines stop fake" in err
    [again] = dalston.data("restart", "fake")
    assert (again["launcher"], again["keep_alive_s"]) == ("docker", 77)
    assert first.id not in {each.id for each in home.containers() if each.status == "running"}

    assert dalston("stop", "fake") == ("", "stopped fake\n")
    assert dalston("status", "fake") == ("", "no engine is running\n")
    assert "listens on" in dalston("logs", "fake", "--launcher", "docker")[0]


def test_containers_are_scaled_as_processes_are(home: DockerHome, dalston: Dalston) -> None:
    [first] = dalston.data("start", "fake", "--launcher", "docker")
    both = dalston.data("scale", "fake", "2")
    assert [(each["launcher"], each["replica"]) for each in both] == [("docker", 0), ("docker", 1)]
    _, err = dalston("scale", "fake", "1")
    assert "stopped 1 of fake" in err
    [left] = dalston.data("status", "fake")
    assert left["address"] == first["address"]
    assert dalston.data("restart", "fake")[0]["launcher"] == "docker"
    assert dalston.data("scale", "fake", "0") == []
    assert home.found() == []


def test_a_process_and_a_container_of_one_engine(home: DockerHome, dalston: Dalston) -> None:
    dalston("start", "fake", "--launcher", "docker")
    dalston("start", "fake", "--launcher", "local")
    assert [each["launcher"] for each in dalston.data("status", "fake")] == ["docker", "local"]
    assert [each["launcher"] for each in dalston.data("stats", "fake")] == ["docker", "local"]
    in_docker, local = (dalston("logs", "fake", "--launcher", name) for name in ("docker", "local"))
    assert "/run/dalston" in in_docker[0]
    assert str(home.locations.runtime) in local[0]
    assert dalston("logs", "fake") == local

    assert [each["launcher"] for each in dalston.data("restart", "fake")] == ["docker", "local"]
    assert len(dalston.data("scale", "fake", "2")) == 2
    assert len(dalston.data("scale", "fake", "2", "--launcher", "docker")) == 3
    assert len(dalston.data("scale", "fake", "1", "--launcher", "docker")) == 2
    [left] = dalston.data("scale", "fake", "1")
    assert left["launcher"] == "docker"
    dalston("start", "fake", "--launcher", "local")
    assert {each["launcher"] for each in dalston.data("stop", "fake")} == {"docker", "local"}
    assert home.processes() == []
    assert home.found() == []


@pytest.fixture
def passing(home: DockerHome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An engine of its own name, so that no other test misses its image."""
    folder = tmp_path / "passing"
    shutil.copytree(FAKE, folder, ignore=shutil.ignore_patterns("__pycache__"))
    text = (FAKE / "engine.yaml").read_text(encoding="utf-8")
    text = text.replace("name: fake", "name: passing").replace("embedded: true", "embedded: false")
    (folder / "engine.yaml").write_text(text, encoding="utf-8")
    monkeypatch.setenv("DALSTON_ENGINES_PATH", str(tmp_path))
    yield "passing"
    home.docker.images.remove("passing")


def test_what_was_built_is_listed_and_removed(
    home: DockerHome, dalston: Dalston, passing: str
) -> None:
    assert listed(dalston, passing) == ("docker", "not built")
    _, err = dalston("start", passing, "-v")
    assert "gets the launcher docker: Docker answers, and the engine's image can be had" in err
    assert "preparing the image of passing, first time only" in err
    assert listed(dalston, passing) == ("docker", "built")
    assert re.search(r"^passing .* built \(docker\) ", dalston("list")[0], LINES)
    _, err = dalston("start", passing, "-v")
    assert "gets the launcher docker: Docker answers, and the engine's image is here" in err

    dalston("stop", passing)
    removed = dalston.data("rm", passing)
    assert (len(removed["images"]), removed["num_logs"]) == (1, 1)
    assert listed(dalston, passing) == ("docker", "not built")
    assert home.containers() == []


def listed(dalston: Dalston, engine: str) -> tuple[str, str]:
    """The launcher that an engine would get, and what that has of it."""
    [found] = [each for each in dalston.data("list") if each["engine"] == engine]
    return found["launcher"], found["environment"]
