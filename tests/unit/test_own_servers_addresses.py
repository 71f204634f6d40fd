"""Names and addresses of language models on servers of the user's own."""

import pytest

from dalston_cli.catalog.own_servers.addresses import (
    OllamaAddressError,
    ServedModel,
    ServerAddressError,
    is_loopback,
    ollama_url,
    seen_from_inside,
    served_model,
)

USUAL = "http://127.0.0.1:11434"


@pytest.mark.parametrize(
    ("environ", "url"),
    [
        pytest.param({}, USUAL, id="usual"),
        pytest.param({"OLLAMA_HOST": ""}, USUAL, id="empty"),
        pytest.param({"OLLAMA_HOST": "gpu-box"}, "http://gpu-box:11434", id="host"),
        pytest.param({"OLLAMA_HOST": "gpu-box:1234"}, "http://gpu-box:1234", id="host-and-port"),
        pytest.param({"OLLAMA_HOST": ":1234"}, "http://127.0.0.1:1234", id="port"),
        pytest.param({"OLLAMA_HOST": "0.0.0.0"}, USUAL, id="listens-everywhere"),
        pytest.param({"OLLAMA_HOST": "[::]:11434"}, USUAL, id="listens-everywhere-6"),
        pytest.param({"OLLAMA_HOST": "[::1]"}, "http://[::1]:11434", id="version-6"),
        pytest.param({"OLLAMA_HOST": "http://gpu-box"}, "http://gpu-box:80", id="scheme"),
        pytest.param({"OLLAMA_HOST": "https://a.example/x/"}, "https://a.example:443/x", id="path"),
        pytest.param(
            {"OLLAMA_HOST": "one", "OLLAMA_BASE_URL": "http://two:2"}, "http://two:2", id="both"
        ),
    ],
)
def test_where_ollama_is(environ: dict[str, str], url: str) -> None:
    assert ollama_url(environ) == url


@pytest.mark.parametrize("text", ["gpu-box:many", "ftp://gpu-box", "http://me:pw@gpu-box"])
def test_no_address_of_ollama(text: str) -> None:
    with pytest.raises(OllamaAddressError, match="OLLAMA_HOST is not an address") as caught:
        ollama_url({"OLLAMA_HOST": text})
    assert "pw" not in caught.value.message + (caught.value.hint or "")


@pytest.mark.parametrize(
    ("name", "api", "url", "model"),
    [
        ("ollama/llama3.2", "ollama", USUAL, "llama3.2"),
        ("ollama/hf.co/org/name:Q4_K_M", "ollama", USUAL, "hf.co/org/name:Q4_K_M"),
        ("http://127.0.0.1:8000/v1#qwen", "server", "http://127.0.0.1:8000/v1", "qwen"),
        ("http://127.0.0.1:8000", "server", "http://127.0.0.1:8000/v1", ""),
        ("https://a.example/llm/v1/", "server", "https://a.example/llm/v1", ""),
        ("http://h:1/v1/chat/completions#a/b", "server", "http://h:1/v1", "a/b"),
    ],
)
def test_names_of_models(name: str, api: str, url: str, model: str) -> None:
    found = served_model(name, {})
    assert found is not None
    assert (found.api, found.url, found.model) == (api, url, model)


@pytest.mark.parametrize("name", ["claude-haiku-5-5", "org/name", "ollama/", "./ollama/x", "auto"])
def test_other_names(name: str) -> None:
    assert served_model(name, {}) is None


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("http://me:pw@127.0.0.1/v1", "no user, password"),
        ("http://127.0.0.1/v1?key=pw", "no user, password"),
        ("http://127.0.0.1:many/v1", "[Pp]ort"),
        ("http:///v1", "names no host"),
    ],
)
def test_addresses_that_are_refused(name: str, message: str) -> None:
    with pytest.raises(ServerAddressError, match=message) as caught:
        served_model(name, {})
    assert "pw" not in caught.value.message + (caught.value.hint or "")


@pytest.mark.parametrize(
    ("host", "expected"),
    [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("localhost", True), ("gpu", False)],
)
def test_this_machine(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected
    url = f"http://{'[::1]' if host == '::1' else host}:1/v1"
    assert ServedModel(api="server", url=url, model="m").local is expected
    inside = seen_from_inside(url)
    assert inside == ("http://host.docker.internal:1/v1" if expected else url)


def test_what_is_no_address_stays_for_the_engine_to_refuse() -> None:
    assert seen_from_inside("http://127.0.0.1:many") == "http://127.0.0.1:many"
    assert seen_from_inside("https://u:p@localhost") == "https://u:p@host.docker.internal"
