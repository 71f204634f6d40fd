"""The engine around FunASR's emotion2vec: which emotion is heard in each segment."""

import importlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from labels import judge
from windows import LEAST_SAMPLES, Window, batches_of, windows_of

from dalston_sdk.engine import SAMPLE_RATE, LoadedModel, RunContext, Samples
from dalston_sdk.errors import EngineError
from dalston_sdk.torch_device import release_memory
from dalston_sdk.torch_engine import TorchEngine
from dalston_sdk.wire import (
    EmotionOptions,
    EmotionRequest,
    EmotionResult,
    ErrorCode,
    ModelRef,
    Notice,
    Segment,
    Stage,
)

if TYPE_CHECKING:
    from loading import Recogniser

DEFAULT_THRESHOLD = 0.5
"""From here on an emotion is likelier than all others together."""

GPU_BATCH_SIZE = 8
"""On a CPU windows are no faster together than one by one."""


class Emotion2vecEngine(TorchEngine):
    """Labels segments with one of the emotions that the model tells apart."""

    name = "emotion2vec"
    version = "0.1.0"
    options: ClassVar[Mapping[Stage, frozenset[str]]] = {
        Stage.EMOTION: frozenset({"threshold", "batch_size"})
    }

    def __init__(self, *, device: str = "cpu") -> None:
        super().__init__(device=device)
        self._recogniser: Recogniser | None = None

    def load(self, model: ModelRef) -> LoadedModel:
        """Load weights from a folder as FunASR has it."""
        # PyTorch takes seconds to import, and an engine has to answer before.
        loading = importlib.import_module("loading")
        self._recogniser = loading.load_recogniser(model, self.device)
        return LoadedModel(compute_type="float32")

    def unload(self) -> None:
        """Drop the weights and give their memory back."""
        self._recogniser = None
        release_memory(self.device)

    def detect_emotion(
        self, request: EmotionRequest, audio: Samples, context: RunContext
    ) -> EmotionResult:
        """Window by window; a segment of several gets the mean of what they gave."""
        if self._recogniser is None:
            raise EngineError(ErrorCode.MODEL_MISSING, "no model is loaded")
        threshold = _threshold(request.options)
        batch_size = _batch_size(request.options, self.device)
        per_segment = {each.id: windows_of(each, len(audio)) for each in request.segments}
        windows = [window for parts in per_segment.values() for window in parts]
        heard = self._heard(self._recogniser, audio, windows, batch_size, context)
        emotions = {
            segment_id: judge(_mean([heard[part] for part in parts]), threshold)
            for segment_id, parts in per_segment.items()
            if parts
        }
        context.progress(len(audio) / SAMPLE_RATE, len(audio) / SAMPLE_RATE)
        return EmotionResult(
            emotions=emotions,
            effective={"threshold": threshold, "batch_size": batch_size},
            warnings=_left_out([each for each in request.segments if not per_segment[each.id]]),
            compute_type="float32",
        )

    def _heard(
        self,
        recogniser: "Recogniser",
        audio: Samples,
        windows: Sequence[Window],
        batch_size: int,
        context: RunContext,
    ) -> dict[Window, dict[str, float]]:
        scoring = importlib.import_module("scoring")
        heard: dict[Window, dict[str, float]] = {}
        done_s = 0.0
        for batch in batches_of(windows, batch_size):
            context.check_cancelled()
            heard.update(zip(batch, scoring.score(recogniser, audio, batch), strict=True))
            done_s = max(done_s, batch[-1].end / SAMPLE_RATE)
            context.progress(done_s, len(audio) / SAMPLE_RATE)
        return heard


def _threshold(options: EmotionOptions) -> float:
    threshold = DEFAULT_THRESHOLD if options.threshold is None else options.threshold
    if not 0 <= threshold <= 1:
        raise EngineError(ErrorCode.INVALID_REQUEST, "threshold must be from 0 to 1")
    return threshold


def _batch_size(options: EmotionOptions, device: str) -> int:
    if options.batch_size is None:
        return 1 if device == "cpu" else GPU_BATCH_SIZE
    if options.batch_size < 1:
        raise EngineError(ErrorCode.INVALID_REQUEST, "batch_size must be at least 1")
    return options.batch_size


def _mean(parts: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """The windows of a segment are of one length, so each counts as much."""
    return {label: sum(part[label] for part in parts) / len(parts) for label in parts[0]}


def _left_out(segments: Sequence[Segment]) -> tuple[Notice, ...]:
    if not segments:
        return ()
    least_ms = 1000 * LEAST_SAMPLES // SAMPLE_RATE
    count = "A segment is" if len(segments) == 1 else f"{len(segments)} segments are"
    return (
        Notice(
            code="too_short_for_emotion",
            message=f"{count} shorter than {least_ms} ms, too short to hear an emotion in.",
            stage=Stage.EMOTION.value,
            start=segments[0].start,
            end=segments[-1].end,
        ),
    )
