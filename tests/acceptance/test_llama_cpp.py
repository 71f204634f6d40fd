"""A language model on the user's machine: pulled, or a folder of theirs; no key and no server."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.acceptance.home import Home
from tests.support.hub import HubServer, running_hub
from tests.support.tiny_gguf import TEXT, make_folder, make_parrot
from tests.support.tiny_models import PARROT, repositories

pytestmark = pytest.mark.network

MODEL = PARROT.id


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubServer]:
    with running_hub(repositories([PARROT], tmp_path_factory.mktemp("gguf"))) as server:
        yield server


@pytest.fixture(scope="module")
def user(lasting_home: Home, hub: HubServer) -> Home:
    """Has no key of a service and no Ollama."""
    lasting_home.use_catalog(PARROT.entry, hub.environment)
    lasting_home.environ["OLLAMA_BASE_URL"] = "http://127.0.0.1:1"
    for service in ("ANTHROPIC", "OPENAI"):
        for name in (f"{service}_API_KEY", f"{service}_BASE_URL"):
            lasting_home.environ.pop(name, None)
    return lasting_home


@pytest.fixture(scope="module")
def monologue(examples: Path) -> Path:
    return examples / "monologue.wav"


def read(out: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((out / "monologue.json").read_text(encoding="utf-8"))
    return found


def stage_of(transcript: dict[str, Any], name: str) -> dict[str, Any]:
    [found] = [each for each in transcript["stages"] if each["stage"] == name]
    assert isinstance(found, dict)
    return found


def test_without_any_model_the_error_says_which_to_pull(
    user: Home, monologue: Path, tmp_path: Path
) -> None:
    done = user.run_here("transcribe", monologue, "-o", tmp_path, "--refine")
    assert done.returncode == 5
    assert "dalston models pull qwen3-4b" in done.stderr


def test_a_model_that_was_pulled_sums_up_without_a_key(
    user: Home, monologue: Path, tmp_path: Path
) -> None:
    pulled = user.run_here("models", "pull", MODEL)
    assert pulled.returncode == 0, pulled.stderr

    done = user.run_here(
        "transcribe", monologue, "-o", tmp_path, "-f", "json", "--summary", "--max-cost", "0"
    )

    assert done.returncode == 0, done.stderr
    transcript = read(tmp_path)
    assert transcript["summary"] == TEXT
    record = stage_of(transcript, "refine")
    assert (record["engine"], record["model"]) == ("llama-cpp", MODEL)
    assert record["usage"]["cost_usd"] == 0


def test_rubbish_is_not_taken_and_the_reason_said(
    user: Home, monologue: Path, tmp_path: Path
) -> None:
    done = user.run_here(
        *("transcribe", monologue, "-o", tmp_path, "-f", "json", "--offline"),
        *("--refine", "--refine-model", MODEL, "--translate-to", "de"),
    )

    assert done.returncode == 0, done.stderr
    transcript = read(tmp_path)
    assert TEXT not in transcript["text"]
    assert not any("raw_text" in each for each in transcript["segments"])
    assert "segment 0 keeps its text: the answer changes more than this level" in done.stderr
    assert {each["translations"]["de"] for each in transcript["segments"]} == {TEXT}


def test_a_folder_with_a_file_is_a_model(user: Home, monologue: Path, tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "mine", make_parrot(tmp_path / "parrot.gguf"))

    done = user.run_here(
        *("transcribe", monologue, "-o", tmp_path, "-f", "json", "--offline"),
        *("--title", "--refine-model", folder),
    )

    assert done.returncode == 0, done.stderr
    assert read(tmp_path)["title"] == TEXT


def test_a_model_that_is_no_recogniser_is_refused_as_one(
    user: Home, monologue: Path, tmp_path: Path
) -> None:
    done = user.run_here("transcribe", monologue, "-o", tmp_path, "--model", MODEL)
    assert done.returncode == 2
    assert f"the model {MODEL} does not transcribe, it is for: refine, translate" in done.stderr
