"""What engines with language models share: prompts, checks, parts, and what is too long."""

from collections.abc import Mapping
from concurrent.futures import CancelledError
from typing import Any

import pytest
from tests.support.language_models import Answer, ModelRequest, corrected, correcting
from tests.support.language_models.in_process import InProcessModel, Progress
from tests.support.transcripts import segments_of

from dalston_sdk.errors import EngineError
from dalston_sdk.language_model.profile import ModelProfile
from dalston_sdk.language_model.refinement import refine
from dalston_sdk.language_model.translation import translate
from dalston_sdk.wire import (
    ErrorCode,
    ModelRef,
    RefineOptions,
    RefineRequest,
    RefineResult,
    TokenPrices,
    TranslateOptions,
    TranslateRequest,
    TranslateResult,
)

TEXTS = {number: f"this is sentence number {number}" for number in range(40)}
SMALL = ModelProfile(name="tiny", thinking_tokens=0, part_tokens=300)
PRICES = TokenPrices(input_usd=1.0, output_usd=5.0)
MODEL = ModelRef(runtime_id="tiny")


def refined(
    model: InProcessModel,
    texts: Mapping[int, str] = TEXTS,
    *,
    profile: ModelProfile = SMALL,
    context: Progress | None = None,
    **options: Any,
) -> RefineResult:
    request = RefineRequest(
        model=MODEL, language="en", segments=segments_of(texts), options=RefineOptions(**options)
    )
    result = refine(request, lambda: model, profile, context or Progress())
    assert model.closed
    return result


def translated(
    model: InProcessModel,
    texts: Mapping[int, str],
    *,
    context: Progress | None = None,
    **options: Any,
) -> TranslateResult:
    request = TranslateRequest(
        model=MODEL, language="en", segments=segments_of(texts), options=TranslateOptions(**options)
    )
    return translate(request, lambda: model, SMALL, context or Progress())


def test_texts_are_cleaned_up_and_counted() -> None:
    model, context = InProcessModel(), Progress()
    result = refined(model, context=context, level="light", glossary=("Dalston",), prices=PRICES)
    assert result.texts == {key: f"This is sentence number {key}." for key in TEXTS}
    assert result.usage is not None
    assert (result.usage.requests, result.usage.input_tokens) == (1, 100)
    assert result.usage.cost_usd == pytest.approx((100 * 1.0 + 50 * 5.0) / 1e6)
    assert context.done[-1] == (40.0, 40.0)
    [prompt] = model.prompts
    assert prompt.ids == tuple(TEXTS)
    assert '"Dalston"' in prompt.system
    assert prompt.max_tokens < 4096


@pytest.mark.parametrize(
    "limits", [{"context_tokens": 900}, {"max_segments": 12}], ids=["prompt", "answer"]
)
def test_what_is_too_long_goes_in_halves(limits: dict[str, Any]) -> None:
    model = InProcessModel(**limits)
    result = refined(model)
    assert result.texts == {key: f"This is sentence number {key}." for key in TEXTS}
    assert result.warnings == ()
    asked_about = [prompt.ids for prompt in model.prompts]
    assert asked_about[0] == tuple(TEXTS)
    assert all(len(ids) < 40 for ids in asked_about[1:])


def test_one_segment_that_is_too_long_keeps_its_text() -> None:
    model = InProcessModel(context_tokens=900)
    result = refined(model, {**TEXTS, 17: "well " * 600})
    assert sorted(set(TEXTS) - set(result.texts)) == [17]
    [notice] = result.warnings
    assert notice.message == "segment 17 keeps its text: it is too long"


def test_without_one_usable_answer_it_fails() -> None:
    with pytest.raises(EngineError, match="tiny gave no answer that can be used: segments 0 to"):
        refined(InProcessModel(behave=lambda _: Answer(text="Hm.")))


def test_a_long_recording_is_summed_up_in_parts() -> None:
    model = InProcessModel()
    options: dict[str, Any] = {
        "title": True,
        "summary": True,
        "chapters": True,
        "action_items": True,
    }
    result = refined(model, level="none", **options)
    assert len(model.prompts) > 2
    assert result.title == "A morning in Dalston"
    assert result.chapters[0].start == 0.0
    assert result.chapters[-1].end == 40.0


def test_parts_and_notes_that_are_too_long_are_halved() -> None:
    model = InProcessModel(context_tokens=900)
    profile = ModelProfile(name="tiny", thinking_tokens=0)
    longer = {number: f"{number}: and so we went on and on about it" for number in range(400)}
    result = refined(model, longer, profile=profile, level="none", title=True, chapters=True)
    assert result.title == "A morning in Dalston"
    assert result.warnings == ()
    notes = [prompt for prompt in model.prompts if '"parts"' in prompt.text]
    assert len(notes) > 3
    assert set(notes[-1].schema["required"]) == {"title", "chapters"}
    assert {tuple(each.schema["required"]) for each in notes[1:-1]} == {("summary", "chapters")}


def test_notes_that_cannot_be_joined_are_an_error() -> None:
    def verbose(request: ModelRequest) -> Answer:
        if request.wanted != ("summary",):
            return correcting(request)
        return Answer(text='{"summary": "' + "so on " * 450 + '"}')

    model = InProcessModel(behave=verbose, context_tokens=1500)
    with pytest.raises(EngineError, match="tiny gave no answer that can be used: it is too long"):
        refined(model, level="none", title=True)


def test_a_text_without_a_summary_is_kept() -> None:
    def only_texts(request: ModelRequest) -> Answer:
        return correcting(request) if request.wanted == ("segments",) else Answer(text="{}")

    result = refined(InProcessModel(behave=only_texts), {0: "good morning"}, summary=True)
    assert result.texts == {0: "Good morning."}
    assert [notice.code for notice in result.warnings] == ["not_written"]


def test_a_cancelled_request_ends() -> None:
    model = InProcessModel()
    with pytest.raises(CancelledError):
        refined(model, context=Progress(cancel_at_s=1.0), summary=True)
    assert model.closed


def test_an_answer_that_takes_too_long_is_an_error() -> None:
    slow = InProcessModel(behave=lambda _: Answer(text="{}", delay_s=60.0))
    profile = ModelProfile(name="tiny", deadline_s=0.01)
    with pytest.raises(EngineError, match=r"tiny did not answer within 0\.01 s"):
        refined(slow, profile=profile)


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        pytest.param({"batch": True}, "unsupported_option", "as a batch", id="batch"),
        pytest.param({"max_cost_usd": 1.0}, "invalid_request", "not known", id="no-prices"),
        pytest.param(
            {"max_cost_usd": 0.0001, "prices": PRICES}, "invalid_request", "spent", id="too-dear"
        ),
    ],
)
def test_options_that_cannot_be_kept_are_refused(
    options: dict[str, Any], code: str, message: str
) -> None:
    with pytest.raises(EngineError, match=message) as caught:
        refined(InProcessModel(), **options)
    assert caught.value.code == code


def test_translations_are_checked_and_asked_for_again() -> None:
    asked: list[ModelRequest] = []

    def german(request: ModelRequest) -> Answer:
        asked.append(request)
        again = len(asked) > 1
        return Answer(text=corrected(dict.fromkeys(request.texts, "Zug um 9" if again else "")))

    context = Progress()
    result = translated(
        InProcessModel(behave=german),
        {3: "the train at 17:30"},
        context=context,
        languages=("de", "en"),
    )
    assert result.texts == {"de": {3: "Zug um 9"}}
    assert len(asked) == 2
    assert context.done[-1] == (1.0, 1.0)  # it is not done twice
    messages = [notice.message for notice in result.warnings]
    assert messages[0] == "the text is in en already"
    assert any("the number 17 of segment 3 is not in its translation" in each for each in messages)


def test_a_translation_needs_a_language_and_a_usable_answer() -> None:
    with pytest.raises(EngineError, match="no language was named") as caught:
        translated(InProcessModel(), {0: "good morning"})
    assert caught.value.code == ErrorCode.INVALID_REQUEST
    with pytest.raises(EngineError, match="not JSON of the form") as caught:
        translated(
            InProcessModel(behave=lambda _: Answer(text="Nein.")),
            {0: "good morning"},
            languages=("de",),
        )
    assert "dalston models list --stage translate" in (caught.value.hint or "")
