"""Language models of the user's own servers, as a user names them and finds them."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cli.terminal import Shell
from tests.support.language_models import LanguageModelServer, running_language_models
from tests.support.language_models.pulled import pulled
from tests.support.pipeline_home import write_recording

KEYLESS = dict.fromkeys(("ANTHROPIC_API_KEY", "OPENAI_API_KEY", "OPENAI_BASE_URL"), "")
SILENT = "http://127.0.0.1:9"


@pytest.fixture(scope="module")
def running() -> Iterator[LanguageModelServer]:
    with running_language_models() as server:
        yield server


@pytest.fixture
def server(running: LanguageModelServer) -> LanguageModelServer:
    running.reset()
    running.pulled = [pulled("llama3.2:latest")]
    return running


@pytest.fixture
def shell(home: Path, server: LanguageModelServer) -> Shell:
    """A user without any key, who has Ollama."""
    shell = Shell(home, home / "work")
    shell.environ |= KEYLESS | {"OLLAMA_HOST": server.url, "DALSTON_LAUNCHER": "local"}
    write_recording(shell.work / "a.wav")
    return shell


def test_summaries_need_no_key_where_ollama_runs(shell: Shell) -> None:
    done = shell.call("plan", "a.wav", "--summary", "--offline", "--max-cost", "0.1")
    assert done.code == 0, done.err
    assert "overview with ollama-llama3.2" in done.out


def test_a_key_comes_first(shell: Shell, server: LanguageModelServer) -> None:
    done = shell.call("plan", "a.wav", "--refine", environ={"ANTHROPIC_API_KEY": "k"})
    assert "refine: claude-haiku-5-5 on engine llm-cleanup" in done.out
    assert server.listing_headers == {}


@pytest.mark.parametrize("name", ["ollama/llama3.2", "{url}/v1#llama3.2:latest", "{url}"])
def test_a_model_that_is_named(shell: Shell, server: LanguageModelServer, name: str) -> None:
    words = ("--refine", "--refine-model", name.format(url=server.url))
    done = shell.call("plan", "a.wav", *words)
    assert done.code == 0, done.err
    assert "on engine llm-cleanup" in done.out


@pytest.mark.parametrize(
    ("name", "host", "code", "message", "hint"),
    [
        ("ollama/qwen9", None, 5, "has no model `qwen9`", "ollama pull qwen9"),
        ("ollama/qwen9", SILENT, 5, "Ollama does not answer at", "ollama serve"),
        (SILENT, None, 5, "no server of language models answers", f"curl {SILENT}/v1/models"),
        ("http://u:pw@h/v1", None, 2, "no user, password", "export LLM_SERVER_API_KEY=your-key"),
        ("ollama/x", "ftp://h", 4, "OLLAMA_HOST is not an address", "echo $OLLAMA_HOST"),
    ],
    ids=["not-pulled", "not-running", "no-server", "password", "no-address"],
)
def test_what_cannot_be_used(
    shell: Shell, name: str, host: str | None, code: int, message: str, hint: str
) -> None:
    environ = {"OLLAMA_HOST": host} if host else {}
    words = ("transcribe", "a.wav", "-o", "out", "--refine", "--refine-model", name)
    done = shell.call(*words, environ=environ)
    assert done.code == code, done.err
    assert message in done.err
    assert hint in done.err
    assert "pw" not in done.err
    assert not (shell.work / "out").exists()


def test_a_plan_of_what_does_not_run_yet(shell: Shell) -> None:
    words = ("plan", "a.wav", "--refine", "--refine-model", "ollama/llama3.2")
    done = shell.call(*words, environ={"OLLAMA_HOST": SILENT})
    assert done.code == 0, done.err
    assert "start it: ollama serve" in done.err
    assert "refine: ollama-llama3.2" in done.out


def test_nothing_runs_and_no_key_is_set(shell: Shell) -> None:
    done = shell.call("plan", "a.wav", "--summary", environ={"OLLAMA_HOST": SILENT})
    assert done.code == 5
    assert "export ANTHROPIC_API_KEY=your-key" in done.err
    assert "ollama pull" in done.err


def test_models_of_ollama_are_listed_and_shown(shell: Shell) -> None:
    listed = json.loads(shell.call("models", "list", "--stage", "refine", "--json").out)["data"]
    [row] = [row for row in listed if row["id"] == "ollama-llama3.2"]
    assert row["aliases"] == ["ollama/llama3.2"]
    assert (row["state"], row["installed"]) == ("service", True)
    shown = shell.call("models", "show", "ollama/llama3.2")
    assert shown.code == 0, shown.err
    assert "llm-cleanup, which calls it ollama/llama3.2" in shown.out
    assert shell.call("models", "list", "--json").code == 0
