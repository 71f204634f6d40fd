"""PANNs with small weights, and sounds that they know."""

from pathlib import Path

import pytest
from tests.support.engine_fixtures import (
    broken_copy_fixture,
    engine_fixture,
    model_fixture,
    running_fixture,
    tiny_models_fixture,
)
from tests.support.sounds import band, silence, write_wav

under_test = engine_fixture("detect/panns-events")
models = tiny_models_fixture()
model = model_fixture("plain")
engine = running_fixture()
copy = broken_copy_fixture()

LOW, HIGH = (100, 1500), (3000, 7000)
"""Hz of what the weights take for a dog, and for a siren."""


@pytest.fixture(scope="session")
def wav(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A low sound from 4 to 7 s, a high one from 11 to 13 s, both from 16 to 18 s; 20 s in all."""
    both = band(2, *LOW, peak=0.4, seed=3) + band(2, *HIGH, peak=0.4, seed=4)
    return write_wav(
        tmp_path_factory.mktemp("sounds") / "three.wav",
        *(silence(4), band(3, *LOW, seed=1)),
        *(silence(4), band(2, *HIGH, seed=2)),
        *(silence(3), both, silence(2)),
    )
