"""Decoded frames on the recording's clock: gaps become silence, clips are cut to the sample.

Only so much silence is made; what a recording has more of is kept as numbers, or a clock that
jumps by a day would fill the disk.
"""

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from math import lcm
from typing import TYPE_CHECKING

from dalston_cli.audio.clip import Clip
from dalston_cli.audio.request import Pause

if TYPE_CHECKING:
    from av import AudioFrame

GAP_S = 0.05
"""Time stamps may wander this far before silence is put in: containers round them."""

_MAX_UNDECLARED_GAP_S = 30.0
"""A larger jump in a file that declares no length is taken for a broken time stamp."""

_SILENCE_BLOCK_S = 1

_MOST_SILENCE_S = 600.0
"""So much silence may stand in gaps before they are kept as numbers."""

_KEPT_SILENCE_S = 5.0
"""So much of it stays where a gap is kept as a number: no segment reaches across."""


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

    Attributes:
        silence_s: Seconds of all gaps.
        ignored_s: The longest jump of the time stamps that was taken for broken, in seconds.
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
        self._rate = self._most_wander = self._first = 0
        self._last: int | None = None
        self._resync = False
        self._measured_rate = 0
        self._samples_per_tick = self._offset = self._parts = 1
        self._room_s = _MOST_SILENCE_S
        self._yielded_s = 0.0
        self._pauses: list[Pause] = []
        self.silence_s = 0.0
        self.ignored_s = 0.0

    @property
    def pauses(self) -> tuple[Pause, ...]:
        """The gaps that are kept as numbers."""
        return tuple(self._pauses)

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

    def place(self, frame: "AudioFrame") -> Iterable["AudioFrame"]:
        """Return the part of a frame that is wanted, after the silence that belongs before it."""
        return (frame,) if self._takes_whole(frame) else self._placed(frame)

    def _takes_whole(self, frame: "AudioFrame") -> bool:
        """Move on and return True where a frame follows the one before and is wanted as it is.

        Nearly all do, and there are a hundred thousand in an hour.
        """
        start, rate, pts = self._position, self._rate, frame.pts
        if start is None or self._resync or frame.sample_rate != rate:
            return False
        if pts is not None:
            if self._measured_rate != rate:
                return False
            stamped = (pts * self._samples_per_tick - self._offset) // self._parts
            if stamped - start > self._most_wander:
                return False
        num_samples = frame.samples
        if start < self._first or (self._last is not None and start + num_samples > self._last):
            return False
        self._position = start + num_samples
        self._yielded_s += num_samples / rate
        return True

    def _placed(self, frame: "AudioFrame") -> Iterator["AudioFrame"]:
        self._change_rate(frame.sample_rate)
        stamped = self._stamp(frame.pts)
        if self._position is None:
            self._position = stamped or 0
        elif stamped is not None and self._is_gap(stamped):
            yield from self._silence(frame, stamped)
        self._resync = False
        yield from self._wanted(frame)

    def _change_rate(self, rate: int) -> None:
        if self._rate and rate != self._rate and self._position is not None:
            self._position = round(Fraction(self._position * rate, self._rate))
        if rate != self._rate:
            self._rate = rate
            self._most_wander = int(rate * GAP_S)
            self._first = round(self._clip.start * rate)
            self._last = None if self._clip.end is None else round(self._clip.end * rate)

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
            believed = gap_s <= _MAX_UNDECLARED_GAP_S
        else:
            believed = stamped / self._rate <= self._declared_s + GAP_S
        if not believed:
            self.ignored_s = max(self.ignored_s, gap_s)
        return believed

    def _silence(self, like: "AudioFrame", until: int) -> Iterator["AudioFrame"]:
        """Yield the silence up to a position, or a little of it and a number for the rest."""
        position = self._position or 0
        self.silence_s += (until - position) / self._rate
        first, last = self._within_clip(position, until)
        wanted = max(0, last - first)
        num_samples = wanted
        if wanted > self._room_s * self._rate:
            num_samples = min(wanted, round(_KEPT_SILENCE_S * self._rate))
            length_s = (wanted - num_samples) / self._rate
            at_s = self._yielded_s + num_samples / self._rate / 2
            self._pauses.append(Pause(at_s=at_s, length_s=length_s))
        else:
            self._room_s -= wanted / self._rate
        self._yielded_s += num_samples / self._rate
        self._position = until
        block = self._rate * _SILENCE_BLOCK_S
        while num_samples > 0:
            yield _silent_frame(like, min(num_samples, block))
            num_samples -= block

    def _within_clip(self, first: int, last: int) -> tuple[int, int]:
        """Return the part of an interval, in samples, that is wanted."""
        first = max(first, self._first)
        return first, last if self._last is None else min(last, self._last)

    def _wanted(self, frame: "AudioFrame") -> Iterator["AudioFrame"]:
        """Cut a frame that starts at the current position to the clip, and move on."""
        start = self._position or 0
        self._position = start + frame.samples
        first, last = self._within_clip(start, self._position)
        if first >= last:
            return
        self._yielded_s += (last - first) / self._rate
        if last - first == frame.samples:
            yield frame
        else:
            yield _cut(frame, first - start, last - start)


def played_s(pauses: Sequence[Pause], clock_s: float) -> float:
    """Return where in the decoded audio a time of the recording, from the clip's start, lies."""
    left_s = clock_s
    for pause in pauses:
        left_s -= min(pause.length_s, max(0.0, left_s - pause.at_s))
    return left_s


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
