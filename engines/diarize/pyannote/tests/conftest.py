"""The engine in its own environment, pipelines that know three voices, and dialogues of theirs."""

import importlib.util
import wave
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from tests.support.asked_engine import AskedEngine, EngineUnderTest
from tests.support.speech import SENTENCES

from dalston_sdk.wire import DiarizeOptions, DiarizeRequest, DiarizeResult, ModelRef

HERE = Path(__file__).parent

ONE_THREAD = {"OMP_NUM_THREADS": "1"}
"""Of models so small that several threads only wait for each other, the longer the more there is to
do beside them."""


@dataclass(frozen=True)
class Dialogue:
    """A recording, and who speaks when in it: start and end in seconds, and the voice."""

    wav: Path
    turns: tuple[tuple[float, float, str], ...]
    duration_s: float


@dataclass(frozen=True)
class Diarizer:
    """The engine that runs, and the one way in which tests ask it who speaks."""

    engine: AskedEngine
    model: ModelRef

    def request(self, *, model: ModelRef | None = None, **options: object) -> DiarizeRequest:
        """A request with options."""
        return DiarizeRequest(
            model=model or self.model,
            options=DiarizeOptions(**options),  # type: ignore[arg-type] # tables of any option
        )

    def hear(self, wav: Path, **options: Any) -> DiarizeResult:
        """Who speaks in a recording."""
        return self.engine.result(self.request(**options), wav, DiarizeResult)


@pytest.fixture(scope="session")
def under_test() -> EngineUnderTest:
    return EngineUnderTest("diarize/pyannote")


@pytest.fixture(scope="session")
def models(
    under_test: EngineUnderTest, tmp_path_factory: pytest.TempPathFactory
) -> Mapping[str, ModelRef]:
    """Tiny pipelines by their folder's name."""
    out = tmp_path_factory.mktemp("pipelines")
    under_test.run(HERE / "tiny.py", out)
    return {
        folder.name: ModelRef(runtime_id=folder.name, path=str(folder)) for folder in out.iterdir()
    }


@pytest.fixture(scope="session")
def engine(under_test: EngineUnderTest) -> Iterator[AskedEngine]:
    with under_test.asked(**ONE_THREAD) as asked:
        yield asked


@pytest.fixture(scope="session")
def diarizer(engine: AskedEngine, models: Mapping[str, ModelRef]) -> Diarizer:
    return Diarizer(engine, models["community"])


@pytest.fixture(scope="session")
def voices() -> ModuleType:
    """What makes dialogues; training uses it as well, with other sentences."""
    path = HERE / "data" / "training" / "voices.py"
    spec = importlib.util.spec_from_file_location("pyannote_voices", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def talk(voices: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Dialogue]:
    """Makes a dialogue of sentences that training did not have."""
    folder = tmp_path_factory.mktemp("dialogues")

    def make(*speakers: str, pause: float = 0.4) -> Dialogue:
        parts = [
            (speaker, voices.say(SENTENCES[index % len(SENTENCES)], speaker), pause)
            for index, speaker in enumerate(speakers)
        ]
        samples, turns = voices.dialogue(parts)
        wav = write(folder / f"{len(list(folder.iterdir()))}.wav", samples)
        told = tuple((turn.start, turn.end, turn.voice) for turn in turns)
        return Dialogue(wav, told, len(samples) / voices.RATE)

    return make


@pytest.fixture(scope="session")
def two(talk: Callable[..., Dialogue]) -> Dialogue:
    """A woman and a man, six sentences."""
    return talk(*["slt", "rms"] * 3)


@pytest.fixture(scope="session")
def long(talk: Callable[..., Dialogue]) -> Dialogue:
    """The same two, with a third who comes late and goes early: more than a minute."""
    return talk(*["slt", "rms"] * 6, *["kal16", "slt"] * 3, *["rms", "slt"] * 4)


@pytest.fixture(scope="session")
def one_thread() -> Mapping[str, str]:
    """For tests that start an engine of their own."""
    return ONE_THREAD


@pytest.fixture(scope="session")
def write_samples() -> Callable[[Path, Any], Path]:
    return write


def write(wav: Path, samples: Any) -> Path:
    """Write samples from -1 to 1 as a 16 kHz mono WAV file."""
    with wave.open(str(wav), "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(16_000)
        writer.writeframes((np.asarray(samples) * 32767).astype("<i2").tobytes())
    return wav
