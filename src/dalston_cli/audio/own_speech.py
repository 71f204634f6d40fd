"""Channels of a recording that have speech of their own, as the two lines of a telephone call.

Where one microphone hears what the other does, be it much quieter, no channel has sound of its own:
stereo recordings of one room and music are told from lines that are apart.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from dalston_cli.audio.mixing import layout_weights
from dalston_cli.audio.wav import SAMPLE_RATE

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_FRAME_SAMPLES = SAMPLE_RATE // 10
_AUDIBLE = 10 ** (-45 / 10)
"""Mean square from which on a frame counts: -45 dB of full scale."""

_FULL_SCALE = 1.0

_MUCH = 10 ** (15 / 10)
"""A channel that is louder by this ratio than every other one is alone in a frame: 15 dB, more than
what lies between two microphones of a room."""

_ALONE_SHARE = 0.5
"""Of the audible frames, those in which lines that are apart have one channel alone; the rest is
talk-over."""

_LEAST_FRAMES = 10
"""A channel that is alone for less than a second counts for nothing."""

_OWN_RATIO = 10 ** (6 / 10)
"""A channel's own speech is louder than what it has while another is alone: else it is the noise
that is left in pauses."""


class OwnSpeech:
    """Measures the channels of a recording, block by block."""

    def __init__(self) -> None:
        self._num_audible = 0
        self._sums: NDArray[np.float64] | None = None
        """Of each channel the number of frames in which it is alone, its energy in those, and its
        energy in the frames of other channels."""

    def add(self, block: "NDArray[np.float32]", positions: Sequence[str]) -> None:
        """Measure a block.

        Args:
            block: float32, shape (num_channels, num_samples), 16 kHz, nominally in [-1, 1].
            positions: Of the channels, as the file names them; those of surround sound say
                nothing of speakers.
        """
        import numpy as np  # noqa: PLC0415 - keeps `dalston --help` fast

        num_channels, num_samples = block.shape
        num_frames = num_samples // _FRAME_SAMPLES
        if num_channels < 2 or not num_frames or layout_weights(positions) is not None:  # noqa: PLR2004 - one has nothing beside it
            return
        if self._sums is None:
            self._sums = np.zeros((3, num_channels))
        if self._sums.shape[1] != num_channels:
            return  # the stream got other channels on its way
        if num_channels == 2 and np.array_equal(*block):  # noqa: PLR2004 - what is mono in fact
            block = block[:1]
        frames = block[:, : num_frames * _FRAME_SAMPLES].reshape(len(block), num_frames, -1)
        with np.errstate(all="ignore"):  # squares may be too large
            energies = np.einsum("ijk,ijk->ij", frames, frames) / _FRAME_SAMPLES
        energies = np.fmin(energies, _FULL_SCALE).astype(np.float64)
        if len(energies) == 1:  # no channel is alone
            self._num_audible += int(np.count_nonzero(energies >= _AUDIBLE))
        else:
            self._sums += self._counted(energies)

    def _counted(self, energies: "NDArray[np.float64]") -> "NDArray[np.float64]":
        """Return the sums of some frames, whose energies have the shape (channels, frames)."""
        import numpy as np  # noqa: PLC0415 - keeps `dalston --help` fast

        first, second = np.sort(energies, axis=0)[:-3:-1]
        audible = first >= _AUDIBLE
        self._num_audible += int(np.count_nonzero(audible))
        alone = audible & (first > _MUCH * second)
        own = alone & (energies.argmax(axis=0) == np.arange(len(energies))[:, None])
        kinds = (own, np.where(own, energies, 0.0), np.where(alone & ~own, energies, 0.0))
        return np.stack([kind.sum(axis=1) for kind in kinds])

    def channels(self) -> tuple[int, ...]:
        """Return the channels with speech of their own; none where channels are not apart."""
        if self._sums is None:
            return ()
        num_alone = float(self._sums[0].sum())
        if num_alone < _ALONE_SHARE * self._num_audible:
            return ()
        return tuple(
            channel
            for channel, (number, own, beside) in enumerate(self._sums.T.tolist())
            if number >= _LEAST_FRAMES
            and own / number > _OWN_RATIO * beside / max(1.0, num_alone - number)
        )
