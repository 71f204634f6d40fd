"""Words that models of transformers are told to expect, by posteriors and by a prompt."""

from pathlib import Path
from typing import Any

import pytest
from tests.support.engine_fixtures import Models
from tests.support.flite import Speech, record
from tests.support.speech import needs_flite

from dalston_sdk.testing import RunningEngine
from dalston_sdk.wire import TranscribeResult

pytestmark = [pytest.mark.slow, needs_flite]  # the library alone takes 10 s to import

RANDOM = ("parakeet-ctc", "omniasr-ctc", "parakeet-tdt", "parakeet-rnnt")
WORD = "letter"
"""The tiny wav2vec 2.0 writes it as ``ehter``."""
OTHERS = ("quiberon", "oyelaran", "xochitl", "ngozi", "aylin", "ottoline", "siobhan")


@pytest.fixture(scope="module")
def spoken(tmp_path_factory: pytest.TempPathFactory) -> Speech:
    folder: Path = tmp_path_factory.mktemp("spoken")
    return record(folder / "spoken.wav", ("please send the letter to trevanion on monday",))


def text_of(result: TranscribeResult) -> str:
    return " ".join(segment.text for segment in result.segments).lower()


def test_a_word_is_recognised_if_it_is_expected(
    engine: RunningEngine, models: Models, spoken: Speech
) -> None:
    plain = engine.transcribe(spoken.wav, model=models["wav2vec2"])
    told = engine.transcribe(spoken.wav, model=models["wav2vec2"], hotwords=(WORD, *OTHERS))
    assert WORD not in text_of(plain)
    assert WORD in text_of(told).split()
    others = [word for word in text_of(told).split() if word != WORD]
    assert [word for word in text_of(plain).split() if word in others] == others
    assert told.effective["hotwords"] == [WORD, *OTHERS]


def test_other_text_stays_as_it_is(
    engine: RunningEngine, models: Models, ctc_speech: Speech
) -> None:
    plain = engine.transcribe(ctc_speech.wav, model=models["wav2vec2"])
    told = engine.transcribe(ctc_speech.wav, model=models["wav2vec2"], hotwords=OTHERS)
    assert told.segments == plain.segments


@pytest.mark.parametrize("name", RANDOM)
def test_a_weight_decides(
    engine: RunningEngine, models: Models, ctc_speech: Speech, name: str
) -> None:
    """A random model takes nearly everything for as likely."""
    options: dict[str, Any] = {"model": models[name], "vad": False, "max_speech_s": 4.0}
    plain = engine.transcribe(ctc_speech.wav, **options)
    word = next(each for each in ("please", "letter", "send") if each not in text_of(plain).split())
    strong = engine.transcribe(
        ctc_speech.wav, hotwords=(word,), hotword_weights=(10.0,), batch_size=2, **options
    )
    weak = engine.transcribe(ctc_speech.wav, hotwords=(word,), hotword_weights=(1e-4,), **options)
    assert word in text_of(strong).split()
    for one, other in zip(weak.segments, plain.segments, strict=True):
        # A random model may write in one frame for ever, and the library's limit is another one.
        assert one.text.startswith(other.text) or other.text.startswith(one.text)
