"""The engine for FunASR's emotion2vec: labels each segment with an emotion."""

import importlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from chunks import MIN_SAMPLES, Chunk, alike_chunks, split_segment
from labels import choose_emotion

from dalston_sdk.batch_fitting import BatchFitter
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
    from loading import EmotionModel

DEFAULT_THRESHOLD = 0.5
"""An emotion with this score is likelier than all others together."""

GPU_BATCH_SIZE = 8
"""On a CPU a batch is no faster than its chunks one by one."""


class Emotion2vecEngine(TorchEngine):
    """Labels segments with the emotions that the model tells apart."""

    name = "emotion2vec"
    version = "0.1.0"
    reads_parts = frozenset({Stage.EMOTION})
    options: ClassVar[Mapping[Stage, frozenset[str]]] = {
        Stage.EMOTION: frozenset({"threshold", "batch_size"})
    }

    def __init__(self, *, device: str = "cpu") -> None:
        super().__init__(device=device)
        self._model: EmotionModel | None = None

    def load(self, model: ModelRef) -> LoadedModel:
        """Load weights from a folder in FunASR's layout."""
        # PyTorch takes seconds to import; the server has to answer before that.
        loading = importlib.import_module("loading")
        self._model = loading.load_model(model, self.device)
        return LoadedModel(compute_type="float32")

    def unload(self) -> None:
        """Drop the weights and give their memory back."""
        self._model = None
        release_memory(self.device)

    def detect_emotion(
        self, request: EmotionRequest, audio: Samples, context: RunContext
    ) -> EmotionResult:
        """Score the segments' chunks; a segment of several chunks gets the mean of their scores."""
        if self._model is None:
            raise EngineError(ErrorCode.MODEL_MISSING, "no model is loaded")
        threshold = _threshold(request.options)
        batch_size = _batch_size(request.options, self.device)
        chunks_by_id = {each.id: split_segment(each, len(audio)) for each in request.segments}
        chunks = [chunk for some in chunks_by_id.values() for chunk in some]
        fitter = self.fitter(request, batch_size)
        scores = self._score(self._model, audio, chunks, fitter, context)
        emotions = {
            segment_id: choose_emotion(_mean([scores[chunk] for chunk in own]), threshold)
            for segment_id, own in chunks_by_id.items()
            if own
        }
        context.progress(len(audio) / SAMPLE_RATE, len(audio) / SAMPLE_RATE)
        return EmotionResult(
            emotions=emotions,
            effective={"threshold": threshold, "batch_size": fitter.smallest},
            warnings=(
                *_too_short([each for each in request.segments if not chunks_by_id[each.id]]),
                *fitter.notices,
            ),
            compute_type="float32",
        )

    def _score(
        self,
        model: "EmotionModel",
        audio: Samples,
        chunks: Sequence[Chunk],
        fitter: BatchFitter,
        context: RunContext,
    ) -> dict[Chunk, dict[str, float]]:
        inference = importlib.import_module("inference")
        scores: dict[Chunk, dict[str, float]] = {}
        done_s = 0.0

        def score(batch: Sequence[Chunk]) -> list[dict[str, float]]:
            context.check_cancelled()
            found: list[dict[str, float]] = inference.score_chunks(model, audio, batch)
            return found

        for alike in alike_chunks(chunks):
            for batch, found in fitter.each_batch(alike, score):
                scores.update(zip(batch, found, strict=True))
                done_s = max(done_s, batch[-1].end / SAMPLE_RATE)
                context.progress(done_s, len(audio) / SAMPLE_RATE)
        return scores


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


def _mean(scores: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Average scores by label; the chunks of a segment are of one length, so each counts alike."""
    return {label: sum(each[label] for each in scores) / len(scores) for label in scores[0]}


def _too_short(segments: Sequence[Segment]) -> tuple[Notice, ...]:
    if not segments:
        return ()
    min_ms = 1000 * MIN_SAMPLES // SAMPLE_RATE
    count = "A segment is" if len(segments) == 1 else f"{len(segments)} segments are"
    return (
        Notice(
            code="too_short_for_emotion",
            message=f"{count} shorter than {min_ms} ms, too short to hear an emotion in.",
            stage=Stage.EMOTION.value,
            start=segments[0].start,
            end=segments[-1].end,
        ),
    )
