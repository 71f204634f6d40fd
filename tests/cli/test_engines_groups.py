"""``dalston engines`` with a name that stands for several engines."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.support.launching import FAKE, EngineHome

from dalston_cli.app import main

NAMES = ["one", "two"]


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[EngineHome]:
    """Two engines, a model for each, and ``both``, which stands for them."""
    for name in NAMES:
        folder = shutil.copytree(FAKE, tmp_path / "engines" / name)
        for file in ("engine.yaml", "engine.py"):
            text = (folder / file).read_text(encoding="utf-8")
            text = text.replace("name: fake", f"name: {name}").replace('"fake"', f'"{name}"')
            (folder / file).write_text(text, encoding="utf-8")
    (tmp_path / "catalog" / "groups").mkdir(parents=True)
    for name, stage in zip(NAMES, ("transcribe", "diarize"), strict=True):
        model: dict[str, Any] = {
            "id": f"model-{name}",
            "engine": name,
            "runtime_model_id": "any",
            "size_mb": 0,
        }
        model |= {"stages": [stage], "name": "A model", "licence": "MIT"}
        model |= {"source": {"kind": "bundled", "package": "dalston"}}
        (tmp_path / "catalog" / f"{name}.yaml").write_text(yaml.safe_dump(model))
    models = {"transcribe": "model-one", "diarize": "model-two"}
    group = {"id": "pair", "name": "Two", "engines": "both", "models": models}
    (tmp_path / "catalog" / "groups" / "pair.yaml").write_text(yaml.safe_dump(group))
    made = EngineHome()
    for name, place in made.variables.items():
        monkeypatch.setenv(name, place)
    monkeypatch.setenv("DALSTON_ENGINES_PATH", str(tmp_path / "engines"))
    monkeypatch.setenv("DALSTON_CATALOG_PATH", str(tmp_path / "catalog"))
    monkeypatch.setenv("DALSTON_LAUNCHER", "local")
    yield made
    made.close()


class Engines:
    """Runs commands in this process."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *words: str, exit_code: int = 0) -> str:
        self._capsys.readouterr()
        code = main(["engines", *words])
        err = self._capsys.readouterr().err
        assert code == exit_code, err
        return err

    def data(self, *words: str) -> Any:
        self._capsys.readouterr()
        assert main(["engines", *words, "--json"]) == 0
        return json.loads(self._capsys.readouterr().out)["data"]


@pytest.fixture
def engines(capsys: pytest.CaptureFixture[str]) -> Engines:
    return Engines(capsys)


def test_all_of_them_start_and_stop(home: EngineHome, engines: Engines) -> None:
    assert "both stands for one, two\n" in engines("start", "both")
    before = {each["engine"]: each["pid"] for each in engines.data("status", "both")}
    assert sorted(before) == NAMES

    after = {each["engine"]: each["pid"] for each in engines.data("restart", "both")}
    assert sorted(after) == NAMES
    assert not set(before.values()) & set(after.values())
    assert sorted(each["engine"] for each in engines.data("stats", "both")) == NAMES

    stopped = engines("stop", "both")
    assert "stopped one\nstopped two\n" in stopped
    assert home.processes() == []
    assert "one was not running\ntwo was not running\n" in engines("stop", "both")


def test_where_one_is_needed_they_are_named(home: EngineHome, engines: Engines) -> None:
    for words in (("logs", "both"), ("scale", "both", "2")):
        told = engines(*words, exit_code=2)
        assert "`both` is no engine, it stands for one, two" in told
        assert "hint: name one of them, such as one" in told
    assert "removed nothing of both" in engines("rm", "both")
    assert "no engine `bth`" in engines("start", "bth", exit_code=2)
