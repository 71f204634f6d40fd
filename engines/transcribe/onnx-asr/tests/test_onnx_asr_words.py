"""Words that onnx-asr is told to expect: CTC models and transducers, on speech that they know."""

from pathlib import Path

import pytest
from tests.support.engine_fixtures import Models
from tests.support.flite import Speech, record
from tests.support.speech import needs_flite

from dalston_sdk.client import EngineRequestError
from dalston_sdk.testing import RunningEngine
from dalston_sdk.wire import ErrorCode, TranscribeResult

pytestmark = needs_flite

FAMILIES = {"ctc": 1.5, "rnnt": 1.0, "tdt": 1.0, "vosk": 2.0, "gigaam": 2.0}
"""Models that can be told, each with the weight at which it recognises the name."""
NAME = "tabber"
"""A name of pieces that the tiny models know, and never saw together."""
OTHERS = ("monter", "henday", "gracen", "carice", "emmase")


@pytest.fixture(scope="module")
def spoken(tmp_path_factory: pytest.TempPathFactory) -> Speech:
    folder: Path = tmp_path_factory.mktemp("spoken")
    return record(folder / "spoken.wav", (f"please send the letter to {NAME} on monday",))


def text_of(result: TranscribeResult) -> str:
    return " ".join(segment.text for segment in result.segments)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_rare_name_is_recognised_if_it_is_expected(
    engine: RunningEngine, models: Models, spoken: Speech, family: str
) -> None:
    plain = engine.transcribe(spoken.wav, model=models[family])
    assert NAME not in text_of(plain)
    words = (NAME, *OTHERS)
    weights = (FAMILIES[family],) * len(words)
    told = engine.transcribe(
        spoken.wav, model=models[family], hotwords=words, hotword_weights=weights
    )
    assert text_of(told) == f"please send the letter to {NAME} on monday"
    (word,) = [each for segment in told.segments for each in segment.words if NAME in each.text]
    assert 0 < (word.confidence or 0) < 1
    assert told.effective["hotwords"] == [*words]


@pytest.mark.parametrize("family", FAMILIES)
def test_other_text_stays_as_it_is(
    engine: RunningEngine, models: Models, speech: Speech, family: str
) -> None:
    plain = engine.transcribe(speech.wav, model=models[family])
    told = engine.transcribe(speech.wav, model=models[family], hotwords=(NAME, *OTHERS))
    assert told.segments == plain.segments


def test_a_weight_can_be_too_small(engine: RunningEngine, models: Models, spoken: Speech) -> None:
    told = engine.transcribe(
        spoken.wav, model=models["ctc"], hotwords=(NAME,), hotword_weights=(0.01,)
    )
    assert NAME not in text_of(told)
    assert told.effective["hotword_weights"] == [0.01]


@pytest.mark.parametrize("family", ["canary", "whisper"])
def test_models_that_cannot_be_told_refuse(
    engine: RunningEngine, models: Models, spoken: Speech, family: str
) -> None:
    with pytest.raises(EngineRequestError, match="cannot be told which words") as caught:
        engine.transcribe(spoken.wav, model=models[family], language="en", hotwords=(NAME,))
    assert caught.value.code == ErrorCode.UNSUPPORTED_OPTION
