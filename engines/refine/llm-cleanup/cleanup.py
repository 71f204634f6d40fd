"""The text of a transcript, put right: its chunks are asked about, their answers checked."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from asking import Asker
from checking import AnswerError, Checked, check_answer
from chunks import Chunk, cut, estimate_tokens
from prompt import DEFAULT_LEVEL, SCHEMA, chunk_prompt, system_prompt
from questions import THOUGHTS, Question, Reply

from dalston_sdk.errors import EngineError
from dalston_sdk.wire import ErrorCode, Notice, RefineRequest

_MOST_TOKENS = 20_000
_KEPT = "text_kept"


@dataclass(frozen=True, kw_only=True)
class Cleaned:
    """What came of a transcript.

    Attributes:
        texts: New text per segment id, where there is one that may be used.
        notices: Why other segments keep theirs.
    """

    texts: dict[int, str] = field(default_factory=dict)
    notices: list[Notice] = field(default_factory=list)


async def clean_up(request: RefineRequest, asker: Asker) -> Cleaned:
    """Ask about every chunk and keep of the answers what may be kept.

    Raises:
        EngineError: As ``Asker.ask``; ``internal`` where not one answer can be used.
        CancelledError: Nobody waits for it any more.
    """
    level = request.options.level or DEFAULT_LEVEL
    system = system_prompt(request.options, request.language)
    chunks = cut(request.segments)
    replies = await asker.ask([_question(system, chunk) for chunk in chunks])
    found = [_read(chunk, reply, level) for chunk, reply in zip(chunks, replies, strict=True)]
    unusable = [each for each in found if isinstance(each, Notice)]
    if chunks and len(unusable) == len(chunks):
        raise no_usable_answer(asker.model, unusable[0].message)
    cleaned = Cleaned()
    for chunk, each in zip(chunks, found, strict=True):
        if isinstance(each, Notice):
            cleaned.notices.append(each)
        else:
            cleaned.texts.update(each.texts)
            cleaned.notices.extend(_refused(chunk, each.refused))
    return cleaned


def _read(chunk: Chunk, reply: Reply, level: str) -> Checked | Notice:
    try:
        return check_answer(reply.usable(), chunk, level)
    except AnswerError as error:
        return _kept(chunk, str(error))


def no_usable_answer(model: str, reason: str) -> EngineError:
    """The error for a model whose answers are all of no use."""
    return EngineError(
        ErrorCode.INTERNAL,
        f"{model} gave no answer that can be used: {reason}",
        hint="take another model: dalston models list --stage refine",
    )


def _question(system: str, chunk: Chunk) -> Question:
    text = chunk_prompt(chunk)
    max_tokens = min(_MOST_TOKENS, THOUGHTS + 2 * estimate_tokens(text))
    return Question(
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


def _refused(chunk: Chunk, reasons: Mapping[int, str]) -> Iterator[Notice]:
    for segment in chunk.segments:
        if segment.id in reasons:
            yield Notice(
                code=_KEPT,
                message=f"segment {segment.id} keeps its text: {reasons[segment.id]}",
                start=segment.start,
                end=segment.end,
            )
