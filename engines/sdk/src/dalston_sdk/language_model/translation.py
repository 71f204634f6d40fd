"""Translates the text of a transcript: chunk by chunk, and what was not usable once more."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import replace
from functools import partial
from typing import Any

import msgspec

from dalston_sdk.engine import RunContext
from dalston_sdk.errors import EngineError
from dalston_sdk.language_model.checking import AnswerError, read_answer
from dalston_sdk.language_model.cleanup import no_usable_answer, prompt_for, session_chunks
from dalston_sdk.language_model.completion import Completion, Prompt, Provider
from dalston_sdk.language_model.profile import ModelProfile
from dalston_sdk.language_model.session import ModelSession
from dalston_sdk.language_model.text_chunks import Chunk
from dalston_sdk.language_model.translation_prompt import translation_prompt
from dalston_sdk.translating import (
    Translations,
    languages_to_translate,
    translation_fault,
    translation_notices,
)
from dalston_sdk.wire import (
    RefineOptions,
    Segment,
    Stage,
    TranslateOptions,
    TranslateRequest,
    TranslateResult,
)

_MAX_TOKENS = 24_000
_ROUNDS = 2
"""Times that a segment is sent at most: a model that errs once is often right the second time."""


def translate(
    request: TranslateRequest,
    open_provider: Callable[[], Provider],
    profile: ModelProfile,
    context: RunContext,
) -> TranslateResult:
    """Translate every segment into every language, and name those that could not be.

    Args:
        request: The text and the languages.
        open_provider: Makes what has the model, for one event loop.
        profile: The model's limits.
        context: Gets the progress; tells if the request was cancelled.

    Raises:
        EngineError: ``invalid_request`` without a language; ``internal`` where no answer can be
            used; as ``ModelSession.complete``.
        CancelledError: The request was cancelled; pending prompts are dropped.
    """
    return asyncio.run(_translate(request, open_provider, profile, context))


async def _translate(
    request: TranslateRequest,
    open_provider: Callable[[], Provider],
    profile: ModelProfile,
    context: RunContext,
) -> TranslateResult:
    options = request.options
    others, notices = languages_to_translate(request)
    segments = [each for each in request.segments if each.text]
    speech_s = sum(each.end - each.start for each in segments)
    texts: dict[str, dict[int, str]] = {}
    async with aclosing(open_provider()) as provider:
        paid = RefineOptions(prices=options.prices, max_cost_usd=options.max_cost_usd)
        session = ModelSession(provider, profile, paid, context, speech_s * len(others))
        systems = {each: translation_prompt(options, request.language, each) for each in others}
        chunks = session_chunks(segments, session)
        session.check_budget(
            _prompt(system, each, session).upper_bound
            for system in systems.values()
            for each in chunks
        )
        for language, system in systems.items():
            try:
                done = await _into(system, segments, session)
            except EngineError as error:
                if not any(texts.values()):
                    raise
                ids = [each.id for each in segments]
                done = Translations(faults=dict.fromkeys(ids, error.message))
            texts[language] = done.texts
            notices += translation_notices(language, segments, done, options.glossary or ())
    if any(done for done in texts.values()) or not (segments and others):
        return TranslateResult(
            texts=texts,
            usage=session.usage(),
            effective=_effective(options),
            warnings=tuple(notices),
        )
    raise no_usable_answer(profile.name, notices[-1].message, Stage.TRANSLATE)


async def _into(system: str, segments: Sequence[Segment], session: ModelSession) -> Translations:
    """Translate segments into one language; what is refused is asked for once more.

    Raises:
        EngineError: As ``ModelSession.complete``, if nothing is translated yet.
    """
    done = Translations()
    for number in range(_ROUNDS):
        missing = {each.id for each in segments if each.id not in done.texts}
        chunks = [_only(chunk, missing) for chunk in session_chunks(segments, session)]
        chunks = [chunk for chunk in chunks if chunk.segments]
        if not chunks:
            break
        try:
            prompt = partial(_prompt, system, session=session, again=number > 0)
            answered = await session.complete_chunks(chunks, prompt)
        except EngineError:
            if not done.texts:
                raise
            break  # what was translated, and paid for, is kept
        for chunk, completion in answered:
            _take(chunk, completion, done)
    return done


def _only(chunk: Chunk, wanted: set[int]) -> Chunk:
    """Return a chunk with some of its segments, and the same text around it."""
    kept = tuple(each for each in chunk.segments if each.id in wanted)
    return Chunk(segments=kept, before=chunk.before, after=chunk.after)


def _take(chunk: Chunk, completion: Completion, done: Translations) -> None:
    """Keep the usable translations of an answer, and the reasons against the others."""
    try:
        found = read_answer(completion.require_text(), chunk.ids)
    except AnswerError as error:
        done.faults.update(dict.fromkeys(chunk.ids, str(error)))
        return
    for segment, text in zip(chunk.segments, found, strict=True):
        fault = translation_fault(segment.text, text)
        if fault is None:
            done.texts[segment.id] = text
        else:
            done.faults[segment.id] = fault


def _prompt(system: str, chunk: Chunk, session: ModelSession, *, again: bool = False) -> Prompt:
    """Build a prompt; the speech of one that is sent again has been counted as done."""
    prompt = prompt_for(system, chunk, session, growth=3, most_tokens=_MAX_TOKENS)
    return replace(prompt, duration_s=0.0) if again else prompt


def _effective(options: TranslateOptions) -> dict[str, Any]:
    values: dict[str, Any] = msgspec.to_builtins(options)
    names = TranslateOptions.__struct_fields__
    return {name: values.get(name) for name in names}
