"""``Engine``: the base class of every engine, and what its stage methods get.

An engine's folder holds an ``engine.py`` with exactly one subclass::

    class MyEngine(Engine):
        name = "my-engine"
        version = "0.1.0"
        options = {Stage.TRANSCRIBE: frozenset({"language", "beam_size"})}

        def load(self, model: ModelRef) -> LoadedModel: ...
        def unload(self) -> None: ...
        def transcribe(self, request, audio, context) -> TranscribeResult: ...

The server calls ``load``, ``unload`` and the stage methods from one worker thread per slot, never
``load`` while a stage method runs.
"""

import gc
import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from dalston_sdk.batch_fitting import BatchFitter, Place
from dalston_sdk.batch_sizes import BatchSizes
from dalston_sdk.errors import EngineError
from dalston_sdk.memory_errors import is_out_of_memory
from dalston_sdk.wire import (
    AlignRequest,
    AlignResult,
    DiarizeRequest,
    DiarizeResult,
    EmotionRequest,
    EmotionResult,
    ErrorCode,
    EventsRequest,
    EventsResult,
    ModelRef,
    Notice,
    RefineRequest,
    RefineResult,
    Request,
    Result,
    Segment,
    Stage,
    TranscribeRequest,
    TranscribeResult,
    TranslateRequest,
    TranslateResult,
)

SAMPLE_RATE = 16_000
"""Sample rate in Hz of all audio between stages."""

Samples = NDArray[np.float32]
"""float32, shape (num_samples,), 16 kHz mono, in [-1, 1]."""


@dataclass(frozen=True, kw_only=True)
class LoadedModel:
    """Result of loading a model: the number format in force, and warnings for its results."""

    compute_type: str | None = None
    warnings: tuple[Notice, ...] = ()


class RunContext(Protocol):
    """Reporting of progress and results by a stage method, and cancellation."""

    def progress(self, done_s: float, total_s: float) -> None:
        """Report how many seconds of audio are done; raise CancelledError if cancelled."""

    def partial(self, segments: Sequence[Segment]) -> None:
        """Report segments as they come; raise CancelledError if cancelled."""

    def check_cancelled(self) -> None:
        """Raise CancelledError if the request's connection ended."""


class Engine(ABC):
    """Loads a model and runs the stages of requests; the server does everything else.

    Attributes:
        name: As in ``engine.yaml``.
        version: As in ``engine.yaml``.
        options: The stages that this engine runs, and the options that it supports for each.
        slots: Number of requests that may run at the same time; an instance may have fewer.
        max_audio_s: Seconds of audio that they have together; a request with more runs alone.
        keeps_freed_memory: Memory that the library frees is kept for its next work, up to 512 MiB,
            until the engine is idle: for one that takes large blocks again and again.
        reads_parts: Stages whose method only takes the length of the audio and parts of it,
            ``audio[first:last]``: these are then read from the file as they are needed.
        splits: ``transcribe`` does what a request's ``part`` says; see ``splitting``.
        device: ``cpu`` or ``cuda:N``, set at start.
        fits_batches: True once it has computed through a ``fitter``, so that smaller batches were
            tried before it reports that memory ran out.
        batch_sizes: Which batches fitted into memory; the server's outlive the process.
    """

    name: ClassVar[str]
    version: ClassVar[str]
    options: ClassVar[Mapping[Stage, frozenset[str]]]
    slots: int = 1
    max_audio_s: float = math.inf
    keeps_freed_memory: ClassVar[bool] = False
    reads_parts: ClassVar[frozenset[Stage]] = frozenset()
    splits: ClassVar[bool] = False

    def __init__(self, *, device: str = "cpu") -> None:
        self.device = device
        self.batch_sizes = BatchSizes()
        self.fits_batches = False

    @abstractmethod
    def load(self, model: ModelRef) -> LoadedModel:
        """Load a model; the server calls ``unload`` before another ``load``.

        Raises:
            EngineError: ``model_missing``, ``model_load_failed`` or ``out_of_memory``.
        """

    @abstractmethod
    def unload(self) -> None:
        """Drop the weights; has no effect if nothing is loaded."""

    def check_device(self) -> str:
        """Make a real call to the device and return its exact name, such as ``cuda:0``.

        Raises:
            EngineError: ``device_lost`` if a GPU was asked for and does not answer.
        """
        if self.device == "cpu":
            return "cpu"
        raise EngineError(
            ErrorCode.DEVICE_LOST,
            f"engine {self.name} runs on the CPU only, but {self.device} was asked for",
            hint="use --device cpu",
        )

    def vram_mb(self) -> float | None:
        """Return the GPU memory of this process, in MiB; None without a GPU."""
        return None

    def is_out_of_memory(self, error: Exception) -> bool:
        """Return True if an exception of a library means that memory ran out."""
        return is_out_of_memory(error)

    def release_memory(self) -> None:
        """Give memory that is not used any more back to the system."""
        gc.collect()

    def fitter(
        self, request: Request, batch_size: int, *, unit: str = "chunk", step: str = ""
    ) -> BatchFitter:
        """Return what computes in batches that fit into memory.

        Args:
            request: The request that they are of.
            batch_size: The largest batch, at least 1.
            unit: What a batch consists of, for messages.
            step: Which of several batched steps of the stage this is.
        """
        self.fits_batches = True
        model, stage = request.model, str(request.__struct_config__.tag)
        place = Place(
            device=self.device,
            model=f"{model.runtime_id} {model.compute_type or 'default'}",
            stage=f"{stage} {step}".strip(),
        )
        return BatchFitter(
            asked=batch_size,
            sizes=self.batch_sizes,
            place=place,
            unit=unit,
            is_memory_error=self.is_out_of_memory,
            release=self.release_memory,
        )

    def run_stage(  # noqa: PLR0911 - one for each stage
        self, request: Request, audio: Samples, context: RunContext
    ) -> Result:
        """Call the method of the request's stage."""
        match request:
            case TranscribeRequest():
                return self.transcribe(request, audio, context)
            case AlignRequest():
                return self.align(request, audio, context)
            case DiarizeRequest():
                return self.diarize(request, audio, context)
            case EmotionRequest():
                return self.detect_emotion(request, audio, context)
            case EventsRequest():
                return self.detect_events(request, audio, context)
            case RefineRequest():
                return self.refine(request, context)
            case TranslateRequest():
                return self.translate(request, context)

    def transcribe(
        self, request: TranscribeRequest, audio: Samples, context: RunContext
    ) -> TranscribeResult:
        """Turn audio into segments with words."""
        raise self._not_offered(Stage.TRANSCRIBE)

    def align(self, request: AlignRequest, audio: Samples, context: RunContext) -> AlignResult:
        """Find word times for a known text."""
        raise self._not_offered(Stage.ALIGN)

    def diarize(
        self, request: DiarizeRequest, audio: Samples, context: RunContext
    ) -> DiarizeResult:
        """Find who spoke when."""
        raise self._not_offered(Stage.DIARIZE)

    def detect_emotion(
        self, request: EmotionRequest, audio: Samples, context: RunContext
    ) -> EmotionResult:
        """Label segments with emotions."""
        raise self._not_offered(Stage.EMOTION)

    def detect_events(
        self, request: EventsRequest, audio: Samples, context: RunContext
    ) -> EventsResult:
        """Find audio events."""
        raise self._not_offered(Stage.EVENTS)

    def refine(self, request: RefineRequest, context: RunContext) -> RefineResult:
        """Clean up text; there is no audio."""
        raise self._not_offered(Stage.REFINE)

    def translate(self, request: TranslateRequest, context: RunContext) -> TranslateResult:
        """Translate text; there is no audio."""
        raise self._not_offered(Stage.TRANSLATE)

    def _not_offered(self, stage: Stage) -> EngineError:
        return EngineError(
            ErrorCode.INVALID_REQUEST, f"engine {self.name} does not offer the stage {stage.value}"
        )
