"""Runs one request: cleans up the text, then writes the overview."""

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from typing import Any

import msgspec

from dalston_sdk.engine import RunContext
from dalston_sdk.errors import EngineError
from dalston_sdk.language_model.cleanup import CleanupResult, clean_up
from dalston_sdk.language_model.cleanup_prompt import DEFAULT_LEVEL
from dalston_sdk.language_model.completion import Provider
from dalston_sdk.language_model.overview import Overview, requested_items, write_overview
from dalston_sdk.language_model.profile import ModelProfile
from dalston_sdk.language_model.session import ModelSession
from dalston_sdk.wire import Notice, RefineOptions, RefineRequest, RefineResult

KEEP_TEXT = "none"


def refine(
    request: RefineRequest,
    open_provider: Callable[[], Provider],
    profile: ModelProfile,
    context: RunContext,
) -> RefineResult:
    """Clean up the text and write the overview, as the options say.

    If the overview fails after the text was cleaned up, the result has the text and a notice.

    Args:
        request: The text and what is wanted.
        open_provider: Makes what has the model, for one event loop.
        profile: The model's limits.
        context: Gets the progress; tells if the request was cancelled.

    Raises:
        EngineError: As ``clean_up``; and as ``write_overview`` where only that is wanted.
        CancelledError: The request was cancelled; pending prompts are dropped.
    """
    return asyncio.run(_refine(request, open_provider, profile, context))


async def _refine(
    request: RefineRequest,
    open_provider: Callable[[], Provider],
    profile: ModelProfile,
    context: RunContext,
) -> RefineResult:
    options = request.options
    cleans, writes = options.level != KEEP_TEXT, bool(requested_items(options))
    speech_s = sum(segment.end - segment.start for segment in request.segments if segment.text)
    cleaned, overview = CleanupResult(), Overview()
    async with aclosing(open_provider()) as provider:
        session = ModelSession(provider, profile, options, context, speech_s * (cleans + writes))
        if cleans:
            cleaned = await clean_up(request, session)
            request = _with_texts(request, cleaned.texts)
        if writes:
            try:
                overview = await write_overview(request, session)
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
        usage=session.usage(),
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
