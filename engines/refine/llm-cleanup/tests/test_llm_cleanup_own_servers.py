"""Ollama, and servers of the user's own with OpenAI's API: requests, answers, errors."""

import socket
from typing import Any

import pytest
from tests.support.engine_under_test import EngineUnderTest
from tests.support.language_models import Answer, LanguageModelServer, correcting
from tests.support.language_models.cleanup import clean_up, usage_of

from dalston_sdk.client import EngineRequestError
from dalston_sdk.testing import RunningEngine
from dalston_sdk.wire import ErrorCode, ModelRef, RefineOptions

TEXTS = {0: "good morning", 4: "welcome to dalston"}
PUT_RIGHT = {0: "Good morning.", 4: "Welcome to dalston."}
OVERVIEW = RefineOptions(level="none", title=True, summary=True, chapters=True)


def refusal(engine: RunningEngine, texts: Any = TEXTS, **more: Any) -> EngineRequestError:
    with pytest.raises(EngineRequestError) as caught:
        clean_up(engine, texts, **more)
    return caught.value


def test_ollama_gets_the_schema_and_a_context_that_is_long_enough(
    engine: RunningEngine, server: LanguageModelServer
) -> None:
    result = clean_up(engine, TEXTS, provider="ollama")
    assert result.texts == PUT_RIGHT
    [request] = server.requests
    body = request.body
    assert (request.api, body["model"], request.texts) == ("ollama", "some-model", TEXTS)
    assert body["format"]["properties"]["segments"]["items"]["required"] == ["id", "text"]
    assert (body["stream"], body["think"], body["truncate"]) == (False, False, False)
    options = body["options"]
    assert options["temperature"] == 0
    assert options["num_ctx"] == 8192
    assert options["num_ctx"] > options["num_predict"] > 4096
    usage = usage_of(result)
    assert (usage.input_tokens, usage.output_tokens) == (130, 50)


def test_a_long_text_gets_a_longer_context_and_goes_one_prompt_at_a_time(
    engine: RunningEngine, server: LanguageModelServer
) -> None:
    def slowly(request: Any) -> Answer:
        return Answer(text=correcting(request).text, delay_s=0.05)

    server.behave = slowly
    texts = {number: f"this is sentence number {number} of them all" for number in range(900)}
    result = clean_up(engine, texts, OVERVIEW, provider="ollama")
    assert result.title == "A morning in Dalston"
    assert result.chapters
    lengths = [request.body["options"]["num_ctx"] for request in server.requests]
    for request, length in zip(server.requests, lengths, strict=True):
        assert length & (length - 1) == 0, "few lengths, since each loads the model anew"
        num_characters = len(request.system) + len(str(request.body["messages"][1]["content"]))
        assert length >= num_characters / 3 + request.body["options"]["num_predict"]
    assert max(lengths) > 8192
    assert server.max_concurrent == 1


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Answer(text='{"segm', ending="length"), "was cut off"),
        (Answer(raw=b'{"error": "odd"}'), "is empty"),
        (Answer(raw=b"[1, 2]"), "is empty"),
        (Answer(raw=b"<html>a page</html>"), "something other than JSON"),
        (Answer(text="I cannot do that."), "not JSON of the form"),
    ],
    ids=["cut-off", "no-message", "list", "page", "chatter"],
)
def test_ollama_answers_badly(
    engine: RunningEngine, server: LanguageModelServer, answer: Answer, reason: str
) -> None:
    server.behave = lambda _: answer
    error = refusal(engine, provider="ollama")
    assert error.code == ErrorCode.INTERNAL
    assert reason in error.message


def test_a_model_that_was_removed_since(engine: RunningEngine, server: LanguageModelServer) -> None:
    server.behave = lambda _: Answer(text="model 'some-model' not found", status=404)
    error = refusal(engine, provider="ollama")
    assert f"{server.url} refuses with 404: model 'some-model' not found" in error.message
    assert error.hint == "get the model: ollama pull some-model"


def test_tokens_that_are_not_counted(engine: RunningEngine, server: LanguageModelServer) -> None:
    server.behave = lambda request: Answer(text=correcting(request).text, tokens=None)
    result = clean_up(engine, TEXTS, provider="ollama")
    assert result.texts == PUT_RIGHT
    assert usage_of(result).output_tokens == 0


@pytest.mark.parametrize("provider", ["ollama", "server"])
def test_neither_has_batches(
    engine: RunningEngine, server: LanguageModelServer, provider: str
) -> None:
    error = refusal(engine, options=RefineOptions(batch=True), provider=provider)
    assert error.code == ErrorCode.UNSUPPORTED_OPTION
    assert server.requests == []


def test_a_server_with_openai_s_api(engine: RunningEngine, server: LanguageModelServer) -> None:
    assert clean_up(engine, TEXTS, provider="server").texts == PUT_RIGHT
    [request] = server.requests
    assert request.api == "chat"
    assert request.headers["authorization"] == "Bearer sk-server-secret"
    assert request.body["response_format"]["json_schema"]["strict"] is True
    assert "max_tokens" in request.body
    assert "sk-server-secret" not in engine.process.log


def test_servers_that_are_not_there(
    under_test: EngineUnderTest, model: ModelRef, server: LanguageModelServer
) -> None:
    """Ollama's usual address is known, and no key is needed; a server's has to be named."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        silent = f"http://127.0.0.1:{taken.getsockname()[1]}"
    environment = {
        **server.environment,
        "OLLAMA_BASE_URL": silent,
        "OLLAMA_API_KEY": "",
        "LLM_SERVER_URL": "",
    }
    with under_test.running(model, **environment) as engine:
        unnamed = engine.load_failure(ModelRef(runtime_id="server/some-model"))
        error = refusal(engine, provider="ollama")
    assert "LLM_SERVER_URL is not set" in unnamed.message
    assert f"{silent} cannot be reached" in error.message
    assert error.hint == "start it: ollama serve"
