"""The engine in its own environment, its tiny weights, and sounds that they know."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.support.asked_engine import AskedEngine, EngineUnderTest
from tests.support.sounds import band, silence, write_wav

from dalston_sdk.wire import EmotionOptions, EmotionRequest, EmotionResult, ModelRef, Segment


@dataclass(frozen=True)
class Listener:
    """The engine that runs, and the one way in which tests ask it about segments."""

    engine: AskedEngine
    model: ModelRef

    def request(
        self, segments: tuple[Segment, ...], *, model: ModelRef | None = None, **options: object
    ) -> EmotionRequest:
        """A request about segments."""
        return EmotionRequest(
            model=model or self.model,
            segments=segments,
            options=EmotionOptions(**options),  # type: ignore[arg-type] # tables of any option
        )

    def hear(
        self,
        wav: Path,
        segments: tuple[Segment, ...],
        *,
        model: ModelRef | None = None,
        **options: object,
    ) -> EmotionResult:
        """What it hears in segments of a recording."""
        request = self.request(segments, model=model, **options)
        return self.engine.result(request, wav, EmotionResult)


@pytest.fixture(scope="session")
def under_test() -> EngineUnderTest:
    return EngineUnderTest("detect/emotion2vec")


@pytest.fixture(scope="session")
def models(
    under_test: EngineUnderTest, tmp_path_factory: pytest.TempPathFactory
) -> Mapping[str, ModelRef]:
    """Tiny weights by their folder's name."""
    out = tmp_path_factory.mktemp("emotion2vec") / "models"
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
    """Low noise from 0 to 3 s, of all frequencies from 4 to 6 s, high from 7 to 9 s."""
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
