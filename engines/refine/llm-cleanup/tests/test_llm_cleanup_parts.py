"""Long recordings: read in parts, and what was noted about each put together."""

from typing import Any

import pytest
from tests.support.language_models import Answer, Asked, LanguageModelServer, correcting, overview

from dalston_sdk.client import EngineRequestError
from dalston_sdk.wire import ErrorCode, RefineOptions, TokenPrices

WORDS = "and so we went on and talked about the weather in Dalston for a while"
LONG = {number: f"{number}: {WORDS}" for number in range(1500)}
NAMES = ("title", "summary", "chapters", "action_items")
EVERYTHING: dict[str, Any] = dict.fromkeys(NAMES, True)
OVERVIEW = RefineOptions(level="none", **EVERYTHING)
PRICES = TokenPrices(input_usd=1.0, output_usd=5.0, cache_read_usd=0.1, cache_write_usd=1.25)


def of_parts(server: LanguageModelServer) -> list[Asked]:
    """The questions about the parts, in the order of time."""
    return sorted((each for each in server.asked if each.texts), key=lambda each: min(each.texts))


def test_a_long_recording_is_read_in_parts_and_summed_up_once(
    engine: Any, server: LanguageModelServer, provider: str
) -> None:
    result = engine.finish(LONG, OVERVIEW, provider=provider)

    parts = of_parts(server)
    assert len(parts) >= 2
    assert [key for part in parts for key in part.texts] == list(LONG)
    assert {part.system for part in parts} == {parts[0].system}
    assert {part.wanted for part in parts} == {("summary", "chapters", "action_items")}
    last = server.asked[-1]
    assert (last.texts, last.wanted) == ({}, tuple(EVERYTHING))
    assert [note["summary"] for note in last.notes] == [
        f"{len(part.texts)} things are said." for part in parts
    ]
    assert len(server.asked) == len(parts) + 1 == result.usage.requests

    firsts = [min(part.texts) for part in parts]
    assert [chapter.start for chapter in result.chapters] == [float(each) for each in firsts]
    assert [chapter.end for chapter in result.chapters[:-1]] == [float(each) for each in firsts[1:]]
    assert result.chapters[-1].end == 1500.0
    assert [each.start for each in result.action_items] == [max(part.texts) for part in parts]
    assert result.summary == f"{len(parts)} things are said."


@pytest.mark.parametrize(("name", "parts_want"), [("title", "summary"), ("chapters", "chapters")])
def test_parts_are_asked_only_for_what_is_needed(
    engine: Any, server: LanguageModelServer, name: str, parts_want: str
) -> None:
    wanted: dict[str, Any] = {name: True}
    result = engine.finish(LONG, RefineOptions(level="none", **wanted))
    assert {part.wanted for part in of_parts(server)} == {(parts_want,)}
    assert server.asked[-1].wanted == (name,)
    assert result.summary is None


def test_a_part_without_a_usable_answer_is_named(engine: Any, server: LanguageModelServer) -> None:
    def bad_at_first(asked: Asked) -> Answer:
        return Answer(ending="refusal") if 0 in asked.texts else correcting(asked)

    server.behave = bad_at_first
    result = engine.finish(LONG, OVERVIEW)
    [notice] = result.warnings
    assert notice.code == "not_written"
    assert notice.message.startswith("nothing was noted about segments 0 to ")
    assert "refused" in notice.message
    assert notice.start == 0.0
    assert result.title == "A morning in Dalston"
    assert result.chapters[0].start == notice.end


def test_places_that_no_part_named_are_not_believed(
    engine: Any, server: LanguageModelServer
) -> None:
    """They are segments of the recording, but nobody has said that a chapter begins there."""

    def of_its_own(asked: Asked) -> Answer:
        if asked.texts:
            return correcting(asked)
        chapter = {"segment": 7, "title": "Seven", "summary": ""}
        return Answer(text=overview(asked, chapters=[chapter]))

    server.behave = of_its_own
    result = engine.finish(LONG, OVERVIEW)
    assert result.chapters == ()
    assert result.title
    [notice] = result.warnings
    assert "there are no chapters: the ids in the answer" in notice.message


def test_without_the_last_answer_there_is_nothing(engine: Any, server: LanguageModelServer) -> None:
    server.behave = lambda asked: correcting(asked) if asked.texts else Answer(text="Hm.")
    with pytest.raises(EngineRequestError, match="not JSON of the form") as caught:
        engine.finish(LONG, OVERVIEW)
    assert caught.value.code == ErrorCode.INTERNAL


def test_a_limit_covers_the_last_question_too(
    engine: Any, server: LanguageModelServer, provider: str
) -> None:
    options: dict[str, Any] = {"level": "none", "prices": PRICES, **EVERYTHING}
    with pytest.raises(EngineRequestError, match="nothing was spent") as caught:
        engine.finish(LONG, RefineOptions(**options, max_cost_usd=0.01), provider=provider)
    assert server.asked == []
    enough = float((caught.value.hint or "").split("--max-cost ")[1].split(",")[0])
    allowed = RefineOptions(**options, max_cost_usd=enough)
    assert engine.finish(LONG, allowed, provider=provider).title


def test_a_server_that_counts_more_than_was_foreseen_is_not_asked_again(
    engine: Any, server: LanguageModelServer
) -> None:
    def dear(asked: Asked) -> Answer:
        return Answer(text=correcting(asked).text, tokens=(10_000_000, 0, 0, 0))

    server.behave = dear
    options = RefineOptions(level="none", prices=PRICES, max_cost_usd=5.0, **EVERYTHING)
    with pytest.raises(EngineRequestError, match="was spent") as caught:
        engine.finish(LONG, options)
    assert caught.value.code == ErrorCode.INTERNAL
    assert all(asked.texts for asked in server.asked)


def test_a_batch_is_one_for_the_parts_and_one_for_the_whole(
    engine: Any, server: LanguageModelServer
) -> None:
    once = engine.finish(LONG, RefineOptions(level="none", prices=PRICES, **EVERYTHING))
    num_parts = len(of_parts(server))
    server.forget()
    options = RefineOptions(level="none", prices=PRICES, batch=True, **EVERYTHING)
    result = engine.finish(LONG, options)
    assert [len(batch.asked) for batch in server.batches] == [num_parts, 1]
    assert (result.title, result.chapters) == (once.title, once.chapters)
    assert result.usage.cost_usd == pytest.approx(once.usage.cost_usd / 2)


def test_only_anthropic_s_models_are_asked_in_batches(
    engine: Any, server: LanguageModelServer
) -> None:
    options = RefineOptions(level="none", batch=True, summary=True)
    with pytest.raises(EngineRequestError, match="cannot be handed in as a batch") as caught:
        engine.finish({0: "good morning"}, options, provider="openai")
    assert caught.value.code == ErrorCode.UNSUPPORTED_OPTION
    assert server.asked == []


def test_long_instructions_are_sent_ahead_to_be_remembered(
    engine: Any, server: LanguageModelServer
) -> None:
    def slowly(asked: Asked) -> Answer:
        return Answer(text=correcting(asked).text, delay_s=0.1)

    server.behave = slowly
    glossary = tuple(f"Name{number}" for number in range(500))
    two_parts = {number: LONG[number] for number in range(800)}
    engine.finish(two_parts, RefineOptions(level="none", glossary=glossary, summary=True))
    assert len(server.asked) == 3
    assert server.most_at_once == 1
