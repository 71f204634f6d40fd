"""The engine around PANNs: which sounds other than speech are heard, and when."""

import importlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from events import EventFinder, EventRules, Stretch
from labels import chosen_labels

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
"""Windows of half a minute; on a CPU they are no faster together than one by one."""


class PannsEventsEngine(TorchEngine):
    """Finds AudioSet's sounds in recordings of any length."""

    name = "panns-events"
    version = "0.1.0"
    options: ClassVar[Mapping[Stage, frozenset[str]]] = {
        Stage.EVENTS: frozenset(EventsOptions.__struct_fields__)
    }

    def __init__(self, *, device: str = "cpu") -> None:
        super().__init__(device=device)
        self._detector: Detector | None = None

    def load(self, model: ModelRef) -> LoadedModel:
        """Load weights from a folder with a checkpoint and AudioSet's names."""
        # PyTorch takes seconds to import, and an engine has to answer before.
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
        """Window by window; an event may go on from one into the next."""
        if self._detector is None:
            raise EngineError(ErrorCode.MODEL_MISSING, "no model is loaded")
        if not np.isfinite(audio).all():
            raise EngineError(ErrorCode.AUDIO_INVALID, "the audio has samples that are no numbers")
        detector, options = self._detector, request.options
        rules = _rules(options)
        batch_size = _batch_size(options, self.device)
        labels = chosen_labels(detector.names, options.labels)
        listening = importlib.import_module("listening")
        finder = EventFinder(rules=rules, labels=labels, step_s=listening.STEP_S)
        duration_s = len(audio) / SAMPLE_RATE
        found: list[Stretch] = []
        for shares in listening.listen(detector, audio, batch_size):
            context.check_cancelled()
            _check_numbers(shares)
            found += finder.add(shares)
            context.progress(min(finder.steps * listening.STEP_S, duration_s), duration_s)
        found += finder.finish()
        context.progress(duration_s, duration_s)
        times = [*(step * listening.STEP_S for step in range(finder.steps)), duration_s]
        events = [_event(each, detector, times) for each in found]
        return EventsResult(
            events=tuple(sorted(events, key=lambda event: (event.start, event.label))),
            effective={
                **vars(rules),
                # All that is looked for would be a page long.
                "labels": options.labels and tuple(detector.names[place] for place in labels),
                "batch_size": batch_size,
            },
            compute_type="float32",
        )


def _event(found: Stretch, detector: "Detector", times: Sequence[float]) -> AudioEvent:
    """The last step counts until the end of the recording."""
    return AudioEvent(
        start=round(times[found.start], 3),
        end=round(times[found.end], 3),
        label=detector.names[found.label],
        score=round(min(found.peak, 1.0), 4),
    )


def _rules(options: EventsOptions) -> EventRules:
    """Without a lower threshold of its own, an event lasts until half of the upper one."""
    usual = EventRules()
    threshold = usual.threshold if options.threshold is None else options.threshold
    off = threshold / 2 if options.off_threshold is None else options.off_threshold
    least, gap = options.min_duration_ms, options.max_gap_ms
    rules = EventRules(
        threshold=threshold,
        off_threshold=off,
        min_duration_ms=usual.min_duration_ms if least is None else least,
        max_gap_ms=usual.max_gap_ms if gap is None else gap,
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


def _check_numbers(shares: np.ndarray) -> None:
    if not np.isfinite(shares).all():
        raise EngineError(
            ErrorCode.MODEL_LOAD_FAILED,
            "the model answers with something that is no number; its weights are damaged",
            hint="dalston models verify",
        )
