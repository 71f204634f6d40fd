"""Decoded frames on the recording's clock: gaps become silence, clips are cut to the sample."""

from collections.abc import Iterator
from fractions import Fraction
from math import lcm
from typing import TYPE_CHECKING

from dalston_cli.audio.clip import Clip

if TYPE_CHECKING:
    from av import AudioFrame

GAP_S = 0.05
"""Time stamps may wander this far before silence is put in: containers round them."""

_MAX_UNDECLARED_GAP_S = 30.0
"""A larger jump in a file that declares no length is taken for a broken time stamp."""

_SILENCE_BLOCK_S = 1


class Timeline:
    """Puts frames where their time stamps say, and keeps those within the clip.

    Without this, every packet that is lost, and every track that begins late, would move all
    later words towards the start.

    Args:
        time_base: Seconds per tick of the frames' time stamps; None where they have none.
        origin: Seconds on the container's clock at which the recording starts; None where it
            starts with its first frame.
        declared_s: Length that the container declares; None where it declares none.
        from_start: False after a jump: the first frame's time stamp is taken as it is.
    """

    def __init__(
        self,
        *,
        time_base: Fraction | None,
        origin: Fraction | None,
        declared_s: float | None,
        clip: Clip,
        from_start: bool,
    ) -> None:
        self._time_base = time_base
        self._origin = origin
        self._declared_s = declared_s
        self._clip = clip
        self._position: int | None = 0 if from_start else None
        self._rate = 0
        self._resync = False
        self._measured_rate = 0
        self._samples_per_tick = self._offset = self._parts = 1
        self.silence_s = 0.0

    @property
    def position_s(self) -> float:
        """The end of the audio so far, in seconds of the recording; 0 before the first frame."""
        return (self._position or 0) / self._rate if self._rate else 0.0

    @property
    def is_past_clip(self) -> bool:
        """True once all that is wanted has come."""
        return self._clip.end is not None and self.position_s >= self._clip.end

    def resync(self) -> None:
        """Trust the next time stamp to the sample: something was lost before it."""
        self._resync = True

    def place(self, frame: "AudioFrame") -> Iterator["AudioFrame"]:
        """Yield the part of a frame that is wanted, after the silence that belongs before it."""
        self._change_rate(frame.sample_rate)
        stamped = self._stamp(frame.pts)
        if self._position is None:
            self._position = stamped or 0
        elif stamped is not None and self._is_gap(stamped):
            yield from self._silence(frame, stamped - self._position)
        self._resync = False
        yield from self._wanted(frame)

    def _change_rate(self, rate: int) -> None:
        if self._rate and rate != self._rate and self._position is not None:
            self._position = round(Fraction(self._position * rate, self._rate))
        self._rate = rate

    def _stamp(self, pts: int | None) -> int | None:
        """Return a time stamp, in samples from the recording's start."""
        if pts is None or self._time_base is None:
            return None
        if self._measured_rate != self._rate:
            self._measure(pts, self._time_base)
        # Whole numbers: fractions would cost more than all else that is done with a frame.
        return (pts * self._samples_per_tick - self._offset) // self._parts

    def _measure(self, pts: int, time_base: Fraction) -> None:
        """Work out how time stamps become samples: ``(pts * a - b) // c``, rounded."""
        self._measured_rate = self._rate
        if self._origin is None:
            self._origin = pts * time_base - Fraction(self._position or 0, self._rate)
        scale = time_base * self._rate
        offset = self._origin * self._rate - Fraction(1, 2)
        self._parts = lcm(scale.denominator, offset.denominator)
        self._samples_per_tick = int(scale * self._parts)
        self._offset = int(offset * self._parts)

    def _is_gap(self, stamped: int) -> bool:
        gap_s = (stamped - (self._position or 0)) / self._rate
        if gap_s <= (0 if self._resync else GAP_S):
            return False
        if self._declared_s is None:
            return gap_s <= _MAX_UNDECLARED_GAP_S
        return stamped / self._rate <= self._declared_s + GAP_S

    def _silence(self, like: "AudioFrame", num_samples: int) -> Iterator["AudioFrame"]:
        self.silence_s += num_samples / self._rate
        block = self._rate * _SILENCE_BLOCK_S
        while num_samples > 0:
            yield from self._wanted(_silent_frame(like, min(num_samples, block)))
            num_samples -= block

    def _wanted(self, frame: "AudioFrame") -> Iterator["AudioFrame"]:
        """Cut a frame that starts at the current position to the clip, and move on."""
        start = self._position or 0
        self._position = start + frame.samples
        first = max(0, round(self._clip.start * self._rate) - start)
        last = frame.samples
        if self._clip.end is not None:
            last = min(last, round(self._clip.end * self._rate) - start)
        if first >= last:
            return
        yield frame if last - first == frame.samples else _cut(frame, first, last)


def _cut(frame: "AudioFrame", first: int, last: int) -> "AudioFrame":
    samples = frame.to_ndarray()
    width = 1 if frame.format.is_planar else frame.layout.nb_channels
    return like(frame, samples[:, first * width : last * width])


def _silent_frame(frame: "AudioFrame", num_samples: int) -> "AudioFrame":
    import numpy as np  # noqa: PLC0415 - keeps `dalston --help` fast

    dtype = frame.to_ndarray().dtype
    channels = frame.layout.nb_channels
    shape = (channels, num_samples) if frame.format.is_planar else (1, num_samples * channels)
    return like(frame, np.full(shape, 128 if dtype == np.uint8 else 0, dtype=dtype))


def like(frame: "AudioFrame", samples: object) -> "AudioFrame":
    """Make samples, shaped as ``to_ndarray`` gives them, a frame of another one's kind."""
    import av  # noqa: PLC0415 - keeps `dalston --help` fast
    import numpy as np  # noqa: PLC0415 - keeps `dalston --help` fast

    made = av.AudioFrame.from_ndarray(
        np.ascontiguousarray(samples), format=frame.format.name, layout=frame.layout.name
    )
    made.sample_rate = frame.sample_rate
    return made
