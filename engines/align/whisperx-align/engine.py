"""The engine for whisperX's forced alignment: finds the times of the words of a known text."""

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from emissions import compute_emissions
from options import SUPPORTED, AlignmentSettings, read_settings
from segments import (
    SegmentEmissions,
    Task,
    aligned_segment,
    not_aligned,
    plan_task,
    unaligned_segment,
)

from dalston_sdk.batch_fitting import BatchFitter
from dalston_sdk.engine import SAMPLE_RATE, LoadedModel, RunContext, Samples
from dalston_sdk.errors import EngineError
from dalston_sdk.torch_device import release_memory
from dalston_sdk.torch_engine import TorchEngine
from dalston_sdk.wire import (
    AlignRequest,
    AlignResult,
    ErrorCode,
    ModelRef,
    Notice,
    Segment,
    Stage,
)

if TYPE_CHECKING:
    from loading import AcousticModel


class WhisperxAlignEngine(TorchEngine):
    """Finds the times of words with wav2vec 2.0."""

    name = "whisperx-align"
    version = "0.1.0"
    reads_parts = frozenset({Stage.ALIGN})
    options: ClassVar[Mapping[Stage, frozenset[str]]] = {Stage.ALIGN: SUPPORTED}

    def __init__(self, *, device: str = "cpu") -> None:
        super().__init__(device=device)
        os.environ["HF_HUB_OFFLINE"] = os.environ["TRANSFORMERS_OFFLINE"] = "1"
        os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
        self._model: AcousticModel | None = None

    def load(self, model: ModelRef) -> LoadedModel:
        """Load the weights of one of torchaudio's models, or of a folder in the hub's layout."""
        from loading import load_model  # noqa: PLC0415 - brings PyTorch, which takes seconds

        self._model = load_model(model, self.device)
        return LoadedModel(compute_type="float32")

    def unload(self) -> None:
        """Drop the weights and give their memory back."""
        if self._model is not None:
            self._model = None
            release_memory(self.device)

    def align(self, request: AlignRequest, audio: Samples, context: RunContext) -> AlignResult:
        """Align every segment; segments are reported as they are done."""
        if self._model is None:
            raise EngineError(ErrorCode.MODEL_MISSING, "no model is loaded")
        _check_language(self._model, request)
        settings = read_settings(request.options, device=self.device)
        fitter = self.fitter(request, settings.batch_size)
        duration_s = len(audio) / SAMPLE_RATE
        done: list[Segment] = []
        warnings: list[Notice] = []
        for tasks in _batches(self._model, request, len(audio), settings.batch_size):
            context.check_cancelled()
            for task, emissions in _emissions(self._model, tasks, audio, fitter, context):
                segment, notice = _align(
                    task, emissions, settings, self._model, context, done[-1].start if done else 0.0
                )
                done.append(segment)
                warnings += [notice] if notice else []
            context.partial(done[-len(tasks) :])
            context.progress(min(done[-1].end, duration_s), duration_s)
        context.progress(duration_s, duration_s)
        return AlignResult(
            segments=tuple(done),
            effective={**settings.effective, "batch_size": fitter.smallest},
            warnings=(*warnings, *fitter.notices),
            compute_type="float32",
        )


def _check_language(model: "AcousticModel", request: AlignRequest) -> None:
    from loading import supports  # noqa: PLC0415 - in memory since the model was loaded

    if not supports(model, request.language):
        known = ", ".join(model.languages)
        raise EngineError(
            ErrorCode.INVALID_REQUEST,
            f"{request.model.runtime_id} is for {known}, and the text is {request.language}",
            hint="see which model is for it with: dalston models list --stage align",
        )


def _batches(
    model: "AcousticModel", request: AlignRequest, num_samples: int, batch_size: int
) -> Iterator[list[Task]]:
    """Yield the segments in order, as many at a time as fill a batch of chunks."""
    tasks: list[Task] = []
    for index in range(len(request.segments)):
        tasks.append(
            plan_task(
                request.segments,
                index,
                language=request.language,
                vocabulary=model.vocabulary,
                num_samples=num_samples,
                stride=model.stride,
            )
        )
        if sum(len(task.chunks) for task in tasks) >= batch_size:
            yield tasks
            tasks = []
    if tasks:
        yield tasks


def _emissions(
    model: "AcousticModel",
    tasks: Sequence[Task],
    audio: Samples,
    fitter: BatchFitter,
    context: RunContext,
) -> Iterator[tuple[Task, SegmentEmissions]]:
    """Yield each task with its emissions."""
    chunks = [chunk for task in tasks for chunk in task.chunks]
    computed = compute_emissions(model, audio, chunks, fitter)
    for task in tasks:
        emissions = SegmentEmissions(task, model.vocabulary)
        for _ in task.chunks:
            context.check_cancelled()
            emissions.add(next(computed))
        yield task, emissions


def _align(
    task: Task,
    emissions: SegmentEmissions,
    settings: AlignmentSettings,
    model: "AcousticModel",
    context: RunContext,
    not_before: float,
) -> tuple[Segment, Notice | None]:
    """Return the segment with new times, or with its old ones and a warning."""
    if not task.chunks:
        return unaligned_segment(task), not_aligned(task, task.problem) if task.problem else None
    words = emissions.align(
        settings.interpolation, model.stride / SAMPLE_RATE, context.check_cancelled
    )
    if words is None:
        return unaligned_segment(task), not_aligned(task, "its text does not fit into its time")
    return aligned_segment(task, words, not_before=not_before), None
