"""The engine in its own environment, its small weights, and sounds that they know."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.support.asked_engine import AskedEngine, EngineUnderTest
from tests.support.sounds import band, silence, write_wav

from dalston_sdk.wire import EventsOptions, EventsRequest, EventsResult, ModelRef

LOW, HIGH = (100, 1500), (3000, 7000)
"""Hz of what the weights hear as a dog, and as a siren."""


@dataclass(frozen=True)
class Listener:
    """The engine that runs, and the one way in which tests ask it about recordings."""

    engine: AskedEngine
    model: ModelRef

    def request(self, *, model: ModelRef | None = None, **options: object) -> EventsRequest:
        """A request with options."""
        return EventsRequest(
            model=model or self.model,
            options=EventsOptions(**options),  # type: ignore[arg-type] # tables of any option
        )

    def hear(self, wav: Path, *, model: ModelRef | None = None, **options: object) -> EventsResult:
        """What it hears in a recording."""
        return self.engine.result(self.request(model=model, **options), wav, EventsResult)


@pytest.fixture(scope="session")
def under_test() -> EngineUnderTest:
    return EngineUnderTest("detect/panns-events")


@pytest.fixture(scope="session")
def models(
    under_test: EngineUnderTest, tmp_path_factory: pytest.TempPathFactory
) -> Mapping[str, ModelRef]:
    """Small weights by their folder's name."""
    out = tmp_path_factory.mktemp("panns") / "models"
    under_test.run(Path(__file__).parent / "tiny.py", out)
    return {
        folder.name: ModelRef(runtime_id=folder.name, path=str(folder)) for folder in out.iterdir()
    }


@pytest.fixture(scope="session")
def engine(under_test: EngineUnderTest) -> Iterator[AskedEngine]:
    with under_test.asked() as asked:
        yield asked


@pytest.fixture(scope="session")
def listener(engine: AskedEngine, models: Mapping[str, ModelRef]) -> Listener:
    return Listener(engine, models["plain"])


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
