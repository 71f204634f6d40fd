"""One loaded model for several requests: windows that they decode go through it together.

Reference: ``ctranslate2.models.Whisper``. On a CPU its results for a window were the same in
a batch and alone wherever they were compared (8 bits, any number of threads); on a GPU they need
not be, so that requests run one after the other there.
"""

import copy
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np
from ctranslate2 import StorageView
from ctranslate2.models import (
    Whisper,
    WhisperGenerationResult,
)
from faster_whisper import WhisperModel
from features import BlockwiseFeatures
from numpy.typing import NDArray

from dalston_sdk.batch_fitting import BatchFitter
from dalston_sdk.engine import RunContext
from dalston_sdk.free_memory import free_mb
from dalston_sdk.gathering import Gatherer

_MAX_WINDOWS = 8
_MAX_WIDTH = 3072
"""Limits the memory of a batch: a window's keys and values grow with the width of the model."""

_AMPLE_MB = 1024
"""With less memory a request has one call at a time: that one can fail and leave nothing behind."""

Windows = Gatherer["_Window", WhisperGenerationResult]


class _Window:
    """A window to decode: its encoder output, with the prompt and the options of its request."""

    def __init__(self, encoded: StorageView, prompt: list[int], options: dict[str, object]) -> None:
        self.encoded = encoded
        self.prompt = prompt
        self.options = options


def runs_at_once(device: str) -> bool:
    """Return True if calls of one request may run at the same time: on a CPU with ample memory."""
    free = free_mb("cpu")
    return device == "cpu" and (free is None or free >= _AMPLE_MB)


def gatherer(whisper: WhisperModel, fitter: Callable[[int], BatchFitter]) -> Windows:
    """Return what gathers the windows of all requests for a model that was loaded.

    Args:
        whisper: The model.
        fitter: Makes what computes batches that fit into memory, from the largest of them.
    """
    model = whisper.model

    def decode(windows: Sequence[_Window]) -> Sequence[WhisperGenerationResult]:
        first = windows[0]
        encoded = first.encoded
        if len(windows) > 1:
            stacked = np.concatenate([np.asarray(window.encoded) for window in windows])
            encoded = StorageView.from_array(stacked)
        prompts = [window.prompt for window in windows]
        found: list[WhisperGenerationResult] = model.generate(encoded, prompts, **first.options)
        return found

    max_windows = max(1, min(_MAX_WINDOWS, _MAX_WIDTH // _width(whisper)))
    fitting = fitter(max_windows)
    return Gatherer(
        lambda windows: list(fitting.run(windows, decode)),
        max_items=max_windows,
        max_calls=model.num_workers,
    )


def _width(whisper: WhisperModel) -> int:
    frames = np.zeros((1, whisper.model.n_mels, 2), dtype=np.float32)
    return int(whisper.model.encode(StorageView.from_array(frames)).shape[-1])


@contextmanager
def shared(whisper: WhisperModel, windows: Windows, context: RunContext) -> Iterator[WhisperModel]:
    """Yield the model as one request uses it."""
    own = copy.copy(whisper)
    # The library writes the length of a request's window into it.
    own.feature_extractor = BlockwiseFeatures.like(whisper.feature_extractor)
    own.model = _SharedModel(whisper.model, windows, context.check_cancelled)
    with windows.taking_part():
        yield own


class _SharedModel:
    """Stands for CTranslate2's model; whatever it does not have is the model's own."""

    def __init__(self, model: Whisper, windows: Windows, check: Callable[[], None]) -> None:
        self._model = model
        self._windows = windows
        self._check = check
        self._num_frames = 0
        self._encoded: tuple[NDArray[np.float32], StorageView] | None = None

    def __getattr__(self, name: str) -> object:
        return getattr(self._model, name)

    def encode(self, features: StorageView, **options: object) -> StorageView:
        """Encode windows of this request alone: together they would take as long.

        The window of a short recording comes twice, for its language and its text.
        """
        window = np.asarray(features)
        known = self._encoded
        if known is None or not np.array_equal(known[0], window):
            self._num_frames = int(window.any(axis=(0, 1)).sum())
            with self._windows.calling():
                known = window.copy(), self._model.encode(features, **options)
            self._encoded = known
        return known[1]

    def align(self, *arguments: object, **options: object) -> list[object]:
        """Find the times of a window's words, alone: together they would take longer."""
        with self._windows.calling():
            found: list[object] = self._model.align(*arguments, **options)
            return found

    def detect_language(
        self, *arguments: object, **options: object
    ) -> list[list[tuple[str, float]]]:
        """Score the languages of windows of this request."""
        with self._windows.calling():
            found: list[list[tuple[str, float]]] = self._model.detect_language(
                *arguments, **options
            )
            return found

    def generate(
        self, encoded: StorageView, prompts: list[list[int]], **options: object
    ) -> list[WhisperGenerationResult]:
        """Decode a window with those of other requests; what is drawn at random, alone."""
        if len(prompts) != 1 or options.get("sampling_temperature"):
            with self._windows.calling():
                found: list[WhisperGenerationResult] = self._model.generate(
                    encoded, prompts, **options
                )
                return found
        window = _Window(encoded, prompts[0], options)
        kind: Hashable = (len(prompts[0]), repr(sorted(options.items())), tuple(encoded.shape[1:]))
        return [self._windows.ask(kind, window, length=self._num_frames, check=self._check)]
