"""Mel features as Kaldi computes them, 80 for every 10 ms."""

import torch
from campplus import NUM_MELS
from torch import Tensor
from torchaudio.compliance import kaldi

from dalston_sdk.engine import SAMPLE_RATE

FRAMES_PER_S = 100

_SHIFT = SAMPLE_RATE // FRAMES_PER_S
_LENGTH = SAMPLE_RATE // 40
_BLOCK_FRAMES = 60 * FRAMES_PER_S
"""Frames that are computed at once, which bounds the memory for long recordings."""


def mel_features(samples: Tensor) -> Tensor:
    """Return the logarithms of mel energies, shape (num_frames, 80).

    A frame is 25 ms long. The mean over time is left in: it is that of the excerpt to be embedded.

    Args:
        samples: float32, shape (num_samples,), 16 kHz mono, in [-1, 1].
    """
    num_frames = max(0, 1 + (len(samples) - _LENGTH) // _SHIFT)
    blocks = [torch.zeros(0, NUM_MELS)]
    for first in range(0, num_frames, _BLOCK_FRAMES):
        last = min(first + _BLOCK_FRAMES, num_frames) - 1
        blocks.append(
            kaldi.fbank(
                samples[None, first * _SHIFT : last * _SHIFT + _LENGTH],
                sample_frequency=SAMPLE_RATE,
                num_mel_bins=NUM_MELS,
                dither=0.0,
            )
        )
    return torch.cat(blocks)
