"""The level of each frame of a recording."""

import numpy as np
import numpy.typing as npt

from dalston_sdk.engine import SAMPLE_RATE, Samples

_BLOCK_FRAMES = 4096

Levels = npt.NDArray[np.float32]


def frame_levels(samples: Samples, frame_s: float) -> Levels:
    """Return the level of each frame in dB, with the low frequencies of noise held down.

    That is the power of the differences between samples: in those the level of noise, which is
    mostly low, goes up and down less. Memory does not grow with the recording.

    Args:
        samples: float32, shape (num_samples,), 16 kHz, in [-1, 1].
        frame_s: Length of a frame; seconds. The last one may be shorter.
    """
    size = int(frame_s * SAMPLE_RATE)
    block = size * _BLOCK_FRAMES
    levels = np.empty(-(-len(samples) // size), np.float32)
    for first in range(0, len(samples), block):
        before = samples[max(0, first - 1)]
        sharp = np.diff(samples[first : first + block], prepend=before)
        frames = np.pad(sharp, (0, -len(sharp) % size)).reshape(-1, size)
        power = np.square(frames).mean(axis=1) + 1e-12
        levels[first // size :][: len(power)] = 10 * np.log10(power)
    return levels
