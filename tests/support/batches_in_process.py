"""An engine in this process, with as many requests at once as it has slots.

For scripts in an engine's environment that see what the engine asks of its library.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from dalston_sdk.engine import Engine
from dalston_sdk.server.audio import WavSamples
from dalston_sdk.wire import ModelRef, Segment, TranscribeOptions, TranscribeRequest


class _Context:
    """What a request reports goes nowhere, and it is not cancelled."""

    def progress(self, done_s: float, total_s: float) -> None: ...

    def partial(self, segments: Sequence[Segment]) -> None: ...

    def check_cancelled(self) -> None: ...


def transcribe_at_once(engine: Engine, model: Path, recordings: Sequence[Path]) -> None:
    """Load a model and transcribe all recordings, each three times."""
    reference = ModelRef(runtime_id="own", path=str(model))
    engine.load(reference)
    request = TranscribeRequest(model=reference, options=TranscribeOptions(language="en"))
    sounds = [WavSamples(wav)[:] for wav in recordings for _ in range(3)]
    with ThreadPoolExecutor(engine.slots) as pool:
        done = pool.map(lambda sound: engine.transcribe(request, sound, _Context()), sounds)
        assert len(list(done)) == len(sounds)
