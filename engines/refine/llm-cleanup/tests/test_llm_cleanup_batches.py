"""Batches: answers in any order, half the price, and what goes wrong."""

import asyncio
from contextlib import aclosing

import pytest
from tests.support.language_models import Answer, LanguageModelServer, ModelRequest, correcting
from tests.support.language_models.cleanup import clean_up, cleanup_request, usage_of
from tests.support.waiting import eventually

from dalston_sdk.client import EngineRequestError
from dalston_sdk.testing import RunningEngine
from dalston_sdk.wire import ErrorCode, RefineOptions, TokenPrices

TEXTS = {number: f"this is sentence number {number}" for number in range(150)}
PRICES = TokenPrices(input_usd=1.0, output_usd=5.0, cache_read_usd=0.1, cache_write_usd=1.25)
IN_BATCH = RefineOptions(batch=True, prices=PRICES)


def test_a_batch_gives_the_same_result(engine: RunningEngine, server: LanguageModelServer) -> None:
    result = clean_up(engine, TEXTS, IN_BATCH)
    assert result.texts == {key: f"This is sentence number {key}." for key in TEXTS}
    [batch] = server.batches
    assert len(batch.requests) == len(server.requests) == usage_of(result).requests > 1
    assert not batch.cancelled
    assert result.effective["batch"] is True


def test_a_batch_survives_an_overloaded_service(
    engine: RunningEngine, server: LanguageModelServer
) -> None:
    server.num_busy_polls = 7
    assert clean_up(engine, TEXTS, IN_BATCH).texts[0] == "This is sentence number 0."
    [batch] = server.batches
    assert (batch.cancelled, server.num_busy_polls) == (False, 0)


def test_a_batch_costs_half(engine: RunningEngine) -> None:
    once = usage_of(clean_up(engine, TEXTS, RefineOptions(prices=PRICES)))
    half = usage_of(clean_up(engine, TEXTS, IN_BATCH))
    assert half.input_tokens == once.input_tokens
    assert half.cost_usd == pytest.approx((once.cost_usd or 0) / 2)


@pytest.mark.parametrize(
    ("answer", "reason", "requests_paid"),
    [
        pytest.param(Answer(status=400, text="too odd"), "refuses it: too odd", 0, id="errored"),
        pytest.param(Answer(status=408), "within a day", 0, id="expired"),
        pytest.param(Answer(status=499), "was cancelled at the provider", 0, id="cancelled"),
        pytest.param(Answer(ending="length"), "was cut off", 1, id="cut-off"),
        pytest.param(Answer(ending="refusal"), "refused to answer", 1, id="refused"),
    ],
)
def test_a_prompt_without_an_answer_keeps_its_text(
    engine: RunningEngine,
    server: LanguageModelServer,
    answer: Answer,
    reason: str,
    requests_paid: int,
) -> None:
    def without_the_first(request: ModelRequest) -> Answer:
        return answer if 0 in request.texts else correcting(request)

    server.behave = without_the_first
    result = clean_up(engine, TEXTS, IN_BATCH)
    [notice] = result.warnings
    assert notice.message.startswith("segments 0 to ")
    assert reason in notice.message
    assert usage_of(result).input_tokens == 100 * (len(server.requests) - 1 + requests_paid)


def test_only_anthropic_has_batches(engine: RunningEngine, server: LanguageModelServer) -> None:
    with pytest.raises(EngineRequestError, match="cannot be sent as a batch") as caught:
        clean_up(engine, TEXTS, IN_BATCH, provider="openai")
    assert caught.value.code == ErrorCode.UNSUPPORTED_OPTION
    assert server.requests == []


def test_a_cancelled_request_cancels_its_batch(
    engine: RunningEngine, server: LanguageModelServer
) -> None:
    request = cleanup_request({0: "good morning"}, IN_BATCH)

    async def leave() -> None:
        async with engine.process.client() as client:
            stream = client.run(request, audio=None, share_path=True)
            async with aclosing(stream) as messages:
                async for _ in messages:
                    if server.batches:
                        break
            await eventually(lambda: server.batches[0].cancelled)

    asyncio.run(leave())
    assert clean_up(engine, {0: "good morning"}).texts == {0: "Good morning."}
