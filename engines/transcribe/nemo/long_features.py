"""Features of a long recording, made block by block as they are asked for.

The library computes those of a whole recording at once: 200 MB an hour, beside the audio.
Its loader of chunks only asks a tensor for its shape and for consecutive frames.
"""

from collections.abc import Callable
from math import ceil

import torch

BLOCK_S = 60.0
"""Length of a block; the last one is longer or shorter."""
MARGIN_S = 1.0
"""Audio on both sides of a block, so that its features are those of the whole recording."""

_KEPT = 2
"""Blocks that are kept: a chunk reaches over the edge between two."""


class LongFeatures:
    """Features, shape (1, num_mels, num_frames), on the CPU.

    Args:
        num_samples: Of the recording, 16 kHz.
        rate: Samples per second.
        hop: Samples per frame.
        make: Computes the features of the samples from the first number to the second.
    """

    def __init__(
        self, num_samples: int, *, rate: int, hop: int, make: Callable[[int, int], torch.Tensor]
    ) -> None:
        self._num_samples = num_samples
        self._size = int(BLOCK_S * rate)
        self._margin = int(MARGIN_S * rate)
        self._hop = hop
        self._make = make
        self._num_blocks = max(1, ceil((num_samples - self._size // 2) / self._size))
        self._blocks: dict[int, torch.Tensor] = {}
        last = self._block(self._num_blocks - 1)
        frames = (self._num_blocks - 1) * self._per_block + last.shape[2]
        self.shape = (1, last.shape[1], frames)

    def __getitem__(self, part: tuple[slice, slice, slice]) -> torch.Tensor:
        """Return all features of consecutive frames."""
        first, last, _ = part[2].indices(self.shape[2])
        pieces = []
        for number in range(first // self._per_block, self._num_blocks):
            start = number * self._per_block
            if start >= last:
                break
            pieces.append(self._block(number)[:, :, max(0, first - start) : last - start])
        return torch.cat(pieces, dim=2)

    @property
    def _per_block(self) -> int:
        return self._size // self._hop

    def _block(self, number: int) -> torch.Tensor:
        if number not in self._blocks:
            while len(self._blocks) >= _KEPT:
                del self._blocks[next(iter(self._blocks))]
            self._blocks[number] = self._made(number)
        return self._blocks[number]

    def _made(self, number: int) -> torch.Tensor:
        start = number * self._size
        is_last = number == self._num_blocks - 1
        end = self._num_samples if is_last else start + self._size
        low, high = max(0, start - self._margin), min(self._num_samples, end + self._margin)
        made = self._make(low, high)
        first = (start - low) // self._hop
        last = made.shape[2] if is_last else first + (end - start) // self._hop
        return made[:, :, first:last].cpu()
