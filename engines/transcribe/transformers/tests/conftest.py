"""transformers with tiny models of every family, and speech by voices that two of them know."""

from functools import partial

from tests.support.engine_fixtures import (
    broken_copy_fixture,
    engine_fixture,
    model_fixture,
    running_fixture,
    speech_fixture,
    tiny_models_fixture,
)
from tests.support.unseen import WAV2VEC2, WHISPER, ctc_sentences, whisper_sentences

under_test = engine_fixture("transcribe/transformers")
models = tiny_models_fixture(WHISPER, WAV2VEC2)
model = model_fixture("wav2vec2")
engine = running_fixture()
copy = broken_copy_fixture()
ctc_speech = speech_fixture(partial(ctc_sentences, 6))
whisper_speech = speech_fixture(partial(whisper_sentences, 6))
