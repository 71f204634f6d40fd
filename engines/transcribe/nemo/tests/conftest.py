"""nemo with tiny models of every kind, and speech by the voices that they know."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.support.engine_fixtures import (
    engine_fixture,
    model_fixture,
    running_fixture,
    speech_fixture,
    tiny_models_fixture,
)
from tests.support.side_by_side import record_eight

SENTENCES = (
    "please send the letter to alice on monday",
    "bob is at the garden on friday",
    "the green letter is for grace",
    "call emma at five two seven on sunday",
    "the report is for david",
    "please open the white window on tuesday",
)
"""None has the same token twice in a row, which the tiny transducers take for one."""

under_test = engine_fixture("transcribe/nemo")
models = tiny_models_fixture()
model = model_fixture("ctc")
engine = running_fixture()
speech = speech_fixture(lambda: SENTENCES)


@pytest.fixture(scope="session")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Sequence[Path]:
    """Eight recordings of one to four sentences."""
    return record_eight(tmp_path_factory.mktemp("recordings"), SENTENCES * 2)
