"""The models commands with the name of a group, and what an earlier version kept under it."""

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest
import yaml
from tests.support.hub import HubRepo, HubServer, running_hub
from tests.support.hub.entries import model_fields, write_catalog
from tests.support.in_process import run_dalston

SIZE = 300_000
SPEAKERS = {"repo": "test/speakers", "revision": "main", "files": ["*.bin", "*.json"]}
GROUP = {
    "id": "pair",
    "name": "Two models",
    "models": {"transcribe": "tiny", "diarize": "speakers"},
    "engines": "pair-engine",
}
BEFORE = model_fields(
    id="pair",
    source=model_fields()["source"] | {"parts": [SPEAKERS | {"folder": "diarization"}]},
)


@pytest.fixture
def hub() -> Iterator[HubServer]:
    repos = {"test/tiny": HubRepo.tiny(SIZE), "test/speakers": HubRepo.tiny(SIZE, seed=2)}
    with running_hub(repos) as server:
        yield server


@pytest.fixture
def environment(hub: HubServer, tmp_path: Path) -> dict[str, str]:
    speakers = model_fields(
        id="speakers",
        engine="pyannote",
        stages=["diarize"],
        licence="CC-BY-4.0",
        source={"kind": "hf", **SPEAKERS},
    )
    coverage = {name: value for name, value in os.environ.items() if name.startswith("COV")}
    variables = write_catalog(tmp_path, model_fields(languages=["en"]), speakers)
    return coverage | hub.environment | variables


def add_group(environment: Mapping[str, str], **changes: str) -> None:
    folder = Path(environment["DALSTON_CATALOG_PATH"]) / "groups"
    folder.mkdir(exist_ok=True)
    group = GROUP | changes
    (folder / f"{group['id']}.yaml").write_text(yaml.safe_dump(group))


def dalston(environment: Mapping[str, str], *words: str, code: int = 0) -> "CompletedProcess[str]":
    done = run_dalston("models", *words, environ=environment)
    assert done.returncode == code, done.stderr + done.stdout
    return done


def data(environment: Mapping[str, str], *words: str) -> Any:
    return json.loads(dalston(environment, *words, "--json").stdout)["data"]


def test_every_command_takes_its_name(environment: dict[str, str], tmp_path: Path) -> None:
    add_group(environment)
    [row] = data(environment, "list", "pair")
    assert (row["id"], row["state"], row["models"]) == ("pair", "no", ["tiny", "speakers"])
    assert (row["engine"], row["licence"]) == ("example, pyannote", "MIT AND CC-BY-4.0")
    assert "not installed" in dalston(environment, "rm", "-y", "pair", code=5).stderr

    pulled = dalston(environment, "pull", "pair", "-y")
    assert "pair stands for tiny, speakers\n" in pulled.stderr
    assert "tiny is installed" in pulled.stderr
    assert "speakers is installed" in pulled.stderr

    shown = dalston(environment, "show", "pair").stdout
    assert "stands for: transcribe: tiny, engine example" in shown
    assert "diarize: speakers, engine pyannote" in shown
    assert data(environment, "show", "pair")["installation"]["state"] == "yes"
    assert [each["model"] for each in data(environment, "verify", "pair")] == ["tiny", "speakers"]
    listed = dalston(environment, "list", "--stage", "diarize").stdout
    assert {"speakers", "pair"} <= {line.split()[0] for line in listed.splitlines()}

    dalston(environment, "export", "pair", str(tmp_path / "stick"))
    removed = data(environment, "rm", "-y", "pair")
    assert [each["id"] for each in removed] == ["tiny", "speakers"]
    brought = data(environment, "import", str(tmp_path / "stick"))
    assert sorted(each["id"] for each in brought) == ["speakers", "tiny"]


def test_another_group_that_loses_models_is_named(environment: dict[str, str]) -> None:
    add_group(environment)
    add_group(environment, id="other")
    dalston(environment, "pull", "pair", "-y")
    assert "lacks" not in dalston(environment, "rm", "-y", "pair", "other").stderr
    dalston(environment, "pull", "pair", "-y")
    told = dalston(environment, "rm", "-y", "pair").stderr
    assert "other lacks tiny, speakers now" in told
    assert "dalston models pull other" in told


def test_weights_of_an_earlier_version_are_taken_over(
    hub: HubServer, environment: dict[str, str]
) -> None:
    """Its files are those of the models: they are checked, and not downloaded again."""
    entry = Path(environment["DALSTON_CATALOG_PATH"]) / "pair.yaml"
    entry.write_text(yaml.safe_dump(BEFORE))
    dalston(environment, "pull", "-y", "pair")
    entry.unlink()
    add_group(environment)
    before = hub.sent("model.bin")
    old = Path(environment["DALSTON_MODELS_DIR"]) / "example" / "pair"

    told = dalston(environment, "list", "pair").stderr
    assert f"warning: {old} is of an earlier version and not used\n" in told
    assert "`dalston models pull pair` takes over what is the same" in told

    pulled = dalston(environment, "pull", "-y", "pair").stderr
    assert hub.sent("model.bin") == before
    assert f"{old} is of an earlier version: `dalston models rm pair` frees it" in pulled
    assert [each["problems"] for each in data(environment, "verify", "pair")] == [[], []]

    [removed] = data(environment, "rm", "-y", "pair")
    assert removed["id"] == "pair"
    assert not old.exists()
    [row] = data(environment, "list", "pair")
    assert row["state"] == "yes"
    assert "earlier version" not in dalston(environment, "list", "pair").stderr
