"""Cleans up the text of a transcript: sends its chunks to the model and checks the answers."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from dalston_sdk.errors import EngineError
from dalston_sdk.language_model.checking import AnswerError, CheckedAnswer, check_answer
from dalston_sdk.language_model.cleanup_prompt import (
    DEFAULT_LEVEL,
    SCHEMA,
    chunk_prompt,
    system_prompt,
)
from dalston_sdk.language_model.completion import Completion, Prompt
from dalston_sdk.language_model.session import ModelSession
from dalston_sdk.language_model.text_chunks import Chunk, estimate_tokens, split_segments
from dalston_sdk.wire import ErrorCode, Notice, RefineRequest, Segment, Stage

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
    answered = await session.complete_chunks(
        session_chunks(request.segments, session),
        lambda chunk: prompt_for(system, chunk, session, growth=2, most_tokens=_MAX_TOKENS),
    )
    found = [(chunk, _check(chunk, completion, level)) for chunk, completion in answered]
    unusable = [each for _, each in found if isinstance(each, Notice)]
    if found and len(unusable) == len(found):
        raise no_usable_answer(session.profile.name, unusable[0].message)
    result = CleanupResult()
    for chunk, each in found:
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


def no_usable_answer(model: str, reason: str, stage: Stage = Stage.REFINE) -> EngineError:
    """Build the error for a model none of whose answers can be used.

    Args:
        model: Its name.
        reason: A clause.
        stage: What another model is wanted for.
    """
    return EngineError(
        ErrorCode.INTERNAL,
        f"{model} gave no answer that can be used: {reason}",
        hint=f"take another model: dalston models list --stage {stage.value}",
    )


def session_chunks(segments: Sequence[Segment], session: ModelSession) -> list[Chunk]:
    """Split segments into chunks of which the model answers every segment."""
    profile = session.profile
    return split_segments(
        segments, max_tokens=profile.chunk_tokens, max_segments=profile.chunk_segments
    )


def prompt_for(
    system: str, chunk: Chunk, session: ModelSession, *, growth: int, most_tokens: int
) -> Prompt:
    """Build a prompt that has every segment of a chunk answered.

    Args:
        system: The instructions.
        chunk: The segments.
        session: Has the model's limits.
        growth: An answer may have this many times the tokens of the chunk, thinking excluded.
        most_tokens: Limit of the completion, thinking included.
    """
    text = chunk_prompt(chunk)
    answer_tokens = growth * estimate_tokens(text)
    return Prompt(
        system=system,
        text=text,
        schema=SCHEMA,
        max_tokens=min(most_tokens, session.profile.thinking_tokens + answer_tokens),
        ids=chunk.ids,
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
