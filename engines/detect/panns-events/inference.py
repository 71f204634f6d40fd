"""Scores a recording chunk by chunk: every sound's score for every 320 ms.

The network computes one row of scores for 10 240 samples at 32 kHz (32 frames of 320), from the
audio within 1.8 s around them. Chunks that begin on that grid and overlap by more than that give
the scores of the whole recording at once, however long it is.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby

import numpy as np
import torch
from loading import Detector
from numpy.typing import NDArray
from scipy.signal import firwin, resample_poly

from dalston_sdk.batch_fitting import BatchFitter
from dalston_sdk.engine import SAMPLE_RATE, Samples
from dalston_sdk.errors import EngineError
from dalston_sdk.wire import ErrorCode

STEP_SAMPLES = 5120
"""Samples at 16 kHz from one row of scores to the next: 320 ms."""

STEP_S = STEP_SAMPLES / SAMPLE_RATE

CORE_STEPS = 80
"""Rows taken from one chunk: 25.6 s."""

MARGIN_STEPS = 6
"""Rows computed on both sides of them and dropped, because they lack context."""

Scores = NDArray[np.float32]
"""float32, shape (num_steps, 527), 0 to 1."""

_FILTER_SAMPLES = 96
"""Reach of the resampling filter, in samples at 16 kHz."""

_FILTER = firwin(2 * 160 + 1, 7_700, window=("kaiser", 9.0), fs=2 * SAMPLE_RATE)
"""Low-pass at 7.4 kHz; damps the mirror image above 8 kHz by 90 dB."""


def upsample(samples: Samples) -> Samples:
    """Resample from 16 kHz to the model's 32 kHz; nothing is added above 8 kHz."""
    doubled: Samples = resample_poly(samples, 2, 1, window=_FILTER).astype(np.float32)
    return doubled


def score_recording(detector: Detector, audio: Samples, fitter: BatchFitter) -> Iterator[Scores]:
    """Yield the scores of a recording, those of one chunk at a time.

    Args:
        detector: The loaded model.
        audio: The recording.
        fitter: Computes batches of chunks that fit into memory.
    """
    total = num_steps(len(audio))
    firsts = list(range(0, total, CORE_STEPS))

    def score(size: int) -> list[Scores]:
        chunks = (_chunk(audio, first, total) for first in firsts[:size])
        # The first chunk and the last ones have a margin on one side only, and are shorter.
        _, batch = next(groupby(chunks, key=len))
        return _score(detector, list(batch))

    while firsts:
        for scores in fitter.attempt(score, most=len(firsts)):
            first = firsts.pop(0)
            before = min(first, MARGIN_STEPS)
            yield scores[before : before + min(CORE_STEPS, total - first)]


def num_steps(num_samples: int) -> int:
    """Return the number of rows for a recording; the last one lasts until its end."""
    frames = 2 * num_samples // 320 + 1
    return max(frames // 32, 1)


def _chunk(audio: Samples, first: int, total: int) -> Samples:
    """Return the samples of some steps and their margins, at 32 kHz."""
    after = first + CORE_STEPS + MARGIN_STEPS
    start = max(first - MARGIN_STEPS, 0) * STEP_SAMPLES
    end = after * STEP_SAMPLES if after < total else len(audio)
    low = max(start - _FILTER_SAMPLES, 0)
    samples = audio[low : end + _FILTER_SAMPLES]
    if not np.isfinite(samples).all():
        raise EngineError(
            ErrorCode.AUDIO_INVALID, "the audio has samples that are not finite numbers"
        )
    wave = upsample(samples)[2 * (start - low) : 2 * (end - low)]
    # The network needs enough for one row.
    return np.pad(wave, (0, max(2 * STEP_SAMPLES - len(wave), 0)))


def _score(detector: Detector, chunks: Sequence[Samples]) -> list[Scores]:
    ratio = detector.model.interpolate_ratio
    device = detector.model.fc_audioset.weight.device
    with torch.inference_mode():
        output = detector.model(torch.from_numpy(np.stack(chunks)).to(device))
    # The library repeats each row for its 32 frames, and the last one until the end.
    frames = output["framewise_output"]
    scores = frames[:, : frames.shape[1] // ratio * ratio : ratio].cpu().numpy()
    return list(scores)
