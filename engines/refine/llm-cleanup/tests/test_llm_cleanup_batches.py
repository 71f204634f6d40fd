"""Everything handed in at once: answers in any order, half the price, and what goes wrong."""

import asyncio
from contextlib import aclosing
from typing import Any

import pytest
from tests.support.language_models import Answer, Asked, LanguageModelServer, correcting

from dalston_sdk.client import EngineRequestError
from dalston_sdk.wire import (
    ErrorCode,
    ModelRef,
    RefineOptions,
    RefineRequest,
    Segment,
    TokenPrices,
)

TEXTS = {number: f"this is sentence number {number}" for number in range(150)}
PRICES = TokenPrices(input_usd=1.0, output_usd=5.0, cache_read_usd=0.1, cache_write_usd=1.25)
IN_BATCH = RefineOptions(batch=True, prices=PRICES)


def test_a_batch_gives_what_questions_give(engine: Any, server: LanguageModelServer) -> None:
    result = engine.finish(TEXTS, IN_BATCH)
    assert result.texts == {key: f"This is sentence number {key}." for key in TEXTS}
    [batch] = server.batches
    assert len(batch.asked) == len(server.asked) == result.usage.requests > 1
    assert not batch.cancelled
    assert result.effective["batch"] is True


def test_a_service_that_is_away_for_a_while_costs_no_batch(
    engine: Any, server: LanguageModelServer
) -> None:
    server.num_busy_looks = 7
    assert engine.finish(TEXTS, IN_BATCH).texts[0] == "This is sentence number 0."
    [batch] = server.batches
    assert (batch.cancelled, server.num_busy_looks) == (False, 0)


def test_a_batch_costs_half(engine: Any) -> None:
    once = engine.finish(TEXTS, RefineOptions(prices=PRICES)).usage
    half = engine.finish(TEXTS, IN_BATCH).usage
    assert half.input_tokens == once.input_tokens
    assert half.cost_usd == pytest.approx(once.cost_usd / 2)


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
def test_what_has_no_answer_keeps_its_text(
    engine: Any, server: LanguageModelServer, answer: Answer, reason: str, requests_paid: int
) -> None:
    def without_the_first(asked: Asked) -> Answer:
        return answer if 0 in asked.texts else correcting(asked)

    server.behave = without_the_first
    result = engine.finish(TEXTS, IN_BATCH)
    [notice] = result.warnings
    assert notice.message.startswith("segments 0 to ")
    assert reason in notice.message
    assert result.usage.input_tokens == 100 * (len(server.asked) - 1 + requests_paid)


def test_only_anthropic_s_models_are_asked_in_batches(
    engine: Any, server: LanguageModelServer
) -> None:
    with pytest.raises(EngineRequestError, match="cannot be handed in as a batch") as caught:
        engine.finish(TEXTS, IN_BATCH, provider="openai")
    assert caught.value.code == ErrorCode.UNSUPPORTED_OPTION
    assert server.asked == []


def test_who_goes_away_calls_the_batch_off(
    engine: Any, running: Any, server: LanguageModelServer
) -> None:
    request = RefineRequest(
        model=ModelRef(runtime_id="anthropic/some-model"),
        language="en",
        segments=(Segment(id=0, start=0.0, end=1.0, text="good morning"),),
        options=IN_BATCH,
    )

    async def leave() -> None:
        async with running.process.client() as client:
            stream = client.run(request, audio=None, share_path=True)
            async with aclosing(stream) as messages:
                async for _ in messages:
                    if server.batches:
                        break
            while True:
                if server.batches[0].cancelled:
                    return
                await asyncio.sleep(0.02)

    asyncio.run(asyncio.wait_for(leave(), 30))
    assert engine.finish({0: "good morning"}).texts == {0: "Good morning."}
