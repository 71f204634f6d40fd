"""Words that pocketsphinx is told to expect, with its real model."""

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import jiwer
import pytest
from tests.support.flite import Speech, record
from tests.support.modules import load_module
from tests.support.speech import needs_flite

from dalston_sdk.errors import EngineError
from dalston_sdk.testing import RunningEngine
from dalston_sdk.wire import ErrorCode, TranscribeOptions

NAMES = ("Trevanion", "Quiberon", "Oyelaran", "Xochitl", "Ngozi", "Aylin Kaya", "Ottoline")


@pytest.fixture(scope="module")
def spoken(tmp_path_factory: pytest.TempPathFactory) -> Speech:
    folder: Path = tmp_path_factory.mktemp("spoken")
    return record(folder / "spoken.wav", ("please meet mister trevanion at the station",))


def text_of(engine: RunningEngine, speech: Speech, **options: Any) -> str:
    result = engine.transcribe(speech.wav, **options)
    return " ".join(segment.text for segment in result.segments)


@needs_flite
def test_a_rare_name_is_recognised_if_it_is_expected(engine: RunningEngine, spoken: Speech) -> None:
    assert "trevanion" not in text_of(engine, spoken).lower()
    assert "Trevanion" in text_of(engine, spoken, hotwords=NAMES).split()
    assert "trevanion" not in text_of(engine, spoken).lower(), "others do not get it"


@needs_flite
def test_other_text_gets_no_worse(engine: RunningEngine, short_speech: Speech) -> None:
    plain = text_of(engine, short_speech)
    expecting = text_of(engine, short_speech, hotwords=NAMES)
    assert jiwer.wer(short_speech.text, expecting) <= jiwer.wer(short_speech.text, plain)


@needs_flite
def test_what_is_in_force_is_told(engine: RunningEngine, spoken: Speech) -> None:
    result = engine.transcribe(spoken.wav, hotwords=("Trevanion", "station", "Москва"))
    assert result.effective["hotwords"] == ["Trevanion", "station"]
    assert [notice.code for notice in result.warnings] == [
        "hotwords_left_out",
        "option_without_effect",
    ]
    assert engine.transcribe(spoken.wav).effective["hotwords"] is None


@pytest.fixture(scope="module")
def expected_words() -> Iterator[ModuleType]:
    folder = Path(__file__).resolve().parent.parent
    sys.path.insert(0, str(folder))
    try:
        yield load_module(folder / "expected_words.py")
    finally:
        sys.path.remove(str(folder))
        sys.modules.pop("pronunciation", None)


def phones(module: ModuleType, *hotwords: str) -> Any:
    known = {"station": "S T EY SH AH N", "two": "T UW", "r": "AA R"}
    options = TranscribeOptions(hotwords=hotwords)
    return module.expect_words(options, known.get, model_name="tiny").phones


@pytest.mark.parametrize(
    ("hotword", "expected"),
    [
        ("Dalston", {"Dalston": "D AE L S T AA N"}),
        ("station", {}),
        ("Dalston Station!", {"Dalston": "D AE L S T AA N"}),
        ("R2", {"R2": "AA R T UW"}),
    ],
)
def test_words_get_pronunciations_as_they_are_spoken(
    expected_words: ModuleType, hotword: str, expected: dict[str, str]
) -> None:
    assert phones(expected_words, hotword) == expected


def test_words_that_cannot_be_pronounced_are_refused(expected_words: ModuleType) -> None:
    with pytest.raises(EngineError, match="does not have the letters of Москва") as caught:
        phones(expected_words, "Москва", "…")
    assert caught.value.code == ErrorCode.INVALID_REQUEST
