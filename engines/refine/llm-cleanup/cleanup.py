"""One transcript: its chunks asked about side by side, its answers checked, its costs counted."""

import asyncio
from collections.abc import Coroutine, Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field

from checking import AnswerError, check_answer
from chunks import Chunk, cut, estimate_tokens
from cost import Demand, Ledger
from failures import LIBRARY_ERRORS, explain
from prompt import DEFAULT_LEVEL, SCHEMA, chunk_prompt, system_prompt
from providers import Access
from questions import Provider, Question, Reply

from dalston_sdk.engine import RunContext
from dalston_sdk.errors import EngineError
from dalston_sdk.wire import ErrorCode, Notice, RefineRequest, TokenUsage

CONCURRENCY = 4
POLL_S = 0.1
DEADLINE_S = 900.0
"""For one question, retries and the waiting that servers ask for included."""

WORTH_REMEMBERING = 1024
"""Tokens of instructions from which on providers remember them: then one question goes ahead, so
that the others find them remembered."""

_THOUGHTS = 4096
_MOST_TOKENS = 20_000
_NUM_SCHEMA_BYTES = 2 * len(str(SCHEMA))
_KEPT = "text_kept"


@dataclass(frozen=True, kw_only=True)
class Cleaned:
    """What came of a transcript.

    Attributes:
        texts: New text per segment id, where there is one that may be used.
        notices: Why other segments keep theirs.
    """

    texts: dict[int, str]
    notices: tuple[Notice, ...]
    usage: TokenUsage


def clean_up(request: RefineRequest, access: Access, context: RunContext) -> Cleaned:
    """Ask about every chunk and keep of the answers what may be kept.

    Raises:
        EngineError: ``unsupported_option`` where it has to be a batch and the provider has none;
            ``invalid_request`` where it may cost too much; ``internal`` where the provider refuses,
            cannot be reached, or gives not one answer that can be used.
        CancelledError: Nobody waits for it any more; what is on its way is dropped.
    """
    return asyncio.run(_Cleanup(request, access, context).run())


@dataclass
class _Found:
    texts: dict[int, str] = field(default_factory=dict)
    notices: list[Notice] = field(default_factory=list)
    num_unusable: int = 0
    done_s: float = 0.0


class _Cleanup:
    def __init__(self, request: RefineRequest, access: Access, context: RunContext) -> None:
        self._access = access
        self._context = context
        self._level = request.options.level or DEFAULT_LEVEL
        self._in_batch = bool(request.options.batch)
        self._system = system_prompt(request.options, request.language)
        self._chunks = cut(request.segments)
        self._total_s = sum(chunk.duration_s for chunk in self._chunks)
        self._ledger = Ledger(request.options, access.model)
        self._found = _Found()
        self._places = asyncio.Semaphore(CONCURRENCY)

    async def run(self) -> Cleaned:
        self._ledger.require(self._demand(self._question(chunk)) for chunk in self._chunks)
        self._context.progress(0.0, self._total_s)
        async with aclosing(self._access.open()) as provider:
            if self._in_batch:
                await self._side_by_side([self._all(provider)] if self._chunks else [])
            else:
                for chunks in self._ahead_and_rest():
                    await self._side_by_side([self._one(provider, chunk) for chunk in chunks])
        found = self._found
        if self._chunks and found.num_unusable == len(self._chunks):
            raise EngineError(
                ErrorCode.INTERNAL,
                f"{self._access.model} gave no answer that can be used: {found.notices[0].message}",
                hint="take another model: dalston models list --stage refine",
            )
        notices = tuple(sorted(found.notices, key=lambda notice: notice.start or 0.0))
        return Cleaned(texts=found.texts, notices=notices, usage=self._ledger.usage())

    def _ahead_and_rest(self) -> Iterator[Sequence[Chunk]]:
        ahead = 1 if estimate_tokens(self._system) >= WORTH_REMEMBERING else 0
        yield self._chunks[:ahead]
        yield self._chunks[ahead:]

    async def _side_by_side(self, work: Sequence[Coroutine[None, None, None]]) -> None:
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
                self._context.progress(self._found.done_s, self._total_s)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _one(self, provider: Provider, chunk: Chunk) -> None:
        question = self._question(chunk)
        async with self._places:
            # Again, for a server may count more than was foreseen.
            self._ledger.require([self._demand(question)])
            try:
                reply = await asyncio.wait_for(provider.ask(question), DEADLINE_S)
            except LIBRARY_ERRORS as error:
                raise explain(error, self._access) from error
            except asyncio.TimeoutError as error:
                message = f"{self._access.model} did not answer within {DEADLINE_S:g} s"
                raise EngineError(ErrorCode.INTERNAL, message) from error
        self._take(chunk, reply)

    async def _all(self, provider: Provider) -> None:
        try:
            replies = await provider.ask_together([self._question(each) for each in self._chunks])
        except LIBRARY_ERRORS as error:
            raise explain(error, self._access) from error
        for chunk, reply in zip(self._chunks, replies, strict=True):
            self._take(chunk, reply)

    def _take(self, chunk: Chunk, reply: Reply) -> None:
        """Count what an answer took, and keep of it what may be kept."""
        self._ledger.add(reply.tokens)
        try:
            checked = check_answer(reply.usable(), chunk, self._level)
        except AnswerError as error:
            self._found.num_unusable += 1
            self._found.notices.append(_kept(chunk, str(error)))
        else:
            self._found.texts |= checked.texts
            self._found.notices += _refused(chunk, checked.refused)
        self._found.done_s += chunk.duration_s

    def _question(self, chunk: Chunk) -> Question:
        text = chunk_prompt(chunk)
        max_tokens = min(_MOST_TOKENS, _THOUGHTS + 2 * estimate_tokens(text))
        return Question(system=self._system, text=text, max_tokens=max_tokens)

    def _demand(self, question: Question) -> Demand:
        num_bytes = len(f"{question.system}{question.text}".encode()) + _NUM_SCHEMA_BYTES
        return Demand(num_bytes=num_bytes, max_tokens=question.max_tokens)


def _kept(chunk: Chunk, reason: str) -> Notice:
    first, last = chunk.segments[0], chunk.segments[-1]
    which = f"segment {first.id} keeps its"
    if first is not last:
        which = f"segments {first.id} to {last.id} keep their"
    return Notice(code=_KEPT, message=f"{which} text: {reason}", start=first.start, end=last.end)


def _refused(chunk: Chunk, reasons: Mapping[int, str]) -> Iterator[Notice]:
    for segment in chunk.segments:
        if segment.id in reasons:
            yield Notice(
                code=_KEPT,
                message=f"segment {segment.id} keeps its text: {reasons[segment.id]}",
                start=segment.start,
                end=segment.end,
            )
