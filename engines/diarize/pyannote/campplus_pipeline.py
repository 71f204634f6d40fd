"""The library's diarization with CAM++, in which each window goes through the network once.

The library embeds every window once per speaker in it. Only the network's last layer depends on the
speaker, who is a mask over the frames, so here the speakers of a window share all other layers.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import Any

import numpy as np
import torch
from campplus import DIMENSION, CampPlus, num_network_frames
from mel_features import FRAMES_PER_S, mel_features
from numpy.typing import NDArray
from pyannote.audio.core.model import Model
from pyannote.audio.pipelines.speaker_diarization import SpeakerDiarization
from pyannote.core import SlidingWindowFeature
from torch import Tensor

from dalston_sdk.engine import SAMPLE_RATE

_MIN_ALONE_S = 0.2
"""A speaker who is alone for less than this in a window is embedded from all of their speech."""


class CampPlusEmbedding(Model):  # type: ignore[misc] # the library has no types
    """CAM++ as a model of the library."""

    dimension = DIMENSION

    def __init__(self, network: CampPlus) -> None:
        super().__init__(sample_rate=SAMPLE_RATE)
        self.network = network

    def forward(self, features: Tensor, weights: Tensor) -> Tensor:
        """Return embeddings; arguments and result are those of the network."""
        embeddings: Tensor = self.network(features, weights)
        return embeddings


class CampPlusDiarization(SpeakerDiarization):  # type: ignore[misc] # the library has no types
    """The library's pipeline, but for how windows are embedded."""

    def get_embeddings(
        self,
        file: dict[str, Any],
        binary_segmentations: SlidingWindowFeature,
        exclude_overlap: bool = False,  # noqa: FBT001, FBT002 - the library's signature
        hook: Callable[..., None] | None = None,
    ) -> NDArray[np.float32]:
        """Embed every speaker of every window.

        Args:
            file: ``waveform`` is the audio, shape (1, num_samples).
            binary_segmentations: 1 where a speaker speaks, shape (num_windows, num_frames,
                num_speakers).
            exclude_overlap: Embed speakers from where they speak alone, if that is long enough.
            hook: The pipeline's callback.

        Returns:
            Shape (num_windows, num_speakers, 192); NaN where a speaker does not speak.
        """
        window = binary_segmentations.sliding_window
        masks = _masks(binary_segmentations, exclude_overlap=exclude_overlap)
        features = mel_features(file["waveform"][0])
        size = round(window.duration * FRAMES_PER_S)
        starts = (round(window[number].start * FRAMES_PER_S) for number in range(len(masks)))
        excerpts = [features[start : start + size] for start in starts]
        embeddings = np.full((*masks.shape[:2], DIMENSION), np.nan, dtype=np.float32)
        spoken = [number for number, mask in enumerate(masks) if mask.any()]
        batches = list(_batches(spoken, excerpts, self.embedding_batch_size))
        for done, batch in enumerate(batches):
            if hook is not None:
                hook("embeddings", None, total=len(batches), completed=done)
            features = torch.stack([excerpts[number] for number in batch])
            weights = _network_masks(masks[batch], size, features.shape[1])
            features = features - features.mean(dim=1, keepdim=True)
            embeddings[batch] = self._embedding(features, masks=weights)
        return embeddings


def _masks(segmentations: SlidingWindowFeature, *, exclude_overlap: bool) -> NDArray[np.float32]:
    """Return 1 where a speaker is embedded from, shape (num_windows, num_speakers, num_frames)."""
    data: NDArray[np.float32] = np.nan_to_num(segmentations.data).astype(np.float32)
    speech = data.transpose(0, 2, 1)
    if not exclude_overlap:
        return speech
    alone = speech * (speech.sum(axis=1, keepdims=True) < 2)  # noqa: PLR2004 - two are an overlap
    min_frames: float = _MIN_ALONE_S / segmentations.sliding_window.duration * speech.shape[-1]
    return np.where(alone.sum(axis=-1, keepdims=True) >= min_frames, alone, speech)


def _batches(
    numbers: Sequence[int], excerpts: Sequence[Tensor], batch_size: int
) -> Iterator[list[int]]:
    """Yield windows of the same length; only the last of a recording may be shorter."""
    for length, same in groupby(numbers, key=lambda number: len(excerpts[number])):
        windows = list(same) if length else []
        for first in range(0, len(windows), batch_size):
            yield windows[first : first + batch_size]


def _network_masks(masks: NDArray[np.float32], size: int, num_frames: int) -> Tensor:
    """Return masks by frames of the network.

    Args:
        masks: Over whole windows.
        size: Frames of features in a whole window.
        num_frames: Frames of features that these windows have.
    """
    spread = torch.nn.functional.interpolate(torch.from_numpy(masks), num_network_frames(size))
    return spread[..., : num_network_frames(num_frames)]
