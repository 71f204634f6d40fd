"""One channel from many: by the layout that the file names, and never by a sum that cancels."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from dalston_cli.audio.wav import SAMPLE_RATE

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_WINDOW_SAMPLES = SAMPLE_RATE // 4
_FADE_SAMPLES = SAMPLE_RATE // 100
_SPEECH_HZ = (100, 4000)

_CANCELS = 0.25
"""A mix with less than this share of the energy that unrelated channels would give."""

_LOST = 1e-3
"""A mix with less than this share of the loudest channel's energy."""

_ALIVE = 1e-4
"""A channel with less than this share of the loudest channel's energy does not count."""

_INAUDIBLE = 1e-8
"""Mean square of what is no sound that matters: -80 dB of full scale."""

_SLACK = 0.01
"""More than what sums of 32-bit floats are off by."""

_CENTRE, _FRONT, _OTHERS = 1.0, 0.5, 0.5
"""Weights of the centre, which has the dialogue, of each channel in front, and of all others
together; the channel of low-frequency effects has none.

Reference: ITU-R BS.775-4, annex 4, table 2. Its order is this one, with 3 dB from one to the next
instead of 6 dB, for music counts there.
"""

_IN_FRONT = frozenset({"FL", "FR", "FLC", "FRC", "DL", "DR"})
_EFFECTS = frozenset({"LFE", "LFE2"})
_UNKNOWN = frozenset({"NONE", "UNK", "UNSD"})


def layout_weights(positions: Sequence[str]) -> "NDArray[np.float32] | None":
    """Return the weights of a layout's channels; None where all are equal.

    Args:
        positions: The library's names, such as ``FC``; ``NONE`` where the file does not say.
    """
    import numpy as np  # noqa: PLC0415 - keeps `dalston --help` fast

    if len(positions) <= 2 or not _UNKNOWN.isdisjoint(positions):  # noqa: PLR2004 - a stereo pair
        return None
    special = {"FC": _CENTRE, **dict.fromkeys(_IN_FRONT, _FRONT), **dict.fromkeys(_EFFECTS, 0.0)}
    num_others = sum(position not in special for position in positions)
    weights = [special.get(position, _OTHERS / max(1, num_others)) for position in positions]
    return np.array(weights, dtype=np.float32) if any(weights) else None


class Mixer:
    """Mixes a stream of blocks into one channel.

    Opposite channels cancel each other out, and so do channels of which one is late: where the
    mix has much less energy than its channels, the loudest channel takes its place.

    Attributes:
        replaced: Seconds for which each channel was taken instead of the mix, by its number.
        first_s, last_s: Where the first such part starts and the last one ends.
        num_samples: Mixed so far.
    """

    def __init__(self) -> None:
        self.replaced: dict[int, float] = {}
        self.first_s = self.last_s = 0.0
        self.num_samples = 0
        self._energy: NDArray[np.float64] | None = None
        self._weights: NDArray[np.float32] | None = None
        self._best = 0

    def mix(self, block: "NDArray[np.float32]", positions: Sequence[str]) -> "NDArray[np.float32]":
        """Return float32, shape (num_samples,), of one of shape (num_channels, num_samples)."""
        import numpy as np  # noqa: PLC0415 - keeps `dalston --help` fast

        if len(block) == 1:
            self.num_samples += block.shape[1]
            only: NDArray[np.float32] = block[0]
            return only
        layout = layout_weights(positions)
        if layout is None and len(block) == 2 and self._mixes_by_mean():  # noqa: PLR2004 - stereo
            mean = _mean_of_two(block)
            if _adds_up(block, mean):
                self._weights = np.full(2, 0.5, dtype=np.float32)
                self.num_samples += block.shape[1]
                return mean
        windows = [
            block[:, start : start + _WINDOW_SAMPLES]
            for start in range(0, block.shape[1], _WINDOW_SAMPLES)
        ]
        mixed: NDArray[np.float32] = np.concatenate([block[0, :0], *self._mixed(windows, layout)])
        return mixed

    def _mixes_by_mean(self) -> bool:
        """Return True if the equal weights of a stereo pair need not fade in."""
        before = self._weights
        return before is None or len(before) != 2 or bool(before[0] == before[1])  # noqa: PLR2004 - stereo

    def _mixed(
        self, windows: "Sequence[NDArray[np.float32]]", layout: "NDArray[np.float32] | None"
    ) -> "Iterator[NDArray[np.float32]]":
        spectra = [_spectrum(window) for window in windows]
        usual = [self._usual(spectrum, layout) for spectrum in spectra]
        bad = [_cancels(*each) for each in zip(spectra, usual, strict=True)]
        for index, window in enumerate(windows):
            weights = usual[index]
            if any(bad[max(0, index - 1) : index + 2]):
                weights = self._one_channel(spectra[index], weights, window.shape[1])
            yield _faded(window, self._weights, weights)
            self._weights = weights
            self.num_samples += window.shape[1]

    def _usual(
        self, spectrum: "NDArray[np.complex64]", layout: "NDArray[np.float32] | None"
    ) -> "NDArray[np.float32]":
        """Return the weights where nothing cancels; dead channels of many take no part."""
        import numpy as np  # noqa: PLC0415 - keeps `dalston --help` fast

        num_channels = len(spectrum)
        weights = np.ones(num_channels, dtype=np.float32) if layout is None else layout
        if num_channels > 2:  # noqa: PLR2004 - a stereo pair
            known = self._energy
            heard = _energies(spectrum).astype(np.float64)
            same = known is not None and len(known) == num_channels
            self._energy = known + heard if same and known is not None else heard
            alive = self._energy >= _ALIVE * self._energy.max()
            if (weights * alive).any():
                weights = weights * alive
        scaled: NDArray[np.float32] = weights / weights.sum()
        return scaled

    def _one_channel(
        self,
        spectrum: "NDArray[np.complex64]",
        usual: "NDArray[np.float32]",
        num_samples: int,
    ) -> "NDArray[np.float32]":
        """Return the weights that take the loudest channel, the last one if it is about as loud."""
        import numpy as np  # noqa: PLC0415 - keeps `dalston --help` fast

        energies = _energies(spectrum) * (usual > 0)
        if self._best >= len(energies) or energies[self._best] < energies.max() / 2:
            self._best = int(energies.argmax())
        if not self.replaced:
            self.first_s = self.num_samples / SAMPLE_RATE
        self.last_s = (self.num_samples + num_samples) / SAMPLE_RATE
        taken_s = self.replaced.get(self._best, 0.0)
        self.replaced[self._best] = taken_s + num_samples / SAMPLE_RATE
        weights = np.zeros(len(energies), dtype=np.float32)
        weights[self._best] = 1.0
        return weights


def _adds_up(pair: "NDArray[np.float32]", mean: "NDArray[np.float32]") -> bool:
    """Return True if it is plain that no window of a stereo pair cancels; most are alike.

    The energies of the channels in all of their spectrum are no less than in the part of it that
    holds speech, so that only the mean's has to be looked at.
    """
    import numpy as np  # noqa: PLC0415 - keeps `dalston --help` fast

    if pair.shape[1] % _WINDOW_SAMPLES:
        return False
    if np.array_equal(*pair):
        return True
    with np.errstate(all="ignore"):  # squares may be too large
        left, right = (_mean_squares(channel.reshape(-1, _WINDOW_SAMPLES)) for channel in pair)
        kept = _energies(_spectrum(mean.reshape(-1, _WINDOW_SAMPLES))) * (1 - _SLACK)
        loudest = np.maximum(left, right)
        needed = np.maximum(_CANCELS * (left + right) / 4, _LOST * loudest)
        return bool(((kept > needed) | (loudest < _INAUDIBLE * (1 - _SLACK))).all())


def _mean_squares(windows: "NDArray[np.float32]") -> "NDArray[np.float32]":
    """Return the mean square of each of some windows, shape (num_windows, num_samples)."""
    import numpy as np  # noqa: PLC0415 - keeps `dalston --help` fast

    squares: NDArray[np.float32] = np.einsum("ij,ij->i", windows, windows) / windows.shape[1]
    return squares


def _spectrum(window: "NDArray[np.float32]") -> "NDArray[np.complex64]":
    """Return the part of a window's spectrum that holds speech, scaled to its mean square."""
    import numpy as np  # noqa: PLC0415 - keeps `dalston --help` fast

    num_samples = window.shape[1]
    first, last = (round(hz * num_samples / SAMPLE_RATE) for hz in _SPEECH_HZ)
    spectrum = np.fft.rfft(window, axis=1)[:, max(1, first) : last + 1]
    scaled: NDArray[np.complex64] = (spectrum * (2**0.5 / num_samples)).astype(np.complex64)
    return scaled


def _energies(spectrum: "NDArray[np.complex64]") -> "NDArray[np.float32]":
    energies: NDArray[np.float32] = (spectrum.real**2 + spectrum.imag**2).sum(axis=-1)
    return energies


def _cancels(spectrum: "NDArray[np.complex64]", weights: "NDArray[np.float32]") -> bool:
    """Return True if a mix loses what its channels hold."""
    energies = _energies(spectrum) * (weights > 0)
    if energies.max() <= _INAUDIBLE:
        return False
    mixed = float(_energies(weights @ spectrum))
    unrelated = float((weights**2 * energies).sum())
    return mixed < _CANCELS * unrelated or mixed < _LOST * float(energies.max())


def _faded(
    window: "NDArray[np.float32]",
    before: "NDArray[np.float32] | None",
    weights: "NDArray[np.float32]",
) -> "NDArray[np.float32]":
    """Return the weighted sum of the channels; other weights than before fade in."""
    import numpy as np  # noqa: PLC0415 - keeps `dalston --help` fast

    if before is None or len(before) != len(weights) or np.array_equal(before, weights):
        return _weighted(window, weights)
    mixed = _weighted(window, weights)
    length = min(_FADE_SAMPLES, window.shape[1])
    ramp = np.linspace(0, 1, length, dtype=np.float32)
    mixed[:length] = ramp * mixed[:length] + (1 - ramp) * (before @ window[:, :length])
    return mixed


def _weighted(
    window: "NDArray[np.float32]", weights: "NDArray[np.float32]"
) -> "NDArray[np.float32]":
    mixed: NDArray[np.float32]
    if weights.min() != weights.max():
        mixed = weights @ window
    elif len(window) == 2:  # noqa: PLR2004 - a stereo pair
        mixed = _mean_of_two(window)
    else:
        mixed = window.mean(axis=0)  # what a mix of equal channels always was, to the bit
    return mixed


def _mean_of_two(block: "NDArray[np.float32]") -> "NDArray[np.float32]":
    """Return the mean to the bit, in a twentieth of its time: channels lie between each other."""
    mean: NDArray[np.float32] = (block[0] + block[1]) / 2
    return mean
