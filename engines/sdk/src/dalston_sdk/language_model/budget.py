"""Counts tokens and their cost, and refuses prompts that could exceed the cost limit."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from dalston_sdk.errors import EngineError
from dalston_sdk.wire import ErrorCode, RefineOptions, TokenPrices, TokenUsage

_MILLION = 1_000_000


@dataclass(frozen=True, kw_only=True)
class TokenCounts:
    """The tokens of one completion; the three kinds of input exclude each other."""

    input: int
    output: int
    cache_read: int = 0
    cache_write: int = 0


@dataclass(frozen=True, kw_only=True)
class MaxTokens:
    """Upper bounds for the tokens of a prompt and its completion.

    Attributes:
        num_bytes: Bytes that are sent; every token has at least one.
        max_tokens: Limit of the completion.
    """

    num_bytes: int
    max_tokens: int


class Budget:
    """The cost of one request so far, and its limit.

    Args:
        options: The request's options with prices and the limit, where they are set.
        model: The model's name, for messages.
        batch_price_share: Share of the prices that a prompt of a batch costs.
    """

    def __init__(
        self, options: RefineOptions, model: str, *, batch_price_share: float = 1.0
    ) -> None:
        self._prices = options.prices
        self._limit_usd = options.max_cost_usd
        self._price_share = batch_price_share if options.batch else 1.0
        self._model = model
        self._completions: list[TokenCounts | None] = []

    def check(self, bounds: Iterable[MaxTokens]) -> None:
        """Check that the limit allows for prompts with these bounds.

        Raises:
            EngineError: ``invalid_request``: they could exceed the limit, or prices are not known;
                ``internal`` if completions were paid for already.
        """
        if self._limit_usd is None:
            return
        if self._prices is None:
            raise EngineError(
                ErrorCode.INVALID_REQUEST,
                f"the prices of {self._model} are not known, so max_cost_usd cannot be enforced",
                hint="put its prices into its model file, or leave --max-cost out",
            )
        needed = self._price_share * sum(_max_usd(bound, self._prices) for bound in bounds)
        spent = self.usage().cost_usd
        if spent is None or spent + needed > self._limit_usd:
            enough = math.ceil(((spent or 0.0) + needed) * 10_000) / 10_000
            raise EngineError(
                ErrorCode.INTERNAL if self._completions else ErrorCode.INVALID_REQUEST,
                f"{self._model} could cost up to ${needed:.4f}, which is more than max_cost_usd "
                f"{self._limit_usd:g} leaves; {_spent_so_far(spent)}",
                hint=f"allow more, such as --max-cost {enough:.4f}, or take a cheaper model",
            )

    def add(self, tokens: TokenCounts | None) -> None:
        """Count a completion; None where its tokens are not known."""
        self._completions.append(tokens)

    def usage(self) -> TokenUsage:
        """Return the tokens and the cost so far; the cost is None where it is not known."""
        known = [tokens for tokens in self._completions if tokens is not None]
        cost_usd = None
        if self._prices is not None and len(known) == len(self._completions):
            prices = self._prices
            cost_usd = round(self._price_share * sum(_cost_usd(each, prices) for each in known), 8)
        return TokenUsage(
            requests=len(self._completions),
            input_tokens=sum(tokens.input for tokens in known),
            output_tokens=sum(tokens.output for tokens in known),
            cache_read_tokens=sum(tokens.cache_read for tokens in known),
            cache_write_tokens=sum(tokens.cache_write for tokens in known),
            cost_usd=cost_usd,
        )


def _cost_usd(tokens: TokenCounts, prices: TokenPrices) -> float:
    read = prices.input_usd if prices.cache_read_usd is None else prices.cache_read_usd
    write = prices.input_usd if prices.cache_write_usd is None else prices.cache_write_usd
    total = (
        tokens.input * prices.input_usd
        + tokens.cache_read * read
        + tokens.cache_write * write
        + tokens.output * prices.output_usd
    )
    return total / _MILLION


def _max_usd(bound: MaxTokens, prices: TokenPrices) -> float:
    dearest_input_usd = max(prices.input_usd, prices.cache_write_usd or 0.0)
    return (bound.num_bytes * dearest_input_usd + bound.max_tokens * prices.output_usd) / _MILLION


def _spent_so_far(spent: float | None) -> str:
    if spent is None:
        return "what was spent is not known"
    return f"${spent:.4f} was spent" if spent else "nothing was spent"
