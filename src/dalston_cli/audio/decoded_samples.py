"""Decoded audio, read back in a lower rate: for comparisons of tracks."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_HEADER_BYTES = 44
"""Of the WAV files that ``wav`` writes."""


def read_samples(path: Path) -> "NDArray[np.int16]":
    """Return a decoded file's samples, 16 kHz; they stay on the disk until they are used."""
    import numpy as np  # noqa: PLC0415 - keeps `dalston --help` fast

    samples: NDArray[np.int16] = np.memmap(path, dtype="<i2", mode="r", offset=_HEADER_BYTES)
    return samples


def slower(samples: "NDArray[np.int16]", factor: int, most: int) -> "NDArray[np.float32]":
    """Return means of ``factor`` samples each, as float32 in [-1, 1], at most ``most`` of them."""
    import numpy as np  # noqa: PLC0415 - keeps `dalston --help` fast

    number = min(len(samples) // factor, most)
    means = np.empty(number, dtype=np.float32)
    step = 1 << 18
    for first in range(0, number, step):
        last = min(first + step, number)
        block = samples[first * factor : last * factor].reshape(-1, factor)
        means[first:last] = block.mean(axis=1, dtype=np.float32) / 32768
    return means
