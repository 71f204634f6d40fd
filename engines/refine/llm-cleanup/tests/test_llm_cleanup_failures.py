"""Keys, limits, overload, unusable servers, and cancelled requests."""

import asyncio
from contextlib import aclosing
from typing import Any

import msgspec
import pytest
from tests.support.engine_under_test import EngineUnderTest
from tests.support.language_models import Answer, LanguageModelServer, ModelRequest, correcting
from tests.support.language_models.cleanup import clean_up, cleanup_request, usage_of

from dalston_sdk.client import EngineRequestError
from dalston_sdk.testing import RunningEngine
from dalston_sdk.wire import ErrorCode, ModelRef, RefineOptions, TokenPrices

TEXTS = {0: "good morning"}
PRICES = TokenPrices(input_usd=1.0, output_usd=5.0)
KEYS = {"anthropic": "sk-ant-secret", "openai": "sk-openai-secret"}
AT_ONCE = {"retry-after-ms": "10"}


def refusal(
    engine: RunningEngine, options: RefineOptions | None = None, **more: Any
) -> EngineRequestError:
    with pytest.raises(EngineRequestError) as caught:
        clean_up(engine, more.pop("texts", TEXTS), options, **more)
    return caught.value


@pytest.mark.parametrize("status", [429, 529, 500])
def test_overload_is_waited_for(
    engine: RunningEngine, server: LanguageModelServer, provider: str, status: int
) -> None:
    def busy_at_first(request: ModelRequest) -> Answer:
        if request.number < 2:
            return Answer(text="overloaded", status=status, headers=AT_ONCE)
        return correcting(request)

    server.behave = busy_at_first
    assert clean_up(engine, TEXTS, provider=provider).texts == {0: "Good morning."}
    assert len(server.requests) == 3


@pytest.mark.parametrize(
    ("status", "said", "hint"),
    [
        (401, "invalid key {key}", "check the key: {name}_API_KEY"),
        (402, "no credit", "credit"),
        (404, "no such model", "check the model's name"),
        (400, "some setting is wrong", None),
        (429, "too many", "goes on later"),
        (529, "overloaded", "goes on later"),
    ],
)
def test_a_refusal_is_reported_without_the_key(
    engine: RunningEngine,
    server: LanguageModelServer,
    provider: str,
    status: int,
    said: str,
    hint: str | None,
) -> None:
    text = said.format(key=KEYS[provider])
    server.behave = lambda _: Answer(text=text, status=status, headers=AT_ONCE)
    error = refusal(engine, provider=provider)
    assert error.code == ErrorCode.INTERNAL
    assert f"refuses with {status}: {said.format(key='[key]')}" in error.message
    assert hint is None or hint.format(name=provider.upper()) in (error.hint or "")
    assert len(server.requests) == (5 if status in (429, 529) else 1)


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"<html>a page</html>", "something other than JSON"),
        (b'{"ok": true}', "no answer that can be used"),
        (b"[1, 2]", "answer"),
    ],
    ids=["page", "another-document", "list"],
)
def test_a_server_with_another_api(
    engine: RunningEngine, server: LanguageModelServer, provider: str, raw: bytes, message: str
) -> None:
    server.behave = lambda _: Answer(raw=raw)
    error = refusal(engine, provider=provider)
    assert error.code == ErrorCode.INTERNAL
    assert message in error.message


def test_it_fails_where_no_answer_can_be_used(
    engine: RunningEngine, server: LanguageModelServer
) -> None:
    server.behave = lambda _: Answer(ending="refusal")
    error = refusal(engine)
    assert "gave no answer that can be used: segment 0 keeps its text: the model refused" in (
        error.message
    )


def test_the_limit_is_checked_before_anything_is_sent(
    engine: RunningEngine, server: LanguageModelServer, provider: str
) -> None:
    options = RefineOptions(prices=PRICES, max_cost_usd=0.001)
    error = refusal(engine, options, provider=provider)
    assert error.code == ErrorCode.INVALID_REQUEST
    assert "more than max_cost_usd 0.001 leaves; nothing was spent" in error.message
    assert server.requests == []
    enough = (error.hint or "").split("--max-cost ")[1].split(",")[0]
    allowed = msgspec.structs.replace(options, max_cost_usd=float(enough))
    usage = usage_of(clean_up(engine, TEXTS, allowed, provider=provider))
    assert 0 < (usage.cost_usd or 0) <= float(enough)


def test_a_limit_needs_prices(engine: RunningEngine, server: LanguageModelServer) -> None:
    error = refusal(engine, RefineOptions(max_cost_usd=1.0))
    assert "the prices of some-model are not known" in error.message
    assert server.requests == []


def test_no_more_prompts_after_more_tokens_than_expected(
    engine: RunningEngine, server: LanguageModelServer
) -> None:
    def dear(request: ModelRequest) -> Answer:
        return Answer(text=correcting(request).text, tokens=(10_000_000, 0, 0, 0))

    server.behave = dear
    texts = {number: f"sentence number {number}" for number in range(600)}
    options = RefineOptions(prices=PRICES, max_cost_usd=2.0)
    error = refusal(engine, options, texts=texts)
    assert error.code == ErrorCode.INTERNAL
    assert "was spent" in error.message
    assert 1 <= len(server.requests) <= 4


def without(server: LanguageModelServer, *names: str) -> dict[str, str]:
    """The engine's variables but these."""
    return {**server.environment, **dict.fromkeys(names, "")}


@pytest.mark.parametrize("runtime_id", ["some-model", "anthropic/", "cohere/command"])
def test_a_name_without_a_provider_is_no_model(running: RunningEngine, runtime_id: str) -> None:
    error = running.load_failure(ModelRef(runtime_id=runtime_id))
    assert error.code == ErrorCode.MODEL_MISSING
    assert "names no model of a provider" in error.message


def test_a_missing_key_is_an_error_unless_the_server_is_another(
    under_test: EngineUnderTest, model: ModelRef, server: LanguageModelServer
) -> None:
    """Two variables are missing for Anthropic, and the key for a server with OpenAI's API."""
    missing = without(server, "ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL", "OPENAI_API_KEY")
    with under_test.running(model, **missing) as engine:
        error = engine.load_failure(model)
        clean_up(engine, TEXTS, provider="openai")
    assert error.code == ErrorCode.MODEL_LOAD_FAILED
    assert "ANTHROPIC_API_KEY is not set" in error.message
    assert "export ANTHROPIC_API_KEY=your-key" in (error.hint or "")
    [request] = server.requests
    assert request.headers["authorization"] == "Bearer none"
    assert request.body["max_tokens"] > 4096


def test_keys_are_only_in_requests(
    engine: RunningEngine, server: LanguageModelServer, provider: str
) -> None:
    result = clean_up(engine, TEXTS, provider=provider)
    secret = KEYS[provider]
    [request] = server.requests
    assert any(secret in value for value in request.headers.values())
    assert secret not in engine.process.log
    assert secret.encode() not in msgspec.json.encode(result)
    assert "HTTP Request" not in engine.process.log


def test_a_cancelled_request_drops_its_prompts(
    engine: RunningEngine, server: LanguageModelServer
) -> None:
    """The engine can be used at once."""
    server.behave = lambda request: Answer(text=correcting(request).text, delay_s=60.0)
    request = cleanup_request(TEXTS)

    async def leave() -> None:
        async with (
            engine.process.client() as client,
            aclosing(client.run(request, audio=None, share_path=True)) as messages,
        ):
            async for _ in messages:
                if server.requests:
                    break

    asyncio.run(asyncio.wait_for(leave(), 30))
    assert engine.health_when_idle().status == "ready"
    server.behave = correcting
    assert clean_up(engine, TEXTS).texts == {0: "Good morning."}


def test_a_password_in_an_address_is_not_repeated(
    under_test: EngineUnderTest, model: ModelRef, server: LanguageModelServer
) -> None:
    server.behave = lambda _: Answer(text="no", status=400)
    address = server.url.replace("//", "//user:password@")
    environment = {**server.environment, "ANTHROPIC_BASE_URL": address}
    with under_test.running(model, **environment) as engine:
        error = refusal(engine)
        log = engine.process.log
    assert f"{server.url} refuses with 400" in error.message
    assert "password" not in log
