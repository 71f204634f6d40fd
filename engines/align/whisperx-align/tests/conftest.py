"""whisperx-align with a tiny wav2vec 2.0, and speech with known times of its words."""

import pytest
from tests.support.engine_fixtures import (
    broken_copy_fixture,
    engine_fixture,
    running_fixture,
    trained_model_fixture,
)
from tests.support.unseen import WAV2VEC2, ctc_sentences
from tests.support.word_times import TimedSpeech, record_words

under_test = engine_fixture("align/whisperx-align")
model = trained_model_fixture(WAV2VEC2)
engine = running_fixture()
copy = broken_copy_fixture()


@pytest.fixture(scope="session")
def recording(tmp_path_factory: pytest.TempPathFactory) -> TimedSpeech:
    """Twelve sentences that training did not have, by two voices, pauses between them."""
    return record_words(tmp_path_factory.mktemp("speech") / "dozen.wav", ctc_sentences(12))


@pytest.fixture(scope="session")
def monologue(tmp_path_factory: pytest.TempPathFactory) -> TimedSpeech:
    """Over a minute without a pause, by one voice."""
    wav = tmp_path_factory.mktemp("speech") / "monologue.wav"
    return record_words(wav, ctc_sentences(36), voices=("slt",), pause_s=0.0)
