"""pyannote with tiny pipelines that know three voices, and dialogues of these."""

import pytest
from tests.support.dialogues import Dialogue, MakeDialogue, dialogue_maker
from tests.support.engine_fixtures import (
    engine_fixture,
    model_fixture,
    running_fixture,
    tiny_models_fixture,
)

under_test = engine_fixture("diarize/pyannote")
models = tiny_models_fixture()
model = model_fixture("community")
engine = running_fixture()


@pytest.fixture(scope="session")
def make_dialogue(tmp_path_factory: pytest.TempPathFactory) -> MakeDialogue:
    return dialogue_maker(tmp_path_factory.mktemp("dialogues"))


@pytest.fixture(scope="session")
def two(make_dialogue: MakeDialogue) -> Dialogue:
    """A woman and a man, six sentences."""
    return make_dialogue(*["slt", "rms"] * 3)


@pytest.fixture(scope="session")
def long(make_dialogue: MakeDialogue) -> Dialogue:
    """More than a minute by the same two, with a third voice in the middle."""
    return make_dialogue(*["slt", "rms"] * 6, *["kal16", "slt"] * 3, *["rms", "slt"] * 4)
