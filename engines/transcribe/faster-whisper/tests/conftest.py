"""faster-whisper with a tiny Whisper, and speech by the voices that it knows."""

from functools import partial

from tests.support.engine_fixtures import (
    broken_copy_fixture,
    engine_fixture,
    running_fixture,
    speech_fixture,
    trained_model_fixture,
)
from tests.support.unseen import WHISPER, whisper_sentences

under_test = engine_fixture("transcribe/faster-whisper")
model = trained_model_fixture(WHISPER)
engine = running_fixture()
copy = broken_copy_fixture()
speech = speech_fixture(partial(whisper_sentences, 12))
short_speech = speech_fixture(partial(whisper_sentences, 2))
