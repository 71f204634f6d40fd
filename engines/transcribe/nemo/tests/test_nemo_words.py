"""Words that nemo is told to expect: the library's boosting, and CTC models."""

from pathlib import Path

import pytest
from tests.support.engine_fixtures import Models
from tests.support.flite import Speech, record
from tests.support.speech import needs_flite

from dalston_sdk.client import EngineRequestError
from dalston_sdk.testing import RunningEngine
from dalston_sdk.wire import ErrorCode, TranscribeResult

pytestmark = [pytest.mark.slow, needs_flite]  # NeMo alone takes 10 s to import

KINDS = {"ctc": 1.5, "rnnt": 8.0, "tdt": 8.0, "hybrid": 8.0}
"""Models that can be told, each with the weight at which it recognises the name."""
NAME = "tabber"
"""A name of pieces that the tiny models know, and never saw together."""
OTHERS = ("monter", "henday", "carice")


@pytest.fixture(scope="module")
def spoken(tmp_path_factory: pytest.TempPathFactory) -> Speech:
    folder: Path = tmp_path_factory.mktemp("spoken")
    return record(folder / "spoken.wav", (f"please send the letter to {NAME} on monday",))


def text_of(result: TranscribeResult) -> str:
    return " ".join(segment.text for segment in result.segments)


@pytest.mark.parametrize("kind", KINDS)
def test_a_rare_name_is_recognised_if_it_is_expected(
    engine: RunningEngine, models: Models, spoken: Speech, kind: str
) -> None:
    plain = engine.transcribe(spoken.wav, model=models[kind])
    words, weights = (NAME, *OTHERS), (KINDS[kind], *(1.0 for _ in OTHERS))
    told = engine.transcribe(
        spoken.wav, model=models[kind], hotwords=words, hotword_weights=weights
    )
    assert NAME not in text_of(plain)
    assert NAME in text_of(told).split()
    assert told.effective["hotwords"] == [NAME, *OTHERS]
    after = engine.transcribe(spoken.wav, model=models[kind])
    assert after.segments == plain.segments, "others do not get it"


@pytest.mark.parametrize("kind", KINDS)
def test_other_text_stays_as_it_is(
    engine: RunningEngine, models: Models, speech: Speech, kind: str
) -> None:
    plain = engine.transcribe(speech.wav, model=models[kind], batch_size=4)
    told = engine.transcribe(speech.wav, model=models[kind], batch_size=4, hotwords=(NAME, *OTHERS))
    assert told.segments == plain.segments


def test_canary_cannot_be_told(engine: RunningEngine, models: Models, spoken: Speech) -> None:
    with pytest.raises(EngineRequestError, match="cannot be told which words") as caught:
        engine.transcribe(spoken.wav, model=models["canary"], language="en", hotwords=(NAME,))
    assert caught.value.code == ErrorCode.UNSUPPORTED_OPTION
