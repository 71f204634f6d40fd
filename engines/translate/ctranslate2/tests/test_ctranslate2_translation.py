"""Translations by the real library: texts, languages, what is checked and what is refused."""

import pytest
from tests.support.engine_fixtures import Models
from tests.support.engine_under_test import EngineUnderTest
from tests.support.transcripts import segments_of

from dalston_sdk.client import EngineRequestError
from dalston_sdk.testing import RunningEngine, check_engine
from dalston_sdk.wire import ErrorCode, Progress, Stage

ENGLISH = {
    0: "Good morning.",
    4: "The train leaves at 17:35 from Dalston.",
    9: "Ada has 42 books. Where is Grace?",
    11: "The horse is green.",
}
GERMAN = {
    0: "Guten Morgen.",
    4: "Der Zug fährt um 17:35 in Dalston ab.",
    9: "Ada hat 42 Bücher. Wo ist Grace?",
    11: "Das Pferd ist grün.",
}
FRENCH = {
    0: "Bonjour.",
    4: "Le train part de Dalston à 17:35.",
    9: "Ada a 42 livres. Où est Grace ?",
    11: "Le cheval est vert.",
}


def test_conformance(under_test: EngineUnderTest, models: Models) -> None:
    subject = under_test.subject(
        models["tiny-nllb"],
        None,
        other_model=models["tiny-madlad"],
        segments=segments_of(ENGLISH),
        language="en",
    )
    check_engine(subject)


@pytest.mark.parametrize("name", ["tiny-nllb", "tiny-madlad"])
def test_every_segment_into_every_language(
    engine: RunningEngine, models: Models, name: str
) -> None:
    result = engine.translate(segments_of(ENGLISH), model=models[name], languages=("de", "fr"))
    assert result.texts == {"de": GERMAN, "fr": FRENCH}
    assert result.warnings == ()
    assert result.usage is None
    assert result.compute_type == "int8_float32"
    assert result.effective == {
        "languages": ["de", "fr"],
        "glossary": None,
        "max_cost_usd": None,
    }


def test_from_another_language_with_a_region(engine: RunningEngine) -> None:
    result = engine.translate(segments_of(GERMAN), language="de-at", languages=("en-gb", "fr"))
    assert result.texts == {"en-gb": ENGLISH, "fr": FRENCH}


def test_what_was_said_does_not_depend_on_its_neighbours(engine: RunningEngine) -> None:
    together = engine.translate(segments_of(ENGLISH), languages=("de",)).texts["de"]
    for key, text in ENGLISH.items():
        alone = engine.translate(segments_of({key: text}), languages=("de",)).texts["de"]
        assert alone[key] == together[key]


def test_the_language_of_the_text_needs_no_translation(engine: RunningEngine) -> None:
    result = engine.translate(segments_of(ENGLISH), language="en-gb", languages=("en", "de"))
    assert list(result.texts) == ["de"]
    assert [each.message for each in result.warnings] == ["the text is in en already"]
    assert engine.translate((), languages=("de",)).texts == {"de": {}}


def test_text_without_letters_stays_as_it_is(engine: RunningEngine) -> None:
    mute = {0: "17:35", 1: "♪ ♪ ♪", 2: ""}
    result = engine.translate(segments_of({**mute, 3: "Good morning."}), languages=("de",))
    assert result.texts["de"] == {0: "17:35", 1: "♪ ♪ ♪", 3: "Guten Morgen."}


def test_what_cannot_be_translated_has_a_reason(engine: RunningEngine) -> None:
    """German that is called English comes out as it went in, twice."""
    said = {0: ENGLISH[0], 4: GERMAN[4]}
    result = engine.translate(segments_of(said), languages=("de",))
    assert result.texts["de"] == {0: GERMAN[0]}
    [notice] = result.warnings
    assert (notice.code, notice.start, notice.end) == ("not_translated", 4.0, 5.0)
    assert notice.message.startswith("segment 4 is not translated into de: ")
    assert "in its own language" in notice.message
    with pytest.raises(EngineRequestError, match="no translation that can be used") as caught:
        engine.translate(segments_of({4: GERMAN[4]}), languages=("de",))
    assert caught.value.code == ErrorCode.INTERNAL
    assert "--translate-model" in (caught.value.hint or "")


def test_dashes_and_quotes_that_a_vocabulary_has_not(engine: RunningEngine) -> None:
    said = {0: "See you tomorrow! \N{EM DASH} Thank you very much."}
    found = engine.translate(segments_of(said), languages=("de",)).texts["de"][0]
    assert found == "Bis morgen! Vielen Dank."


def test_numbers_and_names_that_are_gone_are_told(engine: RunningEngine) -> None:
    """A name that is no name to the model is lost, and so is what it never learnt to count."""
    said = {3: "The train leaves at 17:35 from Xanadu."}
    result = engine.translate(segments_of(said), languages=("de",), glossary=("Xanadu", "Oslo"))
    [notice] = result.warnings
    assert notice.code == "translation_doubtful"
    assert notice.message == "the name Xanadu of segment 3 is not in its translation into de"


def test_progress_covers_all_languages(engine: RunningEngine) -> None:
    request = engine.request(
        Stage.TRANSLATE, segments_of(ENGLISH), language="en", languages=("de", "fr")
    )
    steps = [each for each in engine.messages(request, None) if isinstance(each, Progress)]
    shares = [each.done_s / each.total_s for each in steps if each.phase == "run" and each.total_s]
    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("name", "language", "known"),
    [
        ("tiny-nllb", "tlh", "af, ajp, ak"),
        ("tiny-nllb", "sr-latn", "yue, zh, zh-hant, zu"),
        ("tiny-madlad", "sv", "de, en, fil, fr, no, sr, zh, zh-hant"),
    ],
)
def test_an_unknown_language_is_refused_with_the_list(
    engine: RunningEngine, models: Models, name: str, language: str, known: str
) -> None:
    with pytest.raises(EngineRequestError, match=f"does not translate {language}") as caught:
        engine.translate(segments_of(ENGLISH), model=models[name], languages=("de", language))
    assert caught.value.code == ErrorCode.INVALID_REQUEST
    assert known in caught.value.message


def test_nllb_has_to_know_the_language_of_the_text(engine: RunningEngine, models: Models) -> None:
    with pytest.raises(EngineRequestError, match="the transcript does not say") as caught:
        engine.translate(segments_of(ENGLISH), language=None, languages=("de",))
    assert "--language en" in (caught.value.hint or "")
    with pytest.raises(EngineRequestError, match="does not translate tlh"):
        engine.translate(segments_of(ENGLISH), language="tlh", languages=("de",))
    madlad = models["tiny-madlad"]
    found = engine.translate(segments_of(ENGLISH), model=madlad, language=None, languages=("de",))
    assert found.texts == {"de": GERMAN}


def test_a_language_has_to_be_named(engine: RunningEngine) -> None:
    with pytest.raises(EngineRequestError, match="no language was named") as caught:
        engine.translate(segments_of(ENGLISH))
    assert caught.value.code == ErrorCode.INVALID_REQUEST
