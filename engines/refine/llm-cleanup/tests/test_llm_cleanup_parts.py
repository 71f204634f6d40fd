"""Long recordings: an overview of each part, and one of them all."""

from typing import Any

import pytest
from tests.support.language_models import (
    Answer,
    LanguageModelServer,
    ModelRequest,
    correcting,
    overview,
)
from tests.support.language_models.cleanup import clean_up, usage_of

from dalston_sdk.client import EngineRequestError
from dalston_sdk.testing import RunningEngine
from dalston_sdk.wire import ErrorCode, RefineOptions, TokenPrices

WORDS = "and so we went on and talked about the weather in Dalston for a while"
LONG = {number: f"{number}: {WORDS}" for number in range(1500)}
NAMES = ("title", "summary", "chapters", "action_items")
EVERYTHING: dict[str, Any] = dict.fromkeys(NAMES, True)
OVERVIEW = RefineOptions(level="none", **EVERYTHING)
PRICES = TokenPrices(input_usd=1.0, output_usd=5.0, cache_read_usd=0.1, cache_write_usd=1.25)


def of_parts(server: LanguageModelServer) -> list[ModelRequest]:
    """The prompts with parts, in time order."""
    return sorted(
        (each for each in server.requests if each.texts), key=lambda each: min(each.texts)
    )


def test_a_long_recording_goes_in_parts_and_one_more_prompt(
    engine: RunningEngine, server: LanguageModelServer, provider: str
) -> None:
    result = clean_up(engine, LONG, OVERVIEW, provider=provider)

    parts = of_parts(server)
    assert len(parts) >= 2
    assert [key for part in parts for key in part.texts] == list(LONG)
    assert {part.system for part in parts} == {parts[0].system}
    assert {part.wanted for part in parts} == {("summary", "chapters", "action_items")}
    last = server.requests[-1]
    assert (last.texts, last.wanted) == ({}, tuple(EVERYTHING))
    assert [note["summary"] for note in last.notes] == [
        f"{len(part.texts)} things are said." for part in parts
    ]
    assert len(server.requests) == len(parts) + 1 == usage_of(result).requests

    firsts = [min(part.texts) for part in parts]
    assert [chapter.start for chapter in result.chapters] == [float(each) for each in firsts]
    assert [chapter.end for chapter in result.chapters[:-1]] == [float(each) for each in firsts[1:]]
    assert result.chapters[-1].end == 1500.0
    assert [each.start for each in result.action_items] == [max(part.texts) for part in parts]
    assert result.summary == f"{len(parts)} things are said."


@pytest.mark.parametrize(("name", "parts_want"), [("title", "summary"), ("chapters", "chapters")])
def test_parts_are_asked_only_for_needed_items(
    engine: RunningEngine, server: LanguageModelServer, name: str, parts_want: str
) -> None:
    wanted: dict[str, Any] = {name: True}
    result = clean_up(engine, LONG, RefineOptions(level="none", **wanted))
    assert {part.wanted for part in of_parts(server)} == {(parts_want,)}
    assert server.requests[-1].wanted == (name,)
    assert result.summary is None


def test_a_part_without_a_usable_answer_is_named(
    engine: RunningEngine, server: LanguageModelServer
) -> None:
    def bad_at_first(request: ModelRequest) -> Answer:
        return Answer(ending="refusal") if 0 in request.texts else correcting(request)

    server.behave = bad_at_first
    result = clean_up(engine, LONG, OVERVIEW)
    [notice] = result.warnings
    assert notice.code == "not_written"
    assert notice.message.startswith("nothing was noted about segments 0 to ")
    assert "refused" in notice.message
    assert notice.start == 0.0
    assert result.title == "A morning in Dalston"
    assert result.chapters[0].start == notice.end


def test_ids_that_no_part_named_are_refused(
    engine: RunningEngine, server: LanguageModelServer
) -> None:
    """They are segments of the recording, but no part has a chapter there."""

    def of_its_own(request: ModelRequest) -> Answer:
        if request.texts:
            return correcting(request)
        chapter = {"segment": 7, "title": "Seven", "summary": ""}
        return Answer(text=overview(request, chapters=[chapter]))

    server.behave = of_its_own
    result = clean_up(engine, LONG, OVERVIEW)
    assert result.chapters == ()
    assert result.title
    [notice] = result.warnings
    assert "there are no chapters: the ids in the answer" in notice.message


def test_without_the_last_answer_it_fails(
    engine: RunningEngine, server: LanguageModelServer
) -> None:
    server.behave = lambda request: correcting(request) if request.texts else Answer(text="Hm.")
    with pytest.raises(EngineRequestError, match="not JSON of the form") as caught:
        clean_up(engine, LONG, OVERVIEW)
    assert caught.value.code == ErrorCode.INTERNAL


def test_the_limit_covers_the_last_prompt_too(
    engine: RunningEngine, server: LanguageModelServer, provider: str
) -> None:
    options: dict[str, Any] = {"level": "none", "prices": PRICES, **EVERYTHING}
    with pytest.raises(EngineRequestError, match="nothing was spent") as caught:
        clean_up(engine, LONG, RefineOptions(**options, max_cost_usd=0.01), provider=provider)
    assert server.requests == []
    enough = float((caught.value.hint or "").split("--max-cost ")[1].split(",")[0])
    allowed = RefineOptions(**options, max_cost_usd=enough)
    assert clean_up(engine, LONG, allowed, provider=provider).title


def test_no_more_prompts_after_more_tokens_than_expected(
    engine: RunningEngine, server: LanguageModelServer
) -> None:
    def dear(request: ModelRequest) -> Answer:
        return Answer(text=correcting(request).text, tokens=(10_000_000, 0, 0, 0))

    server.behave = dear
    options = RefineOptions(level="none", prices=PRICES, max_cost_usd=5.0, **EVERYTHING)
    with pytest.raises(EngineRequestError, match="was spent") as caught:
        clean_up(engine, LONG, options)
    assert caught.value.code == ErrorCode.INTERNAL
    assert all(request.texts for request in server.requests)


def test_a_batch_is_one_for_the_parts_and_one_for_the_whole(
    engine: RunningEngine, server: LanguageModelServer
) -> None:
    once = clean_up(engine, LONG, RefineOptions(level="none", prices=PRICES, **EVERYTHING))
    num_parts = len(of_parts(server))
    server.reset()
    options = RefineOptions(level="none", prices=PRICES, batch=True, **EVERYTHING)
    result = clean_up(engine, LONG, options)
    assert [len(batch.requests) for batch in server.batches] == [num_parts, 1]
    assert (result.title, result.chapters) == (once.title, once.chapters)
    assert usage_of(result).cost_usd == pytest.approx((usage_of(once).cost_usd or 0) / 2)


def test_only_anthropic_has_batches(engine: RunningEngine, server: LanguageModelServer) -> None:
    options = RefineOptions(level="none", batch=True, summary=True)
    with pytest.raises(EngineRequestError, match="cannot be sent as a batch") as caught:
        clean_up(engine, {0: "good morning"}, options, provider="openai")
    assert caught.value.code == ErrorCode.UNSUPPORTED_OPTION
    assert server.requests == []


def test_one_part_goes_ahead_with_long_instructions(
    engine: RunningEngine, server: LanguageModelServer
) -> None:
    def slowly(request: ModelRequest) -> Answer:
        return Answer(text=correcting(request).text, delay_s=0.1)

    server.behave = slowly
    glossary = tuple(f"Name{number}" for number in range(500))
    two_parts = {number: LONG[number] for number in range(800)}
    clean_up(engine, two_parts, RefineOptions(level="none", glossary=glossary, summary=True))
    assert len(server.requests) == 3
    assert server.max_concurrent == 1
