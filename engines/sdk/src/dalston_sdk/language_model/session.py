"""Sends the prompts of one request: concurrently or as a batch, within the cost limit.

What is too long for the model is sent again in smaller chunks.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Sequence
from typing import TypeVar

from dalston_sdk.engine import RunContext
from dalston_sdk.errors import EngineError
from dalston_sdk.language_model.budget import Budget, MaxTokens
from dalston_sdk.language_model.completion import Completion, Prompt, Provider
from dalston_sdk.language_model.profile import ModelProfile
from dalston_sdk.language_model.text_chunks import Chunk, estimate_tokens
from dalston_sdk.wire import ErrorCode, RefineOptions, TokenUsage

POLL_S = 0.1

MIN_CACHED_TOKENS = 1024
"""Providers cache instructions of at least this length. One prompt is then sent ahead, so that the
others find them in the cache."""

Result = TypeVar("Result")


class ModelSession:
    """Sends prompts for one request and counts their cost.

    Args:
        provider: What has the model.
        profile: The model's limits.
        options: The request's options, with the cost limit and the choice of a batch.
        context: Gets the progress; tells if the request was cancelled.
        total_s: Seconds of speech in all prompts of the request.
    """

    def __init__(
        self,
        provider: Provider,
        profile: ModelProfile,
        options: RefineOptions,
        context: RunContext,
        total_s: float,
    ) -> None:
        self.profile = profile
        self._provider = provider
        self._as_batch = bool(options.batch)
        self._context = context
        self._total_s = total_s
        self._done_s = 0.0
        self._budget = Budget(options, profile.name, batch_price_share=profile.batch_price_share)
        self._slots = asyncio.Semaphore(profile.concurrency)

    def check_budget(self, bounds: Iterable[MaxTokens]) -> None:
        """Check that the limit allows for prompts with these bounds, as ``Budget.check`` does."""
        self._budget.check(bounds)

    def usage(self) -> TokenUsage:
        """Return the tokens and the cost so far."""
        return self._budget.usage()

    async def complete(self, prompts: Sequence[Prompt]) -> list[Completion]:
        """Send prompts that share their instructions, and return the completions in their order.

        Raises:
            EngineError: ``unsupported_option`` where a batch is wanted and the provider has none;
                ``invalid_request`` where it could exceed the cost limit; ``internal`` where the
                provider refuses or cannot be reached.
            CancelledError: The request was cancelled; pending prompts are dropped.
        """
        self.check_budget(prompt.upper_bound for prompt in prompts)
        self._context.progress(self._done_s, self._total_s)
        if not prompts:
            return []
        if self._as_batch:
            [completions] = await self._concurrently([self._complete_batch(prompts)])
            return completions
        long = estimate_tokens(prompts[0].system) >= MIN_CACHED_TOKENS
        ahead = 1 if self.profile.caches and long else 0
        return [
            completion
            for some in (prompts[:ahead], prompts[ahead:])
            for completion in await self._concurrently([self._complete(each) for each in some])
        ]

    async def complete_chunks(
        self, chunks: Sequence[Chunk], prompt_of: Callable[[Chunk], Prompt]
    ) -> list[tuple[Chunk, Completion]]:
        """Send a prompt for each chunk, in smaller ones where it is too long for the model.

        Returns:
            The chunks that were answered, in order, each with its completion.

        Raises:
            EngineError, CancelledError: As ``complete``.
        """
        answered: list[tuple[Chunk, Completion]] = []
        completions = await self.complete([prompt_of(chunk) for chunk in chunks])
        for chunk, completion in zip(chunks, completions, strict=True):
            smaller = chunk.smaller() if completion.is_too_long else ()
            if smaller:
                answered += await self.complete_chunks(smaller, prompt_of)
            else:
                answered.append((chunk, completion))
        return answered

    async def _concurrently(self, work: Sequence[Coroutine[None, None, Result]]) -> list[Result]:
        """Run coroutines; the first that fails, or a cancellation, ends the others."""
        tasks = [asyncio.ensure_future(each) for each in work]
        waiting = set(tasks)
        try:
            while waiting:
                done, waiting = await asyncio.wait(
                    waiting, timeout=POLL_S, return_when=asyncio.FIRST_COMPLETED
                )
                for task in done:
                    task.result()
                self._context.check_cancelled()
                self._context.progress(self._done_s, self._total_s)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        return [task.result() for task in tasks]

    async def _complete(self, prompt: Prompt) -> Completion:
        async with self._slots:
            # Checked again, because a server may have counted more than was expected.
            self.check_budget([prompt.upper_bound])
            deadline_s = self.profile.deadline_s
            try:
                completion = await asyncio.wait_for(self._provider.complete(prompt), deadline_s)
            except asyncio.TimeoutError as error:
                message = f"{self.profile.name} did not answer within {deadline_s:g} s"
                raise EngineError(ErrorCode.INTERNAL, message) from error
        self._count(prompt, completion)
        return completion

    async def _complete_batch(self, prompts: Sequence[Prompt]) -> list[Completion]:
        completions = await self._provider.complete_batch(prompts)
        for prompt, completion in zip(prompts, completions, strict=True):
            self._count(prompt, completion)
        return completions

    def _count(self, prompt: Prompt, completion: Completion) -> None:
        self._budget.add(completion.tokens)
        if not completion.is_too_long:
            self._done_s += prompt.duration_s
