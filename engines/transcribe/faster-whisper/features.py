"""The library's features of a long recording, computed block by block.

The library transforms a whole recording at once, which takes two gigabytes an hour; what is kept
is a hundredth of that.
"""

import copy
from typing import Self

import numpy as np
from faster_whisper.feature_extractor import FeatureExtractor
from numpy.typing import NDArray

from dalston_sdk.engine import Samples

_WHOLE_S = 600
"""Up to this length the library computes them."""
_BLOCK_FRAMES = 6000


class BlockwiseFeatures(FeatureExtractor):  # type: ignore[misc] # the library is untyped
    """Computes what the library's class does, in little memory."""

    @classmethod
    def like(cls, extractor: FeatureExtractor) -> Self:
        """Return one with the settings of another."""
        own = cls.__new__(cls)
        own.__dict__.update(copy.copy(vars(extractor)))
        return own

    def __call__(
        self, waveform: Samples, padding: int = 160, chunk_length: int | None = None
    ) -> NDArray[np.float32]:
        """Return the features, shape (num_mels, num_frames); arguments are the library's."""
        if len(waveform) <= _WHOLE_S * self.sampling_rate:
            whole: NDArray[np.float32] = super().__call__(waveform, padding, chunk_length)
            return whole
        if chunk_length is not None:
            self.n_samples = chunk_length * self.sampling_rate
            self.nb_max_frames = self.n_samples // self.hop_length
        num_frames = (len(waveform) + padding) // self.hop_length
        features = np.empty((len(self.mel_filters), num_frames), np.float32)
        for first in range(0, num_frames, _BLOCK_FRAMES):
            last = min(first + _BLOCK_FRAMES, num_frames)
            block = self._padded(waveform, padding, first, last)
            features[:, first:last] = self._logarithms(block)
        np.maximum(features, features.max() - 8.0, out=features)
        features += 4.0
        features /= 4.0
        return features

    def _padded(self, waveform: Samples, padding: int, first: int, last: int) -> Samples:
        """Return the samples of some frames; the recording is mirrored at both ends."""
        reach, end = self.n_fft // 2, len(waveform) + padding
        low, high = first * self.hop_length - reach, (last - 1) * self.hop_length + reach
        samples = waveform[max(low, 0) : high]
        samples = np.pad(samples, (0, max(0, min(high, end) - len(waveform))))
        return np.pad(samples, (max(0, -low), max(0, high - end)), mode="reflect")

    def _logarithms(self, samples: Samples) -> NDArray[np.float32]:
        """Return the logarithms of the mel energies of every frame."""
        window = np.hanning(self.n_fft + 1)[:-1].astype(np.float32)
        spectrum = self.stft(
            samples,
            self.n_fft,
            self.hop_length,
            window=window,
            center=False,
            return_complex=True,
        ).astype(np.complex64)
        energies = self.mel_filters @ np.abs(spectrum) ** 2
        logarithms: NDArray[np.float32] = np.log10(np.clip(energies, a_min=1e-10, a_max=None))
        return logarithms
