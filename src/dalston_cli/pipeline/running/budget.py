"""The budget of a run, over all its recordings: no stage spends what another one has spent."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
from msgspec import Struct

from dalston_cli.errors import UnavailableError
from dalston_cli.launchers.failure import EngineRefusal
from dalston_cli.pipeline.jobs.base import Pay
from dalston_sdk.wire import (
    ErrorCode,
    RefineOptions,
    RefineResult,
    Result,
    TranslateOptions,
    TranslateResult,
)

_NOTHING_SPENT = frozenset(
    {
        ErrorCode.BUSY,
        ErrorCode.INVALID_REQUEST,
        ErrorCode.MODEL_LOAD_FAILED,
        ErrorCode.MODEL_MISSING,
        ErrorCode.UNSUPPORTED_OPTION,
    }
)
"""Refusals that come before the work."""


class BudgetUnknownError(UnavailableError):
    """Something was paid for in vain, and it is not known how much."""

    code = "budget_unknown"

    def __init__(self) -> None:
        super().__init__(
            "a stage that costs money failed before, and what it spent is not known, "
            "so --max-cost cannot be kept",
            hint="put right what failed first, then run the same command again",
        )


class Budget:
    """Lets stages that cost money run one by one, each with what is left.

    Args:
        limit_usd: For the whole run; None for no limit.
    """

    def __init__(self, limit_usd: float | None = None) -> None:
        self._left_usd = limit_usd
        self._known = True
        self._turn = asyncio.Lock()

    @asynccontextmanager
    async def within(self, options: Struct) -> AsyncIterator[tuple[Struct, Pay]]:
        """Yield the options with what may be spent, and a function that takes the result.

        Raises:
            BudgetUnknownError: A stage before failed, perhaps after it had spent something.
        """
        if self._left_usd is None or not isinstance(options, RefineOptions | TranslateOptions):
            yield options, lambda _result: None
            return
        async with self._turn:
            if not self._known:
                raise BudgetUnknownError
            self._known = False
            try:
                yield msgspec.structs.replace(options, max_cost_usd=self._left_usd), self._pay
            except EngineRefusal as refusal:
                self._known = refusal.reason in _NOTHING_SPENT
                raise

    def _pay(self, result: Result) -> None:
        usage = result.usage if isinstance(result, RefineResult | TranslateResult) else None
        if usage is None:  # a model on this machine
            self._known = True
        elif self._left_usd is not None and usage.cost_usd is not None:
            self._left_usd = max(0.0, self._left_usd - usage.cost_usd)
            self._known = True
