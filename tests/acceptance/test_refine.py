"""A transcript is cleaned up as a user would have it, by a server on this machine."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.acceptance.home import Home
from tests.language_models import (
    Answer,
    Asked,
    LanguageModelServer,
    corrected,
    correcting,
    running_language_models,
)

pytestmark = [pytest.mark.slow, pytest.mark.network]

SECRET = "sk-ant-secret"
OWN_MODEL = {
    "id": "my-llama",
    "engine": "llm-cleanup",
    "runtime_model_id": "openai/llama3.3",
    "stages": ["refine"],
    "name": "A model on a server of one's own",
    "licence": "MIT",
    "source": {"kind": "service", "key": "OPENAI_API_KEY", "url": "OPENAI_BASE_URL"},
    "size_mb": 0,
}


@pytest.fixture(scope="module")
def running_server() -> Iterator[LanguageModelServer]:
    with running_language_models() as server:
        yield server


@pytest.fixture
def server(running_server: LanguageModelServer) -> LanguageModelServer:
    running_server.forget()
    return running_server


@pytest.fixture(scope="module")
def user(lasting_home: Home, running_server: LanguageModelServer) -> Home:
    """Has Anthropic's key, a server in its place, and a model file of their own."""
    catalog = lasting_home.folder / "catalog"
    catalog.mkdir()
    (catalog / "my-llama.yaml").write_text(yaml.safe_dump(OWN_MODEL), encoding="utf-8")
    environment = running_server.environment
    lasting_home.environ |= {
        "ANTHROPIC_API_KEY": SECRET,
        "ANTHROPIC_BASE_URL": environment["ANTHROPIC_BASE_URL"],
        "DALSTON_CATALOG_PATH": str(catalog),
    }
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL"):
        lasting_home.environ.pop(name, None)
    return lasting_home


@pytest.fixture(scope="module")
def monologue(examples: Path) -> Path:
    return examples / "monologue.wav"


def refine(
    user: Home, recording: Path, out: Path, *options: str
) -> "subprocess.CompletedProcess[str]":
    return user.run("transcribe", recording, "-o", str(out), "-f", "json,txt", "--refine", *options)


def read(out: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((out / "monologue.json").read_text(encoding="utf-8"))
    return found


def stage(transcript: dict[str, Any]) -> dict[str, Any]:
    [found] = [each for each in transcript["stages"] if each["stage"] == "refine"]
    assert isinstance(found, dict)
    return found


def test_text_is_put_right_and_what_was_said_is_kept(
    user: Home, server: LanguageModelServer, monologue: Path, tmp_path: Path
) -> None:
    def answer(asked: Asked) -> Answer:
        texts = {key: f"{text.capitalize()}." for key, text in asked.texts.items()}
        return Answer(text=corrected({**texts, 1: "This never was said by anybody here."}))

    server.behave = answer
    done = refine(user, monologue, tmp_path, "--glossary", "Dalston", "--max-cost", "1")

    assert done.returncode == 0, done.stderr
    transcript = read(tmp_path)
    segments = transcript["segments"]
    assert transcript["status"] == "complete"
    assert segments[0]["text"] == f"{segments[0]['raw_text'].capitalize()}."
    words = "".join(word["word"] for word in segments[0]["words"]).strip()
    assert words == segments[0]["raw_text"], "words and their times stay as they were heard"
    assert "raw_text" not in segments[1]
    assert "never was said" not in transcript["text"]
    [notice] = [each for each in transcript["warnings"] if each.get("stage") == "refine"]
    assert (notice["code"], notice["start"]) == ("text_kept", segments[1]["start"])
    assert (tmp_path / "monologue.txt").read_text().startswith(segments[0]["text"])

    record = stage(transcript)
    assert (record["engine"], record["model"]) == ("llm-cleanup", "claude-haiku-5-5")
    assert record["options"]["level"] == "standard"
    assert record["options"]["max_cost_usd"] == 1
    assert record["options"]["prices"]["output_usd"] == 0.5
    assert record["usage"]["requests"] == len(server.asked) == 1
    cost = (100 * 0.1 + 50 * 0.5 + 20 * 0.01 + 10 * 0.125) / 1e6
    assert record["usage"]["cost_usd"] == pytest.approx(cost)
    assert SECRET not in (tmp_path / "monologue.json").read_text()
    assert SECRET not in done.stdout + done.stderr


def test_what_was_paid_for_is_not_paid_for_again(
    user: Home, server: LanguageModelServer, monologue: Path, tmp_path: Path
) -> None:
    first, again = tmp_path / "first", tmp_path / "again"
    assert refine(user, monologue, first, "--refine-level", "light").returncode == 0
    num_asked = len(server.asked)
    assert num_asked == 1

    options = ("--refine-level", "light", "--max-cost", "0.0000001")
    assert refine(user, monologue, again, *options).returncode == 0

    assert read(again)["segments"] == read(first)["segments"]
    assert len(server.asked) == num_asked


def test_a_batch_is_waited_for(
    user: Home, server: LanguageModelServer, monologue: Path, tmp_path: Path
) -> None:
    options = ("--refine-batch", "--glossary", "Clapton")
    done = refine(user, monologue, tmp_path, *options)
    assert done.returncode == 0, done.stderr
    assert len(server.batches) == 1
    assert read(tmp_path)["segments"][0]["raw_text"]


def test_a_failure_leaves_the_transcript(
    user: Home, server: LanguageModelServer, monologue: Path, tmp_path: Path
) -> None:
    server.behave = lambda _: Answer(text="no credit", status=402)
    level = ("--refine-level", "verbatim+punctuation")

    done = refine(user, monologue, tmp_path, *level)

    assert done.returncode == 7, done.stderr
    transcript = read(tmp_path)
    assert transcript["status"] == "partial"
    assert transcript["text"].startswith("good morning")
    assert stage(transcript)["status"] == "failed"
    assert "refuses with 402: no credit" in stage(transcript)["reason"]
    assert "the transcript is without refine" in done.stderr

    strict = refine(user, monologue, tmp_path / "strict", *level, "--strict")
    assert strict.returncode == 5, strict.stderr
    assert not (tmp_path / "strict" / "monologue.json").exists()

    server.forget()
    assert refine(user, monologue, tmp_path, *level).returncode == 0
    assert read(tmp_path)["status"] == "complete"


def test_too_dear_is_refused_before_anything_is_sent(
    user: Home, server: LanguageModelServer, monologue: Path, tmp_path: Path
) -> None:
    options = ("--refine-model", "claude-opus-5-5", "--max-cost", "0.001")
    done = refine(user, monologue, tmp_path, *options)
    assert done.returncode == 7, done.stderr
    assert "more than max_cost_usd 0.001 leaves; nothing was spent" in done.stderr
    assert server.asked == []


def test_a_missing_key_is_said_before_any_work(
    user: Home,
    server: LanguageModelServer,
    monologue: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    offline = refine(user, monologue, tmp_path, "--offline")
    assert (offline.returncode, "--offline forbids" in offline.stderr) == (2, True)

    for name in ("ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL"):
        monkeypatch.setitem(user.environ, name, "")
    for options in ((), ("--refine-model", "claude-haiku-5-5")):
        done = refine(user, monologue, tmp_path, *options)
        assert done.returncode == 5, done.stderr
        assert "export ANTHROPIC_API_KEY=your-key" in done.stderr
    assert list(tmp_path.iterdir()) == []
    listed = user.run("models", "list", "--stage", "refine", "--json")
    states = {row["id"]: row["state"] for row in json.loads(listed.stdout)["data"]}
    assert states["claude-haiku-5-5"] == "no key"
    assert server.asked == []


def test_a_server_of_ones_own(
    user: Home,
    server: LanguageModelServer,
    monologue: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(user.environ, "OPENAI_BASE_URL", server.environment["OPENAI_BASE_URL"])
    done = refine(user, monologue, tmp_path, "--refine-model", "my-llama")
    assert done.returncode == 0, done.stderr
    [asked] = server.asked
    assert (asked.api, asked.body["model"]) == ("chat", "llama3.3")
    assert "cost_usd" not in stage(read(tmp_path))["usage"]


def test_a_key_that_was_put_right_is_taken_at_once(
    user: Home,
    server: LanguageModelServer,
    monologue: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The engine that runs still has the old one."""

    def open_to_the_right_key(asked: Asked) -> Answer:
        if "the-right-key" in str(asked.headers):
            return correcting(asked)
        return Answer(text="wrong key", status=401)

    server.behave = open_to_the_right_key
    glossary = ("--glossary", "Kingsland")
    assert refine(user, monologue, tmp_path, *glossary).returncode == 7
    monkeypatch.setitem(user.environ, "ANTHROPIC_API_KEY", "the-right-key")
    done = refine(user, monologue, tmp_path, *glossary)
    assert done.returncode == 0, done.stderr
