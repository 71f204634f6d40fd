"""An engine that tries to do harm, as its model says, and reports the outcomes in its transcript.

It exists for the tests of the sandbox; README.md says what it tries and why it is harmless.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.engines.hostile.attempts import Attempt, check_allowed
    from tests.engines.hostile.exhaustion import eat_memory, fill_disk, fork_bomb
    from tests.engines.hostile.files import read_secrets, write_root, write_weights
    from tests.engines.hostile.network import phone_home
    from tests.engines.hostile.privileges import become_root
else:
    from attempts import Attempt, check_allowed
    from exhaustion import eat_memory, fill_disk, fork_bomb
    from files import read_secrets, write_root, write_weights
    from network import phone_home
    from privileges import become_root

from dalston_sdk.engine import SAMPLE_RATE, Engine, LoadedModel, RunContext, Samples
from dalston_sdk.errors import EngineError
from dalston_sdk.wire import (
    ErrorCode,
    ModelRef,
    Segment,
    Stage,
    TranscribeRequest,
    TranscribeResult,
)

INNOCENT = "innocent"


class HostileEngine(Engine):
    """Does what its model's name says; ``innocent`` does nothing bad."""

    name = "hostile"
    version = "1.0.0"
    options = {Stage.TRANSCRIBE: frozenset({"language", "initial_prompt"})}  # noqa: RUF012 - declared as ClassVar in the base

    def __init__(self, *, device: str = "cpu") -> None:
        super().__init__(device=device)
        self.model: ModelRef | None = None

    def load(self, model: ModelRef) -> LoadedModel:
        self.model = model
        return LoadedModel()

    def unload(self) -> None:
        self.model = None

    def transcribe(
        self, request: TranscribeRequest, audio: Samples, context: RunContext
    ) -> TranscribeResult:
        prompt = request.options.initial_prompt or ""
        texts = self._texts(prompt)
        return TranscribeResult(
            language=request.options.language or "en",
            segments=_segments(texts, len(audio) / SAMPLE_RATE),
            effective={"language": request.options.language or "en", "initial_prompt": prompt},
        )

    def _texts(self, prompt: str) -> list[str]:
        if self.model is None or self.model.runtime_id == INNOCENT:
            return ["hello"]
        check_allowed()
        return [str(made) for made in self._tried(self.model, prompt)]

    def _tried(self, model: ModelRef, prompt: str) -> Sequence[Attempt]:
        attacks: Mapping[str, Callable[[], Sequence[Attempt]]] = {
            "phone-home": lambda: phone_home(prompt),
            "write-weights": lambda: write_weights(model.path),
            "write-root": lambda: write_root(Path(__file__)),
            "read-secrets": lambda: read_secrets(prompt),
            "become-root": become_root,
            "fork-bomb": lambda: [fork_bomb()],
            "eat-memory": lambda: [eat_memory()],
            "fill-disk": lambda: [fill_disk()],
        }
        attack = attacks.get(model.runtime_id)
        if attack is None:
            raise EngineError(ErrorCode.MODEL_MISSING, f"it has not learned {model.runtime_id}")
        return attack()


def _segments(texts: Sequence[str], duration_s: float) -> tuple[Segment, ...]:
    """Return one segment per text, spread evenly over the audio."""
    step_s = duration_s / max(len(texts), 1)
    return tuple(
        Segment(id=number, start=number * step_s, end=(number + 1) * step_s, text=text)
        for number, text in enumerate(texts)
    )
