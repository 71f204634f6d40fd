"""onnx-asr with a tiny model of every family, and speech by the voices that they know."""

from functools import partial

import pytest
from tests.support.engine_fixtures import (
    Models,
    engine_fixture,
    model_fixture,
    running_fixture,
    speech_fixture,
)
from tests.support.onnx_models.families import FAMILIES
from tests.support.onnx_models.whisper import make_whisper
from tests.support.unseen import ctc_sentences

from dalston_sdk.wire import ModelRef

under_test = engine_fixture("transcribe/onnx-asr")
model = model_fixture("tdt")
engine = running_fixture()
speech = speech_fixture(partial(ctc_sentences, 12))
short_speech = speech_fixture(partial(ctc_sentences, 2))
monologue = speech_fixture(partial(ctc_sentences, 36), voices=("slt",), lead_s=0.0, pause_s=0.0)


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Models:
    """A tiny model of each family, by the family's name."""
    made = {family: make(tmp_path_factory.mktemp(family)) for family, make in FAMILIES.items()}
    made["whisper"] = make_whisper(tmp_path_factory.mktemp("whisper"))
    return {
        family: ModelRef(runtime_id=f"tiny-{family}", path=str(folder))
        for family, folder in made.items()
    }
