"""A run's budget is spent once, and not at all where it is not known what is left."""

import asyncio

import pytest

from dalston_cli.launchers.failure import explain_refusal
from dalston_cli.pipeline.running.budget import Budget, BudgetUnknownError
from dalston_sdk.wire import (
    ErrorCode,
    RefineOptions,
    RefineResult,
    TokenUsage,
    TranscribeOptions,
    TranslateOptions,
    TranslateResult,
)


def costing(cost_usd: float | None) -> RefineResult:
    usage = TokenUsage(requests=1, input_tokens=1, output_tokens=1, cost_usd=cost_usd)
    return RefineResult(texts={}, usage=usage)


async def take(budget: Budget, cost_usd: float | None) -> float | None:
    """Return the budget of one stage."""
    async with budget.within(RefineOptions()) as (options, pay):
        assert isinstance(options, RefineOptions)
        await asyncio.sleep(0)
        pay(costing(cost_usd))
        return options.max_cost_usd


async def test_each_gets_what_the_others_left() -> None:
    budget = Budget(1.0)
    allowed = await asyncio.gather(*(take(budget, 0.25) for _ in range(5)))
    assert allowed == [1.0, 0.75, 0.5, 0.25, 0.0]


async def test_without_a_limit_nobody_waits() -> None:
    budget = Budget()
    async with budget.within(RefineOptions()) as (outer, _):
        assert await asyncio.wait_for(take(budget, 9.0), 60) is None
    assert outer == RefineOptions()


async def test_other_stages_are_left_alone() -> None:
    budget = Budget(1.0)
    async with budget.within(TranscribeOptions()) as (options, pay):
        pay(costing(1.0))
        assert options == TranscribeOptions()
    assert await take(budget, 0.5) == 1.0


async def test_a_model_of_this_machine_spends_nothing() -> None:
    budget = Budget(1.0)
    async with budget.within(TranslateOptions()) as (_, pay):
        pay(TranslateResult(texts={}))
    assert await take(budget, 0.5) == 1.0


@pytest.mark.parametrize(
    ("reason", "known"),
    [
        pytest.param(ErrorCode.INVALID_REQUEST, True, id="too-dear"),
        pytest.param(ErrorCode.MODEL_LOAD_FAILED, True, id="no-key"),
        pytest.param(ErrorCode.INTERNAL, False, id="in-the-middle"),
    ],
)
async def test_a_failure_may_have_spent_something(reason: ErrorCode, known: bool) -> None:
    budget = Budget(1.0)
    refusal = explain_refusal("e", reason, "no", retryable=False, hint="see the log")
    with pytest.raises(type(refusal)):
        async with budget.within(RefineOptions()):
            raise refusal
    if known:
        assert await take(budget, 0.0) == 1.0
        return
    with pytest.raises(BudgetUnknownError, match="--max-cost cannot be kept"):
        await take(budget, 0.0)


async def test_a_cost_that_is_not_known_ends_it() -> None:
    budget = Budget(1.0)
    assert await take(budget, None) == 1.0
    with pytest.raises(BudgetUnknownError):
        await take(budget, 0.0)
