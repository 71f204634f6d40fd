"""What is said of translations: the checks of every engine that translates."""

import pytest

from dalston_sdk.translating import (
    Translations,
    doubts,
    languages_to_translate,
    translation_fault,
    translation_notices,
)
from dalston_sdk.wire import ModelRef, Segment, TranslateOptions, TranslateRequest

LONG = "the train leaves at 17:30 from Dalston"


@pytest.mark.parametrize(
    ("raw", "text", "fault"),
    [
        (LONG, "", "is empty"),
        (LONG, "Der Zug\u202e", "cannot be seen"),
        (LONG, "so und " * 60, "much longer"),
        (LONG, f"The  train {LONG[10:]}", "in its own language"),
        ("Dalston, Hackney", "Dalston, Hackney", None),
        (LONG, "列车十七点半从多尔斯顿开出", None),
        ("नमस्ते", "می\u200cروم", None),
    ],
)
def test_faults(raw: str, text: str, fault: str | None) -> None:
    found = translation_fault(raw, text)
    assert (found is None) == (fault is None)
    assert (fault or "") in (found or "")


@pytest.mark.parametrize(
    ("raw", "text", "found"),
    [
        ("at 17:30", "um 17 h 30", ()),
        ("1,000 or 2", "1.000 oder 2", ()),
        ("3 pm", "15 Uhr", ("the number 3",)),
        ("in Dalston", "en Dahlston", ("the name Dalston",)),
        ("२०२४", "2024", ()),
    ],
)
def test_doubts(raw: str, text: str, found: tuple[str, ...]) -> None:
    assert doubts(raw, text, ("Dalston", "Hackney")) == found


@pytest.mark.parametrize(
    ("target", "source", "same"),
    [("en", "en-gb", True), ("en", None, False), ("zh-hant", "zh", False), ("de", "de", True)],
)
def test_the_language_of_the_text(target: str, source: str | None, same: bool) -> None:
    request = TranslateRequest(
        model=ModelRef(runtime_id="m"),
        language=source,
        segments=(),
        options=TranslateOptions(languages=("fr", target, "fr")),
    )
    others, notices = languages_to_translate(request)
    assert others == (["fr"] if same else ["fr", target])
    said = [notice.message for notice in notices]
    assert said == ([f"the text is in {target} already"] if same else [])


def test_notices_name_what_is_missing_and_what_is_doubtful() -> None:
    segments = [Segment(id=at, start=at, end=at + 1.0, text=f"number {at}0") for at in (1, 2, 3)]
    done = Translations(texts={1: "Nummer 10", 3: "Nummer"}, faults={2: "it is empty"})
    missing, doubtful = translation_notices("de", segments, done, ())
    assert (missing.code, missing.start, missing.end) == ("not_translated", 2.0, 3.0)
    assert missing.message == "segment 2 is not translated into de: it is empty"
    assert doubtful.code == "translation_doubtful"
    assert doubtful.message == "the number 30 of segment 3 is not in its translation into de"
