"""Language models of servers of the user's own, asked for over real HTTP."""

import socket
from collections.abc import Iterator
from typing import Any

import pytest
from tests.support.language_models import LanguageModelServer, running_language_models
from tests.support.language_models.pulled import pulled

from dalston_cli.catalog.catalog import Catalog
from dalston_cli.catalog.own_servers.adopt import Adopted, adopt_served, discover
from dalston_cli.catalog.own_servers.asking import OllamaDetails, OllamaModel
from dalston_cli.catalog.own_servers.failures import (
    NotPulledError,
    OllamaSilentError,
    ServerAnswerError,
    ServerModelError,
    ServerSilentError,
)
from dalston_cli.catalog.schema import ModelEntry
from dalston_cli.catalog.sources import ServiceSource
from dalston_sdk.wire import Stage

EMPTY = Catalog(engines={}, models={})
LLAMA, BIG = pulled("llama3.2:latest"), pulled("big:70b", size=40 * 10**9, billions="70.6B")
VECTORS = pulled("nomic-embed-text:latest", billions="137M")
FAR = pulled("gpt-oss:120b-cloud", size=384, remote_host="https://ollama.example:443")


@pytest.fixture(scope="module")
def running() -> Iterator[LanguageModelServer]:
    with running_language_models() as server:
        yield server


@pytest.fixture
def server(running: LanguageModelServer) -> LanguageModelServer:
    running.reset()
    return running


@pytest.fixture
def silent() -> str:
    """An address where nothing listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{taken.getsockname()[1]}"


def adopted(name: str, url: str = "", **more: Any) -> Adopted:
    return adopt_served(EMPTY, [name], environ={"OLLAMA_HOST": url}, **more)


def service_of(entry: ModelEntry) -> ServiceSource:
    assert isinstance(entry.source, ServiceSource)
    return entry.source


@pytest.mark.parametrize("name", ["ollama/llama3.2", "ollama/llama3.2:latest", "ollama/Llama3.2"])
def test_a_model_that_ollama_has(server: LanguageModelServer, name: str) -> None:
    server.pulled = [BIG, LLAMA]
    found = adopted(name, server.url)
    entry = found.catalog.model(name)
    assert (entry.id, entry.runtime_model_id) == ("ollama-llama3.2", "ollama/llama3.2")
    assert (entry.engine, entry.stages) == ("llm-cleanup", (Stage.REFINE, Stage.TRANSLATE))
    assert entry.size_mb == 2020
    assert service_of(entry).local
    assert service_of(entry).revision == LLAMA["digest"]
    assert entry.defaults["prices"]["output_usd"] == 0
    assert found.variables == {"OLLAMA_BASE_URL": server.url}
    assert not found.advice


def test_a_model_that_was_not_pulled(server: LanguageModelServer) -> None:
    server.pulled = [LLAMA]
    with pytest.raises(NotPulledError, match=r"did you mean `llama3\.2`") as caught:
        adopted("ollama/lama3.2", server.url)
    assert caught.value.hint == "get it: ollama pull lama3.2"


def test_a_model_that_ollama_passes_on_is_no_local_one(server: LanguageModelServer) -> None:
    server.pulled = [FAR]
    entry = adopted("ollama/gpt-oss:120b-cloud", server.url).catalog.model(
        "ollama/gpt-oss:120b-cloud"
    )
    assert not service_of(entry).local
    assert "prices" not in entry.defaults
    assert entry.notes == "Ollama sends the text of the transcript to https://ollama.example:443"


def test_ollama_does_not_run(silent: str) -> None:
    with pytest.raises(OllamaSilentError, match=f"does not answer at {silent}") as caught:
        adopted("ollama/llama3.2", silent)
    assert (caught.value.hint or "").startswith("start it: ollama serve")


def test_a_plan_goes_by_the_name(silent: str) -> None:
    found = adopted("ollama/llama3.2", silent, assume=True)
    assert found.catalog.model("ollama/llama3.2").runtime_model_id == "ollama/llama3.2"
    [advice] = found.advice
    assert advice.code == "server_not_asked"
    assert (advice.hint or "").startswith("start it: ollama serve")


def test_another_machine_is_not_asked_offline() -> None:
    found = adopted("https://llm.example.org/v1#some", offline=True)
    assert not service_of(found.catalog.model("https://llm.example.org/v1#some")).local


def test_a_server_with_one_model_and_with_two(server: LanguageModelServer) -> None:
    server.pulled = [pulled("Qwen/Qwen3-8B")]
    url = f"{server.url}/v1"
    found = adopted(url)
    entry = found.catalog.model(url)
    assert entry.runtime_model_id == "server/Qwen/Qwen3-8B"
    assert found.variables == {"LLM_SERVER_URL": url}
    assert "prices" not in entry.defaults

    server.pulled.append(pulled("other"))
    assert adopted(f"{url}#other").catalog.model(f"{url}#other").runtime_model_id == "server/other"
    with pytest.raises(ServerModelError, match="has 2 models, and none was named") as caught:
        adopted(url)
    assert f"--refine-model '{url}#Qwen/Qwen3-8B'" in (caught.value.hint or "")
    with pytest.raises(ServerModelError, match="has no model `othr`; did you mean `other`"):
        adopted(f"{url}#othr")
    server.pulled.clear()
    with pytest.raises(ServerModelError, match="has no model") as caught:
        adopted(url)
    assert "load one there" in (caught.value.hint or "")


def test_a_server_does_not_run(silent: str) -> None:
    with pytest.raises(ServerSilentError, match="no server of language models answers") as caught:
        adopted(silent)
    assert caught.value.hint == f"see what is there: curl {silent}/v1/models"


def test_what_has_another_api(server: LanguageModelServer) -> None:
    server.raw_listing = b"<html>a page</html>"
    for name in (f"{server.url}/v1", "ollama/llama3.2"):
        with pytest.raises(ServerAnswerError, match="list of models cannot be read"):
            adopted(name, server.url)
    with pytest.raises(ServerAnswerError, match="it refuses with 404") as caught:
        adopted(f"{server.url}/v2#some")
    assert "a key for it goes into LLM_SERVER_API_KEY" in (caught.value.hint or "")


def test_names_of_the_catalog_are_left_alone(server: LanguageModelServer) -> None:
    assert adopted("claude-haiku-5-5", server.url).catalog is EMPTY


def test_a_key_goes_along(server: LanguageModelServer) -> None:
    server.pulled = [LLAMA]
    environ = {"OLLAMA_HOST": server.url, "OLLAMA_API_KEY": " ollama-secret "}
    adopt_served(EMPTY, ["ollama/llama3.2"], environ=environ)
    assert server.listing_headers["authorization"] == "Bearer ollama-secret"


def test_the_largest_that_fits_is_found_first(server: LanguageModelServer) -> None:
    server.pulled = [pulled("small:1b", size=10**9, billions="1.2B"), BIG, VECTORS, FAR, LLAMA]
    found = discover(EMPTY, memory_mb=8000, environ={"OLLAMA_HOST": server.url})
    best = [entry.id for entry in found.catalog.models_for(Stage.REFINE)]
    assert best == ["ollama-llama3.2", "ollama-small-1b", "ollama-big-70b"]
    assert found.variables == {"OLLAMA_BASE_URL": server.url}
    rich = discover(EMPTY, memory_mb=64_000, environ={"OLLAMA_HOST": server.url})
    assert rich.catalog.models_for(Stage.REFINE)[0].id == "ollama-big-70b"


@pytest.mark.parametrize("text", ["nothing", "ftp://x"])
def test_nothing_is_found_where_no_ollama_runs(silent: str, text: str) -> None:
    environ = {"OLLAMA_HOST": silent if text == "nothing" else text}
    found = discover(EMPTY, memory_mb=8000, environ=environ)
    assert (found.catalog, found.variables) == (EMPTY, {})


def test_no_other_machine_is_asked_offline() -> None:
    found = discover(EMPTY, memory_mb=1, environ={"OLLAMA_HOST": "gpu.example"}, offline=True)
    assert found.catalog is EMPTY


@pytest.mark.parametrize(
    ("text", "size"), [("8.0B", 8.0), ("137M", 0.137), ("", 0.0), ("big", 0.0), ("xB", 0.0)]
)
def test_sizes(text: str, size: float) -> None:
    model = OllamaModel(name="m", details=OllamaDetails(parameter_size=text))
    assert model.billions == pytest.approx(size)
    assert OllamaModel(name="m").billions == 0
