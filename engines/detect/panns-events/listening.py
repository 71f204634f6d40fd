"""Hears a recording window by window: how likely each sound is, every 320 ms.

The network computes one answer for 10 240 samples at 32 kHz (32 frames of 320), from what lies
within 1.8 s around them. Windows that begin on that grid and overlap by more than that give what
the whole recording at once would give, however long it is.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby

import numpy as np
import torch
from loading import Detector
from numpy.typing import NDArray
from scipy.signal import firwin, resample_poly

from dalston_sdk.engine import SAMPLE_RATE, Samples

STEP_SAMPLES = 5120
"""At 16 kHz; 320 ms, the time between two answers."""

STEP_S = STEP_SAMPLES / SAMPLE_RATE

CORE_STEPS = 80
"""Answers taken from one window: 25.6 s."""

MARGIN_STEPS = 6
"""Answers computed on either side only for what the network hears around a moment."""

Shares = NDArray[np.float32]
"""float32, shape (num_steps, 527), from 0 to 1."""

_EDGE = 96
"""Samples at 16 kHz beyond which the resampling filter does not reach."""

_FILTER = firwin(2 * 160 + 1, 7_700, window=("kaiser", 9.0), fs=2 * SAMPLE_RATE)
"""Passes what is below 7.4 kHz, and takes its mirror image above 8 kHz away by 90 dB."""


def upsample(samples: Samples) -> Samples:
    """16 kHz to the 32 kHz that the model was trained with; above 8 kHz there is nothing."""
    doubled: Samples = resample_poly(samples, 2, 1, window=_FILTER).astype(np.float32)
    return doubled


def listen(detector: Detector, audio: Samples, batch_size: int) -> Iterator[Shares]:
    """The answers about a recording, one window's at a time.

    Args:
        detector: What hears it.
        audio: The recording.
        batch_size: Windows that the network gets at once.
    """
    total = num_steps(len(audio))
    firsts = list(range(0, total, CORE_STEPS))
    while firsts:
        waves = [_window(audio, first, total) for first in firsts[:batch_size]]
        # The first window and the last ones have no margin on one side.
        _, batch = next(groupby(waves, key=len))
        for answers in _answers(detector, list(batch)):
            first = firsts.pop(0)
            before = min(first, MARGIN_STEPS)
            yield answers[before : before + min(CORE_STEPS, total - first)]


def num_steps(num_samples: int) -> int:
    """How many answers there are about a recording; the last one counts until its end."""
    frames = 2 * num_samples // 320 + 1
    return max(frames // 32, 1)


def _window(audio: Samples, first: int, total: int) -> Samples:
    """The samples of some steps and their margins at 32 kHz."""
    after = first + CORE_STEPS + MARGIN_STEPS
    start = max(first - MARGIN_STEPS, 0) * STEP_SAMPLES
    end = after * STEP_SAMPLES if after < total else len(audio)
    low = max(start - _EDGE, 0)
    wave = upsample(audio[low : end + _EDGE])[2 * (start - low) : 2 * (end - low)]
    # The network needs enough for one answer.
    return np.pad(wave, (0, max(2 * STEP_SAMPLES - len(wave), 0)))


def _answers(detector: Detector, waves: Sequence[Samples]) -> list[Shares]:
    ratio = detector.model.interpolate_ratio
    device = detector.model.fc_audioset.weight.device
    with torch.inference_mode():
        heard = detector.model(torch.from_numpy(np.stack(waves)).to(device))
    # The library repeats each answer for its 32 frames, and the last one until the end.
    frames = heard["framewise_output"]
    answers = frames[:, : frames.shape[1] // ratio * ratio : ratio].cpu().numpy()
    return list(answers)
