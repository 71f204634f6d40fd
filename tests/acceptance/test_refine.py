"""A transcript is cleaned up as a user would have it, by a server on this machine."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.acceptance.home import Home
from tests.support.language_models import (
    Answer,
    LanguageModelServer,
    ModelRequest,
    corrected,
    correcting,
    overview,
    running_language_models,
)
from tests.support.language_models.pulled import pulled

pytestmark = pytest.mark.network

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
    running_server.reset()
    return running_server


@pytest.fixture(scope="module")
def user(lasting_home: Home, running_server: LanguageModelServer) -> Home:
    """Has Anthropic's key, a server in its place, and a model file of their own."""
    address = running_server.environment["ANTHROPIC_BASE_URL"]
    service = {"ANTHROPIC_API_KEY": SECRET, "ANTHROPIC_BASE_URL": address}
    lasting_home.use_catalog(OWN_MODEL, service)
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL"):
        lasting_home.environ.pop(name, None)
    return lasting_home


@pytest.fixture(scope="module")
def monologue(examples: Path) -> Path:
    return examples / "monologue.wav"


def refine(
    user: Home, recording: Path, out: Path, *options: str
) -> "subprocess.CompletedProcess[str]":
    return write(user, recording, out, "--refine", *options)


def write(
    user: Home, recording: Path, out: Path, *options: str
) -> "subprocess.CompletedProcess[str]":
    return user.run_here("transcribe", recording, "-o", out, "-f", "json,txt,md", *options)


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
    def answer(request: ModelRequest) -> Answer:
        texts = {key: f"{text.capitalize()}." for key, text in request.texts.items()}
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
    assert record["usage"]["requests"] == len(server.requests) == 1
    cost = (100 * 0.1 + 50 * 0.5 + 20 * 0.01 + 10 * 0.125) / 1e6
    assert record["usage"]["cost_usd"] == pytest.approx(cost)
    assert SECRET not in (tmp_path / "monologue.json").read_text()
    assert SECRET not in done.stdout + done.stderr


def test_what_was_paid_for_is_not_paid_for_again(
    user: Home, server: LanguageModelServer, monologue: Path, tmp_path: Path
) -> None:
    first, again = tmp_path / "first", tmp_path / "again"
    assert refine(user, monologue, first, "--refine-level", "light").returncode == 0
    num_asked = len(server.requests)
    assert num_asked == 1

    options = ("--refine-level", "light", "--max-cost", "0.0000001")
    assert refine(user, monologue, again, *options).returncode == 0

    assert read(again)["segments"] == read(first)["segments"]
    assert len(server.requests) == num_asked


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
    assert strict.returncode == 6, strict.stderr
    assert "without refine, which --strict requires: " in strict.stderr
    assert not (tmp_path / "strict" / "monologue.json").exists()

    server.reset()
    assert refine(user, monologue, tmp_path, *level).returncode == 0
    assert read(tmp_path)["status"] == "complete"


def test_too_dear_is_refused_before_anything_is_sent(
    user: Home, server: LanguageModelServer, monologue: Path, tmp_path: Path
) -> None:
    options = ("--refine-model", "claude-opus-5-5", "--max-cost", "0.001")
    done = refine(user, monologue, tmp_path, *options)
    assert done.returncode == 7, done.stderr
    assert "more than max_cost_usd 0.001 leaves; nothing was spent" in done.stderr
    assert server.requests == []


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
    listed = user.run_here("models", "list", "--stage", "refine", "--json")
    states = {row["id"]: row["state"] for row in json.loads(listed.stdout)["data"]}
    assert states["claude-haiku-5-5"] == "no key"
    assert server.requests == []


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
    [request] = server.requests
    assert (request.api, request.body["model"]) == ("chat", "llama3.3")
    assert "cost_usd" not in stage(read(tmp_path))["usage"]


@pytest.mark.parametrize("options", [(), ("--refine-model", "ollama/llama3.2")])
def test_ollama_needs_no_key(
    user: Home,
    server: LanguageModelServer,
    monologue: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    options: tuple[str, ...],
) -> None:
    server.pulled = [pulled("llama3.2:latest")]
    for name in ("ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL"):
        monkeypatch.setitem(user.environ, name, "")
    monkeypatch.setitem(user.environ, "OLLAMA_HOST", server.url)
    words = ("--summary", "--chapters", "--glossary", f"Kingsland{len(options)}", *options)
    done = write(user, monologue, tmp_path, *words)
    assert done.returncode == 0, done.stderr
    [request] = server.requests
    assert (request.api, request.body["model"]) == ("ollama", "llama3.2")
    found = read(tmp_path)
    assert found["summary"]
    assert found["chapters"]
    assert stage(found)["model"] == "ollama-llama3.2"
    assert stage(found)["usage"]["cost_usd"] == 0


def test_a_film_is_translated_without_a_key(
    user: Home,
    server: LanguageModelServer,
    monologue: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def into_german(request: ModelRequest) -> Answer:
        return Answer(
            text=corrected({key: f"übersetzt {text}" for key, text in request.texts.items()})
        )

    server.pulled, server.behave = [pulled("llama3.2:latest")], into_german
    for name in ("ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL"):
        monkeypatch.setitem(user.environ, name, "")
    monkeypatch.setitem(user.environ, "OLLAMA_HOST", server.url)
    words = ("--translate-to", "de", "-f", "srt,vtt,json", "--bilingual")
    done = user.run_here("transcribe", monologue, "-o", tmp_path, *words)
    assert done.returncode == 0, done.stderr
    assert "übersetzt" in (tmp_path / "monologue.de.srt").read_text(encoding="utf-8")
    assert "übersetzt" not in (tmp_path / "monologue.srt").read_text(encoding="utf-8")
    both = (tmp_path / "monologue.de.vtt").read_text(encoding="utf-8")
    found = read(tmp_path)["segments"][0]
    assert found["translations"] == {"de": f"übersetzt {found['text']}"}
    assert "übersetzt" in both
    assert both.count("line:0") >= len(read(tmp_path)["segments"])


def test_a_key_that_was_put_right_is_taken_at_once(
    user: Home,
    server: LanguageModelServer,
    monologue: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The engine that runs still has the old one."""

    def open_to_the_right_key(request: ModelRequest) -> Answer:
        if "the-right-key" in str(request.headers):
            return correcting(request)
        return Answer(text="wrong key", status=401)

    server.behave = open_to_the_right_key
    glossary = ("--glossary", "Kingsland")
    assert refine(user, monologue, tmp_path, *glossary).returncode == 7
    monkeypatch.setitem(user.environ, "ANTHROPIC_API_KEY", "the-right-key")
    done = refine(user, monologue, tmp_path, *glossary)
    assert done.returncode == 0, done.stderr


def test_an_overview_leaves_the_text_alone(
    user: Home, server: LanguageModelServer, monologue: Path, tmp_path: Path
) -> None:
    options = ("--title", "--summary", "--chapters", "--action-items", "--max-cost", "1")
    done = write(user, monologue, tmp_path, *options)

    assert done.returncode == 0, done.stderr
    transcript = read(tmp_path)
    first, last = transcript["segments"][0], transcript["segments"][-1]
    assert (transcript["status"], transcript["title"]) == ("complete", "A morning in Dalston")
    [chapter] = transcript["chapters"]
    assert (chapter["start"], chapter["end"]) == (first["start"], last["end"])
    [item] = transcript["action_items"]
    assert (item["start"], item["end"]) == (last["start"], last["end"])
    assert not any("raw_text" in segment for segment in transcript["segments"])
    assert stage(transcript)["options"]["level"] == "none"
    assert stage(transcript)["usage"]["requests"] == len(server.requests) == 1

    text = (tmp_path / "monologue.txt").read_text()
    assert text.startswith("A morning in Dalston\n\nSummary\n")
    assert transcript["text"].split(".")[0] in text
    markdown = (tmp_path / "monologue.md").read_text()
    for heading in ("# A morning in Dalston", "## Summary", "## Action items", "### From 0"):
        assert f"{heading}\n" in markdown

    exported = user.run_here("export", tmp_path / "monologue.json", "-f", "md", "-o", "-")
    assert exported.stdout == markdown


def test_an_overview_is_paid_for_beside_the_text(
    user: Home, server: LanguageModelServer, monologue: Path, tmp_path: Path
) -> None:
    glossary = ("--glossary", "Shacklewell")
    assert refine(user, monologue, tmp_path, *glossary).returncode == 0
    done = refine(user, monologue, tmp_path, *glossary, "--summary")

    assert done.returncode == 0, done.stderr
    assert [request.wanted for request in server.requests] == [("segments",), ("summary",)]
    transcript = read(tmp_path)
    assert transcript["segments"][0]["raw_text"]
    assert server.requests[1].texts[0] == transcript["segments"][0]["text"]
    records = [each for each in transcript["stages"] if each["stage"] == "refine"]
    assert [each["options"]["level"] for each in records] == ["standard", "none"]


def test_an_overview_that_fails_leaves_the_text_that_was_put_right(
    user: Home, server: LanguageModelServer, monologue: Path, tmp_path: Path
) -> None:
    server.behave = lambda request: (
        Answer(text=overview(request, summary=" "))
        if request.wanted == ("summary",)
        else correcting(request)
    )
    options = ("--summary", "--glossary", "Homerton")
    done = refine(user, monologue, tmp_path, *options)

    assert done.returncode == 7, done.stderr
    transcript = read(tmp_path)
    assert (transcript["status"], "summary" in transcript) == ("partial", False)
    assert transcript["segments"][0]["raw_text"]
    assert "the transcript is without summary: " in done.stderr
    assert "the summary in the answer is empty" in done.stderr

    strict = refine(user, monologue, tmp_path / "strict", *options, "--strict")
    assert strict.returncode == 6, strict.stderr
    assert "without summary, which --strict requires: " in strict.stderr

    server.reset()
    assert refine(user, monologue, tmp_path, *options).returncode == 0
    assert [request.wanted for request in server.requests] == [("summary",)]
    assert read(tmp_path)["summary"]


def test_what_was_said_to_the_model_stays_what_was_said(
    user: Home, server: LanguageModelServer, monologue: Path, tmp_path: Path
) -> None:
    """A model that obeys a recording can write nothing into the text, and name no other place."""
    server.behave = lambda request: Answer(
        text=overview(
            request,
            chapters=[{"segment": 99, "title": "PWNED", "summary": ""}],
            title="PWNED " * 100,
        )
    )
    done = write(user, monologue, tmp_path, "--title", "--chapters", "--summary")

    assert done.returncode == 0, done.stderr
    transcript = read(tmp_path)
    assert {"title", "chapters"}.isdisjoint(transcript)
    assert "PWNED" not in (tmp_path / "monologue.json").read_text()
    notices = [each for each in transcript["warnings"] if each.get("stage") == "refine"]
    assert [each["code"] for each in notices] == ["not_written", "not_written"]


@pytest.mark.parametrize("options", [("--refine-batch",), ("--refine-model", "my-llama")])
def test_an_overview_in_a_batch_and_from_a_server_of_ones_own(
    user: Home,
    server: LanguageModelServer,
    monologue: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    options: tuple[str, ...],
) -> None:
    monkeypatch.setitem(user.environ, "OPENAI_BASE_URL", server.environment["OPENAI_BASE_URL"])
    words = ("--summary", "--glossary", "Clapton", *options)
    done = write(user, monologue, tmp_path, *words)
    assert done.returncode == 0, done.stderr
    assert read(tmp_path)["summary"]
    assert len(server.batches) == (options == ("--refine-batch",))


def test_an_overview_that_may_cost_too_much_is_not_asked_for(
    user: Home, server: LanguageModelServer, monologue: Path, tmp_path: Path
) -> None:
    options = ("--summary", "--refine-model", "claude-opus-5-5", "--max-cost", "0.001")
    done = write(user, monologue, tmp_path, *options)
    assert done.returncode == 7, done.stderr
    assert "more than max_cost_usd 0.001 leaves; nothing was spent" in done.stderr
    assert server.requests == []

    plan = user.run_here("plan", monologue, *options)
    assert plan.returncode == 0, plan.stderr
    assert "refine: claude-opus-5-5 on engine llm-cleanup" in plan.stdout
    assert "level=none" in plan.stdout
    assert "summary=True" in plan.stdout
