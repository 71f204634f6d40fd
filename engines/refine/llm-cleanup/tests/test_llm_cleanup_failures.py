"""Keys, limits, overload, servers that are no servers, and people who go away."""

import asyncio
from contextlib import aclosing
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from tests.support.language_models import Answer, Asked, LanguageModelServer, correcting

from dalston_sdk.client import EngineRequestError
from dalston_sdk.testing import EngineProcess, StartLine
from dalston_sdk.wire import (
    ErrorCode,
    Health,
    ModelRef,
    RefineOptions,
    RefineRequest,
    Segment,
    TokenPrices,
)

TEXTS = {0: "good morning"}
PRICES = TokenPrices(input_usd=1.0, output_usd=5.0)
KEYS = {"anthropic": "sk-ant-secret", "openai": "sk-openai-secret"}
AT_ONCE = {"retry-after-ms": "10"}


def refusal(engine: Any, options: RefineOptions | None = None, **more: Any) -> EngineRequestError:
    with pytest.raises(EngineRequestError) as caught:
        engine.finish(more.pop("texts", TEXTS), options, **more)
    return caught.value


@pytest.mark.parametrize("status", [429, 529, 500])
def test_overload_is_waited_for(
    engine: Any, server: LanguageModelServer, provider: str, status: int
) -> None:
    def busy_at_first(asked: Asked) -> Answer:
        if asked.number < 2:
            return Answer(text="overloaded", status=status, headers=AT_ONCE)
        return correcting(asked)

    server.behave = busy_at_first
    assert engine.finish(TEXTS, provider=provider).texts == {0: "Good morning."}
    assert len(server.asked) == 3


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
def test_a_refusal_is_passed_on_without_the_key(
    engine: Any,
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
    assert len(server.asked) == (5 if status in (429, 529) else 1)


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"<html>a page</html>", "something other than JSON"),
        (b'{"ok": true}', "no answer that can be used"),
        (b"[1, 2]", "answer"),
    ],
    ids=["page", "another-document", "list"],
)
def test_a_server_that_speaks_otherwise(
    engine: Any, server: LanguageModelServer, provider: str, raw: bytes, message: str
) -> None:
    server.behave = lambda _: Answer(raw=raw)
    error = refusal(engine, provider=provider)
    assert error.code == ErrorCode.INTERNAL
    assert message in error.message


def test_answers_that_are_all_useless_are_a_failure(
    engine: Any, server: LanguageModelServer
) -> None:
    server.behave = lambda _: Answer(ending="refusal")
    error = refusal(engine)
    assert "gave no answer that can be used: segment 0 keeps its text: the model refused" in (
        error.message
    )


def test_the_limit_is_kept_before_anything_is_sent(
    engine: Any, server: LanguageModelServer, provider: str
) -> None:
    options = RefineOptions(prices=PRICES, max_cost_usd=0.001)
    error = refusal(engine, options, provider=provider)
    assert error.code == ErrorCode.INVALID_REQUEST
    assert "more than max_cost_usd 0.001 leaves; nothing was spent" in error.message
    assert server.asked == []
    enough = (error.hint or "").split("--max-cost ")[1].split(",")[0]
    allowed = msgspec.structs.replace(options, max_cost_usd=float(enough))
    usage = engine.finish(TEXTS, allowed, provider=provider).usage
    assert 0 < usage.cost_usd <= float(enough)


def test_a_limit_needs_prices(engine: Any, server: LanguageModelServer) -> None:
    error = refusal(engine, RefineOptions(max_cost_usd=1.0))
    assert "nobody told what some-model costs" in error.message
    assert server.asked == []


def test_a_server_that_counts_more_than_was_foreseen_is_asked_no_more(
    engine: Any, server: LanguageModelServer
) -> None:
    def dear(asked: Asked) -> Answer:
        return Answer(text=correcting(asked).text, tokens=(10_000_000, 0, 0, 0))

    server.behave = dear
    texts = {number: f"sentence number {number}" for number in range(600)}
    options = RefineOptions(prices=PRICES, max_cost_usd=2.0)
    error = refusal(engine, options, texts=texts)
    assert error.code == ErrorCode.INTERNAL
    assert "was spent" in error.message
    assert 1 <= len(server.asked) <= 4


def process_without(line: StartLine, *names: str) -> EngineProcess:
    return EngineProcess(
        replace(line, environment={**line.environment, **dict.fromkeys(names, "")})
    )


async def load(process: EngineProcess, runtime_id: str) -> None:
    async with process.client() as client:
        await client.load(ModelRef(runtime_id=runtime_id))


def test_a_missing_key_is_said_before_any_work(line: StartLine) -> None:
    with process_without(line, "ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL") as process:
        with pytest.raises(EngineRequestError, match="ANTHROPIC_API_KEY is not set") as caught:
            asyncio.run(load(process, "anthropic/some-model"))
        assert caught.value.code == ErrorCode.MODEL_LOAD_FAILED
        assert "export ANTHROPIC_API_KEY=your-key" in (caught.value.hint or "")
        asyncio.run(load(process, "openai/some-model"))


@pytest.mark.parametrize("runtime_id", ["some-model", "anthropic/", "cohere/command"])
def test_a_name_without_a_provider_is_no_model(running: Any, runtime_id: str) -> None:
    with pytest.raises(EngineRequestError, match="names no model of a provider") as caught:
        asyncio.run(load(running.process, runtime_id))
    assert caught.value.code == ErrorCode.MODEL_MISSING


def test_a_server_of_ones_own_needs_no_key(line: StartLine, server: LanguageModelServer) -> None:
    request = RefineRequest(
        model=ModelRef(runtime_id="openai/llama"),
        language=None,
        segments=(Segment(id=0, start=0.0, end=1.0, text="hello there"),),
    )
    with process_without(line, "OPENAI_API_KEY") as process:
        asyncio.run(run_to_the_end(process, request))
    [asked] = server.asked
    assert asked.headers["authorization"] == "Bearer none"
    assert asked.body["max_tokens"] > 4096


async def run_to_the_end(process: EngineProcess, request: RefineRequest) -> None:
    async with (
        process.client() as client,
        aclosing(client.run(request, audio=None, share_path=True)) as messages,
    ):
        async for _ in messages:
            continue


def test_keys_are_nowhere_but_in_requests(
    running: Any, engine: Any, server: LanguageModelServer, provider: str
) -> None:
    result = engine.finish(TEXTS, provider=provider)
    secret = KEYS[provider]
    [asked] = server.asked
    assert any(secret in value for value in asked.headers.values())
    assert secret not in running.process.log
    assert secret.encode() not in msgspec.json.encode(result)
    assert "HTTP Request" not in running.process.log


def test_nobody_waits_any_more(engine: Any, running: Any, server: LanguageModelServer) -> None:
    """What is on its way is dropped, and the engine can be used at once."""
    server.behave = lambda asked: Answer(text=correcting(asked).text, delay_s=60.0)
    request = RefineRequest(
        model=ModelRef(runtime_id="anthropic/some-model"),
        language="en",
        segments=(Segment(id=0, start=0.0, end=1.0, text="good morning"),),
    )

    async def leave_when_asked() -> Health:
        async with running.process.client() as client:
            async with aclosing(client.run(request, audio=None, share_path=True)) as messages:
                async for _ in messages:
                    if server.asked:
                        break
            while True:
                health: Health = await client.health()
                if not health.running:
                    return health
                await asyncio.sleep(0.02)

    assert asyncio.run(asyncio.wait_for(leave_when_asked(), 30)).status == "ready"
    server.behave = correcting
    assert engine.finish(TEXTS).texts == {0: "Good morning."}


def test_a_password_in_an_address_is_not_repeated(
    line: StartLine, server: LanguageModelServer
) -> None:
    server.behave = lambda _: Answer(text="no", status=400)
    address = server.url.replace("//", "//user:password@")
    environment = {**line.environment, "ANTHROPIC_BASE_URL": address}
    with EngineProcess(replace(line, environment=environment)) as process:
        request = RefineRequest(
            model=ModelRef(runtime_id="anthropic/some-model"),
            language=None,
            segments=(Segment(id=0, start=0.0, end=1.0, text="hello there"),),
        )
        with pytest.raises(EngineRequestError) as caught:
            asyncio.run(run_to_the_end(process, request))
    assert f"{server.url} refuses with 400" in caught.value.message
    assert "password" not in process.log
