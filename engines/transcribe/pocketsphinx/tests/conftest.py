"""pocketsphinx with the model in its package, and speech by two voices."""

import pytest
from tests.support.engine_fixtures import engine_fixture, running_fixture, speech_fixture
from tests.support.speech import SENTENCES

from dalston_sdk.wire import ModelRef

under_test = engine_fixture("transcribe/pocketsphinx")
engine = running_fixture()
monologue = speech_fixture(lambda: SENTENCES)
short_speech = speech_fixture(lambda: SENTENCES[:3])
sentence = speech_fixture(
    lambda: ("please send the twenty one letters to doctor zbornak today",), pause_s=0.3
)


@pytest.fixture(scope="session")
def model() -> ModelRef:
    return ModelRef(runtime_id="en-us")
