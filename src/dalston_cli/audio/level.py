"""The level of a recording: what is very quiet, or beyond full scale, is brought to that of speech.

Recorders with 32-bit floats leave the level to later: their speech may lie 60 dB below full scale,
where voice activity detection takes it for silence and 16 bits hardly hold it, or above it, where
it would be clipped. Recordings with a level that speech usually has stay as they are.
"""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dalston_cli.audio.wav import SAMPLE_RATE

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_FRAME_SAMPLES = SAMPLE_RATE // 50
_LOUD_FRAMES = 10
"""The 0.2 s of loudest frames count least: a click or a bad sample is shorter."""

_USUAL_DB = -20.0
_QUIET_DB, _SILENCE_DB = -50.0, -90.0
"""Between them speech is raised; below is what rounding to 16 bits leaves of silence."""

_LOUD_DB, _BEYOND = -12.0, 2.0
"""Speech above the one, with samples beyond the other, would be clipped for the most part."""

_MOST_OFFSET, _LEAST_OFFSET = 0.25, 1e-9
"""A constant in all samples, as of a faulty converter, is not raised above the first."""

_LEAST_POWER = 1e-12

_SLACK = 1e-5
"""More than what sums of 32-bit floats are off by, relative to their terms."""

_LARGE = 1e6
"""Squares of larger samples may not fit into 32 bits."""


@dataclass(kw_only=True)
class Level:
    """How loud the audio is that is written, and the gain with which it is.

    Attributes:
        gain_db: 0 leaves all as it is.
        was_db: The level that was measured before there was a gain; None without one.
        loudest_db: The level of the loudest block so far; None before there is any.
        peak: The largest absolute value of a sample so far; 1 is full scale.
        offset: The largest constant so far that a block's samples have in common.
    """

    gain_db: float = 0.0
    was_db: float | None = None
    loudest_db: float | None = None
    peak: float = 0.0
    offset: float = 0.0

    def apply(self, block: "NDArray[np.float32]") -> "NDArray[np.float32]":
        """Return the block with the gain."""
        if not self.gain_db:
            return block
        gained: NDArray[np.float32] = block * block.dtype.type(10 ** (self.gain_db / 20))
        return gained

    def add(self, samples: "NDArray[np.float32]") -> None:
        """Measure a block.

        Args:
            samples: float32, shape (num_samples,), 16 kHz, nominally in [-1, 1].
        """
        import numpy as np  # noqa: PLC0415 - keeps `dalston --help` fast

        peak = max(float(samples.max(initial=0)), -float(samples.min(initial=0)))
        self.peak = max(self.peak, peak)
        whole = samples[: len(samples) // _FRAME_SAMPLES * _FRAME_SAMPLES]
        if not len(whole) or not self._may_change(whole.reshape(-1, _FRAME_SAMPLES), peak):
            return
        frames = whole.astype(np.float64).reshape(-1, _FRAME_SAMPLES)
        self.offset = max(self.offset, abs(float(_middle(frames.mean(axis=1)).mean())))
        level_db = _db(_loud(frames.var(axis=1)))
        if self.loudest_db is None or level_db > self.loudest_db:
            self.loudest_db = level_db

    def _may_change(self, frames: "NDArray[np.float32]", peak: float) -> bool:
        """Return False if a block is surely neither louder nor further off than one before.

        Few blocks of a recording are; only they are measured to the last digit.
        """
        import numpy as np  # noqa: PLC0415 - keeps `dalston --help` fast

        if self.loudest_db is None or peak > _LARGE:
            return True
        # A mean square is the variance and more.
        power = np.einsum("ij,ij->i", frames, frames) / _FRAME_SAMPLES
        if _db(_loud(power) * (1 + _SLACK)) > self.loudest_db:
            return True
        return float(np.abs(_middle(frames.mean(axis=1))).max()) + _SLACK * peak > self.offset

    def brought_to_usual(self, *, raises: bool) -> "Level | None":
        """Return the level at which to decode again; None where it is good as it is.

        Args:
            raises: False leaves what is quiet as it is.
        """
        level_db = self.loudest_db
        if level_db is None:
            return None
        is_quiet = raises and _SILENCE_DB < level_db < _QUIET_DB and self.offset < _MOST_OFFSET / 2
        is_beyond = self.peak > _BEYOND and level_db > _LOUD_DB
        if not is_quiet and not is_beyond:
            return None
        most_db = 20 * math.log10(_MOST_OFFSET / max(self.offset, _LEAST_OFFSET))
        return Level(gain_db=min(_USUAL_DB - level_db, most_db), was_db=level_db)

    def change(self) -> str | None:
        """Say what was done to the level; None where nothing was."""
        if self.was_db is None:
            return None
        if self.gain_db > 0:
            return (
                f"the recording is very quiet, about {self.was_db:.0f} dB of full scale at its"
                f" loudest, and was raised by {self.gain_db:.0f} dB"
            )
        return (
            f"the recording goes beyond full scale and was lowered by {-self.gain_db:.0f} dB, so"
            " that it is not clipped"
        )


def _middle(values: "NDArray[np.floating]") -> "NDArray[np.floating]":
    """Return the one or two values whose mean is the median.

    ``np.median`` takes 50 ms to be ready.
    """
    import numpy as np  # noqa: PLC0415 - keeps `dalston --help` fast

    return np.sort(values)[(len(values) - 1) // 2 : len(values) // 2 + 1]


def _loud(power: "NDArray[np.floating]") -> float:
    """Return the power of the quietest of the loud frames that count."""
    import numpy as np  # noqa: PLC0415 - keeps `dalston --help` fast

    return float(np.sort(power)[-min(_LOUD_FRAMES, len(power) // 2 + 1)])


def _db(power: float) -> float:
    import numpy as np  # noqa: PLC0415 - keeps `dalston --help` fast

    return 10 * float(np.log10(power + _LEAST_POWER))
