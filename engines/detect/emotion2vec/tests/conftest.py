"""emotion2vec with tiny weights, and sounds that they know."""

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

from dalston_sdk.wire import Segment

under_test = engine_fixture("detect/emotion2vec")
models = tiny_models_fixture()
model = model_fixture("plain")
engine = running_fixture()
copy = broken_copy_fixture()


@pytest.fixture(scope="session")
def wav(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Noise: low from 0 to 3 s, of all frequencies from 4 to 6 s, high from 7 to 9 s."""
    return write_wav(
        tmp_path_factory.mktemp("sounds") / "three.wav",
        *(band(3, 60, 900, seed=11), silence(1)),
        *(band(2, 60, 8000, seed=12), silence(1), band(2, 4000, 8000, seed=13)),
    )


@pytest.fixture(scope="session")
def segments() -> tuple[Segment, ...]:
    """One per sound."""
    times = ((0.0, 3.0), (4.0, 6.0), (7.0, 9.0))
    return tuple(
        Segment(id=number, start=start, end=end, text="words")
        for number, (start, end) in enumerate(times)
    )
