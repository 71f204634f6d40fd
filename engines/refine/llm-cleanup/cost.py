"""Counts tokens and their cost, and stops before more is spent than may be."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from batches import PRICE_SHARE

from dalston_sdk.errors import EngineError
from dalston_sdk.wire import ErrorCode, RefineOptions, TokenPrices, TokenUsage

_MILLION = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Tokens:
    """What one answer took; the three kinds of input exclude each other."""

    input: int
    output: int
    cache_read: int = 0
    cache_write: int = 0


@dataclass(frozen=True, kw_only=True)
class Demand:
    """What a question can take at most.

    Attributes:
        num_bytes: Of everything that is sent; no token has less than one.
        max_tokens: That may be written.
    """

    num_bytes: int
    max_tokens: int


class Ledger:
    """What a request has spent, and may still spend.

    Args:
        options: With the prices and the limit, where there are any.
        model: Its name, for messages.
    """

    def __init__(self, options: RefineOptions, model: str) -> None:
        self._prices = options.prices
        self._limit_usd = options.max_cost_usd
        self._share = PRICE_SHARE if options.batch else 1.0
        self._model = model
        self._answers: list[Tokens | None] = []

    def require(self, demands: Iterable[Demand]) -> None:
        """Make sure that all of this can be paid, whatever is answered.

        Raises:
            EngineError: ``invalid_request``: it may cost too much, or nobody knows what it costs;
                ``internal`` where something was paid for already.
        """
        if self._limit_usd is None:
            return
        if self._prices is None:
            raise EngineError(
                ErrorCode.INVALID_REQUEST,
                f"nobody told what {self._model} costs, so max_cost_usd cannot be kept",
                hint="put its prices into its model file, or leave --max-cost out",
            )
        most = self._share * sum(_most_usd(demand, self._prices) for demand in demands)
        spent = self.usage().cost_usd
        if spent is None or spent + most > self._limit_usd:
            enough = math.ceil(((spent or 0.0) + most) * 10_000) / 10_000
            raise EngineError(
                ErrorCode.INTERNAL if self._answers else ErrorCode.INVALID_REQUEST,
                f"{self._model} could cost up to ${most:.4f}, which is more than max_cost_usd "
                f"{self._limit_usd:g} leaves; {_so_far(spent)}",
                hint=f"allow more, such as --max-cost {enough:.4f}, or take a cheaper model",
            )

    def add(self, tokens: Tokens | None) -> None:
        """Write down what an answer took; None where it did not tell."""
        self._answers.append(tokens)

    def usage(self) -> TokenUsage:
        """What was taken until now."""
        told = [tokens for tokens in self._answers if tokens is not None]
        cost_usd = None
        if self._prices is not None and len(told) == len(self._answers):
            prices = self._prices
            cost_usd = round(self._share * sum(_cost_usd(each, prices) for each in told), 8)
        return TokenUsage(
            requests=len(self._answers),
            input_tokens=sum(tokens.input for tokens in told),
            output_tokens=sum(tokens.output for tokens in told),
            cache_read_tokens=sum(tokens.cache_read for tokens in told),
            cache_write_tokens=sum(tokens.cache_write for tokens in told),
            cost_usd=cost_usd,
        )


def _cost_usd(tokens: Tokens, prices: TokenPrices) -> float:
    read = prices.input_usd if prices.cache_read_usd is None else prices.cache_read_usd
    write = prices.input_usd if prices.cache_write_usd is None else prices.cache_write_usd
    total = (
        tokens.input * prices.input_usd
        + tokens.cache_read * read
        + tokens.cache_write * write
        + tokens.output * prices.output_usd
    )
    return total / _MILLION


def _most_usd(demand: Demand, prices: TokenPrices) -> float:
    dearest = max(prices.input_usd, prices.cache_write_usd or 0.0)
    return (demand.num_bytes * dearest + demand.max_tokens * prices.output_usd) / _MILLION


def _so_far(spent: float | None) -> str:
    if spent is None:
        return "what was spent is not known"
    return f"${spent:.4f} was spent" if spent else "nothing was spent"
