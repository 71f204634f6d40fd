"""Cleans up the text of a transcript: sends its chunks to the model and checks the answers."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from checking import AnswerError, CheckedAnswer, check_answer
from chunks import Chunk, estimate_tokens, split_segments
from completion import THINKING_TOKENS, Completion, Prompt
from prompt import DEFAULT_LEVEL, SCHEMA, chunk_prompt, system_prompt
from session import ModelSession

from dalston_sdk.errors import EngineError
from dalston_sdk.wire import ErrorCode, Notice, RefineRequest

_MAX_TOKENS = 20_000
_KEPT = "text_kept"


@dataclass(frozen=True, kw_only=True)
class CleanupResult:
    """The cleaned-up text of a transcript.

    Attributes:
        texts: New texts by segment id.
        notices: One for each segment or chunk that keeps its text.
    """

    texts: dict[int, str] = field(default_factory=dict)
    notices: list[Notice] = field(default_factory=list)


async def clean_up(request: RefineRequest, session: ModelSession) -> CleanupResult:
    """Send every chunk to the model and keep the texts that pass the checks.

    Raises:
        EngineError: As ``ModelSession.complete``; ``internal`` where no answer can be used.
        CancelledError: The request was cancelled.
    """
    level = request.options.level or DEFAULT_LEVEL
    system = system_prompt(request.options, request.language)
    chunks = split_segments(request.segments)
    completions = await session.complete([_prompt(system, chunk) for chunk in chunks])
    found = [
        _check(chunk, completion, level)
        for chunk, completion in zip(chunks, completions, strict=True)
    ]
    unusable = [each for each in found if isinstance(each, Notice)]
    if chunks and len(unusable) == len(chunks):
        raise no_usable_answer(session.model, unusable[0].message)
    result = CleanupResult()
    for chunk, each in zip(chunks, found, strict=True):
        if isinstance(each, Notice):
            result.notices.append(each)
        else:
            result.texts.update(each.texts)
            result.notices.extend(_rejected(chunk, each.rejected))
    return result


def _check(chunk: Chunk, completion: Completion, level: str) -> CheckedAnswer | Notice:
    try:
        return check_answer(completion.require_text(), chunk, level)
    except AnswerError as error:
        return _kept(chunk, str(error))


def no_usable_answer(model: str, reason: str) -> EngineError:
    """Build the error for a model none of whose answers can be used."""
    return EngineError(
        ErrorCode.INTERNAL,
        f"{model} gave no answer that can be used: {reason}",
        hint="take another model: dalston models list --stage refine",
    )


def _prompt(system: str, chunk: Chunk) -> Prompt:
    text = chunk_prompt(chunk)
    max_tokens = min(_MAX_TOKENS, THINKING_TOKENS + 2 * estimate_tokens(text))
    return Prompt(
        system=system,
        text=text,
        schema=SCHEMA,
        max_tokens=max_tokens,
        duration_s=chunk.duration_s,
    )


def _kept(chunk: Chunk, reason: str) -> Notice:
    first, last = chunk.segments[0], chunk.segments[-1]
    which = f"segment {first.id} keeps its"
    if first is not last:
        which = f"segments {first.id} to {last.id} keep their"
    return Notice(code=_KEPT, message=f"{which} text: {reason}", start=first.start, end=last.end)


def _rejected(chunk: Chunk, reasons: Mapping[int, str]) -> Iterator[Notice]:
    for segment in chunk.segments:
        if segment.id in reasons:
            yield Notice(
                code=_KEPT,
                message=f"segment {segment.id} keeps its text: {reasons[segment.id]}",
                start=segment.start,
                end=segment.end,
            )
