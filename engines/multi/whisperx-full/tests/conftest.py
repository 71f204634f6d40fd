"""whisperx-full with a tiny bundle of weights, and speech with known times."""

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.support import sounds
from tests.support.engine_fixtures import (
    broken_copy_fixture,
    engine_fixture,
    running_fixture,
    speech_fixture,
)
from tests.support.engine_under_test import EngineUnderTest
from tests.support.unseen import WAV2VEC2, WHISPER

from dalston_sdk.wire import ModelRef

UNSEEN = (
    "It is closed in December.",
    "I want to buy a good team.",
    "Hello this is Alice from the office.",
    "I will send the book to Frank on Wednesday at three.",
    "The window and the report are closed.",
    "Alice will call you at thirty.",
)
"""Sentences that were left out when the tiny Whisper was trained."""

under_test = engine_fixture("multi/whisperx-full")
engine = running_fixture()
copy = broken_copy_fixture()
speech = speech_fixture(lambda: UNSEEN, lead_s=1.0)
sentence = speech_fixture(lambda: UNSEEN[:1], lead_s=1.0)


@pytest.fixture(scope="session")
def model(under_test: EngineUnderTest, tmp_path_factory: pytest.TempPathFactory) -> ModelRef:
    out = tmp_path_factory.mktemp("bundle") / "tiny"
    under_test.run(under_test.folder / "tests" / "tiny.py", out, WHISPER, WAV2VEC2)
    return ModelRef(runtime_id="whisperx-tiny", path=str(out))


@pytest.fixture
def broken(copy: Path) -> ModelRef:
    """A copy of the bundle that a test may break."""
    return ModelRef(runtime_id="whisperx-tiny", path=str(copy))


@pytest.fixture
def silence(tmp_path: Path) -> Callable[[float], Path]:
    """Makes a silent recording of so many seconds."""
    return lambda seconds: sounds.write_wav(tmp_path / "silence.wav", sounds.silence(seconds))
