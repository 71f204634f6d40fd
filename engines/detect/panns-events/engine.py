"""The engine for PANNs: finds sounds other than speech, with their times."""

import importlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from events import Event, EventFinder, EventRules
from labels import select_labels

from dalston_sdk.engine import SAMPLE_RATE, LoadedModel, RunContext, Samples
from dalston_sdk.errors import EngineError
from dalston_sdk.torch_device import release_memory
from dalston_sdk.torch_engine import TorchEngine
from dalston_sdk.wire import (
    AudioEvent,
    ErrorCode,
    EventsOptions,
    EventsRequest,
    EventsResult,
    ModelRef,
    Stage,
)

if TYPE_CHECKING:
    from loading import Detector

GPU_BATCH_SIZE = 4
"""Chunks of half a minute; on a CPU a batch is no faster than its chunks one by one."""


class PannsEventsEngine(TorchEngine):
    """Finds AudioSet's sounds in recordings of any length."""

    name = "panns-events"
    version = "0.1.0"
    reads_parts = frozenset({Stage.EVENTS})
    options: ClassVar[Mapping[Stage, frozenset[str]]] = {
        Stage.EVENTS: frozenset(EventsOptions.__struct_fields__)
    }

    def __init__(self, *, device: str = "cpu") -> None:
        super().__init__(device=device)
        self._detector: Detector | None = None

    def load(self, model: ModelRef) -> LoadedModel:
        """Load weights from a folder with a checkpoint and AudioSet's names."""
        # PyTorch takes seconds to import; the server has to answer before that.
        loading = importlib.import_module("loading")
        self._detector = loading.load_detector(model, self.device)
        return LoadedModel(compute_type="float32")

    def unload(self) -> None:
        """Drop the weights and give their memory back."""
        self._detector = None
        release_memory(self.device)

    def detect_events(
        self, request: EventsRequest, audio: Samples, context: RunContext
    ) -> EventsResult:
        """Score the recording chunk by chunk; an event may last from one into the next."""
        if self._detector is None:
            raise EngineError(ErrorCode.MODEL_MISSING, "no model is loaded")
        detector, options = self._detector, request.options
        rules = _rules(options)
        batch_size = _batch_size(options, self.device)
        labels = select_labels(detector.names, options.labels)
        fitter = self.fitter(request, batch_size)
        inference = importlib.import_module("inference")
        finder = EventFinder(rules=rules, labels=labels, step_s=inference.STEP_S)
        duration_s = len(audio) / SAMPLE_RATE
        found: list[Event] = []
        for scores in inference.score_recording(detector, audio, fitter):
            context.check_cancelled()
            _check_finite(scores)
            found += finder.add(scores)
            context.progress(min(finder.steps * inference.STEP_S, duration_s), duration_s)
        found += finder.finish()
        context.progress(duration_s, duration_s)
        times = [*(step * inference.STEP_S for step in range(finder.steps)), duration_s]
        events = [_event(each, detector, times) for each in found]
        return EventsResult(
            events=tuple(sorted(events, key=lambda event: (event.start, event.label))),
            effective={
                **vars(rules),
                # Without a selection the list would be a page long.
                "labels": options.labels and tuple(detector.names[index] for index in labels),
                "batch_size": fitter.smallest,
            },
            warnings=fitter.notices,
            compute_type="float32",
        )


def _event(found: Event, detector: "Detector", times: Sequence[float]) -> AudioEvent:
    """Turn steps into seconds; the last step lasts until the end of the recording."""
    return AudioEvent(
        start=round(times[found.start], 3),
        end=round(times[found.end], 3),
        label=detector.names[found.label],
        score=round(min(found.peak, 1.0), 4),
    )


def _rules(options: EventsOptions) -> EventRules:
    """Read the options; ``off_threshold`` is half of ``threshold`` where it is unset."""
    defaults = EventRules()
    threshold = defaults.threshold if options.threshold is None else options.threshold
    off = threshold / 2 if options.off_threshold is None else options.off_threshold
    duration, gap = options.min_duration_ms, options.max_gap_ms
    rules = EventRules(
        threshold=threshold,
        off_threshold=off,
        min_duration_ms=defaults.min_duration_ms if duration is None else duration,
        max_gap_ms=defaults.max_gap_ms if gap is None else gap,
    )
    if not 0 < rules.threshold <= 1:
        raise _out_of_range("threshold must be above 0 and at most 1")
    if not 0 < rules.off_threshold <= rules.threshold:
        raise _out_of_range("off_threshold must be above 0 and at most threshold")
    if min(rules.min_duration_ms, rules.max_gap_ms) < 0:
        raise _out_of_range("min_duration_ms and max_gap_ms cannot be negative")
    return rules


def _batch_size(options: EventsOptions, device: str) -> int:
    if options.batch_size is None:
        return 1 if device == "cpu" else GPU_BATCH_SIZE
    if options.batch_size < 1:
        raise _out_of_range("batch_size must be at least 1")
    return options.batch_size


def _out_of_range(message: str) -> EngineError:
    return EngineError(ErrorCode.INVALID_REQUEST, message)


def _check_finite(scores: np.ndarray) -> None:
    if not np.isfinite(scores).all():
        raise EngineError(
            ErrorCode.MODEL_LOAD_FAILED,
            "the model's scores are not finite numbers; its weights are damaged",
            hint="dalston models verify",
        )
