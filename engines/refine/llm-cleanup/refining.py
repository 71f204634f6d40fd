"""One request from its text to its result: what is put right, and what is written about it."""

import asyncio
from contextlib import aclosing
from typing import Any

import msgspec
from asking import Asker
from cleanup import Cleaned, clean_up
from overview import Overview, wanted_of, write_overview
from prompt import DEFAULT_LEVEL
from providers import Access

from dalston_sdk.engine import RunContext
from dalston_sdk.errors import EngineError
from dalston_sdk.wire import Notice, RefineOptions, RefineRequest, RefineResult

KEEP_TEXT = "none"


def refine(request: RefineRequest, access: Access, context: RunContext) -> RefineResult:
    """Do what the options ask for; where the text was put right, it is never lost again.

    Raises:
        EngineError: As ``clean_up``; and as ``write_overview`` where that is all that was asked.
        CancelledError: Nobody waits for it any more; what is on its way is dropped.
    """
    return asyncio.run(_refine(request, access, context))


async def _refine(request: RefineRequest, access: Access, context: RunContext) -> RefineResult:
    options = request.options
    cleans, writes = options.level != KEEP_TEXT, bool(wanted_of(options))
    speech_s = sum(segment.end - segment.start for segment in request.segments if segment.text)
    cleaned, overview = Cleaned(), Overview()
    async with aclosing(access.open()) as provider:
        asker = Asker(provider, access, options, context, speech_s * (cleans + writes))
        if cleans:
            cleaned = await clean_up(request, asker)
            request = _with_texts(request, cleaned.texts)
        if writes:
            try:
                overview = await write_overview(request, asker)
            except EngineError as error:
                if not cleans:
                    raise
                notice = Notice(code="not_written", message=error.message)
                overview = Overview(notices=(notice,))
    return RefineResult(
        texts=cleaned.texts,
        title=overview.title,
        summary=overview.summary,
        chapters=overview.chapters,
        action_items=overview.action_items,
        usage=asker.usage(),
        effective=_effective(options),
        warnings=(*cleaned.notices, *overview.notices),
    )


def _with_texts(request: RefineRequest, texts: dict[int, str]) -> RefineRequest:
    segments = (
        msgspec.structs.replace(segment, text=texts.get(segment.id, segment.text))
        for segment in request.segments
    )
    return msgspec.structs.replace(request, segments=tuple(segments))


def _effective(options: RefineOptions) -> dict[str, Any]:
    values: dict[str, Any] = msgspec.structs.asdict(options)
    flags = ("batch", "title", "summary", "chapters", "action_items")
    return (
        values
        | {"level": options.level or DEFAULT_LEVEL, "prices": msgspec.to_builtins(options.prices)}
        | {"glossary": msgspec.to_builtins(options.glossary)}
        | {name: bool(values[name]) for name in flags}
    )
