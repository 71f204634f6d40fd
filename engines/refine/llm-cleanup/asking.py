"""Asks the questions of one request: side by side or as a batch, within the limit, and counted."""

import asyncio
from collections.abc import Coroutine, Iterable, Sequence
from typing import TypeVar

from chunks import estimate_tokens
from cost import Demand, Ledger
from failures import LIBRARY_ERRORS, explain
from providers import Access
from questions import Provider, Question, Reply

from dalston_sdk.engine import RunContext
from dalston_sdk.errors import EngineError
from dalston_sdk.wire import ErrorCode, RefineOptions, TokenUsage

CONCURRENCY = 4
POLL_S = 0.1
DEADLINE_S = 900.0
"""For one question, retries and the waiting that servers ask for included."""

WORTH_REMEMBERING = 1024
"""Tokens of instructions from which on providers remember them: then one question goes ahead, so
that the others find them remembered."""

Result = TypeVar("Result")


class Asker:
    """Everything that is asked for one request.

    Args:
        provider: Who is asked.
        access: How they are reached, for messages.
        options: With the limit, and whether it has to be a batch.
        context: Is told the progress, and tells whether anybody still waits.
        total_s: Seconds of speech in all questions that will be asked.
    """

    def __init__(
        self,
        provider: Provider,
        access: Access,
        options: RefineOptions,
        context: RunContext,
        total_s: float,
    ) -> None:
        self.model = access.model
        self._provider = provider
        self._access = access
        self._in_batch = bool(options.batch)
        self._context = context
        self._total_s = total_s
        self._done_s = 0.0
        self._ledger = Ledger(options, access.model)
        self._places = asyncio.Semaphore(CONCURRENCY)

    def require(self, demands: Iterable[Demand]) -> None:
        """Make sure that all of this can be paid; raises as ``Ledger.require`` does."""
        self._ledger.require(demands)

    def usage(self) -> TokenUsage:
        """What was taken until now."""
        return self._ledger.usage()

    async def ask(self, questions: Sequence[Question]) -> list[Reply]:
        """The answers, in the order of the questions, which share their instructions.

        Raises:
            EngineError: ``unsupported_option`` where it has to be a batch and the provider has
                none; ``invalid_request`` where it may cost too much; ``internal`` where the
                provider refuses or cannot be reached.
            CancelledError: Nobody waits any more; what is on its way is dropped.
        """
        self.require(question.demand for question in questions)
        self._context.progress(self._done_s, self._total_s)
        if not questions:
            return []
        if self._in_batch:
            [replies] = await self._side_by_side([self._together(questions)])
            return replies
        ahead = 1 if estimate_tokens(questions[0].system) >= WORTH_REMEMBERING else 0
        return [
            reply
            for some in (questions[:ahead], questions[ahead:])
            for reply in await self._side_by_side([self._one(question) for question in some])
        ]

    async def _side_by_side(self, work: Sequence[Coroutine[None, None, Result]]) -> list[Result]:
        """Do several things at once; the first that fails, or a cancellation, ends the others."""
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

    async def _one(self, question: Question) -> Reply:
        async with self._places:
            # Again, for a server may count more than was foreseen.
            self.require([question.demand])
            try:
                reply = await asyncio.wait_for(self._provider.ask(question), DEADLINE_S)
            except LIBRARY_ERRORS as error:
                raise explain(error, self._access) from error
            except asyncio.TimeoutError as error:
                message = f"{self.model} did not answer within {DEADLINE_S:g} s"
                raise EngineError(ErrorCode.INTERNAL, message) from error
        self._count(question, reply)
        return reply

    async def _together(self, questions: Sequence[Question]) -> list[Reply]:
        try:
            replies = await self._provider.ask_together(questions)
        except LIBRARY_ERRORS as error:
            raise explain(error, self._access) from error
        for question, reply in zip(questions, replies, strict=True):
            self._count(question, reply)
        return replies

    def _count(self, question: Question, reply: Reply) -> None:
        self._ledger.add(reply.tokens)
        self._done_s += question.duration_s
