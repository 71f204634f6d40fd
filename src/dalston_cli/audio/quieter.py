"""Times in which a track is much quieter than another one, and a copy of what that one holds.

What a microphone picks up of another speaker is quieter than in that one's own track.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from dalston_cli.audio.decoded_samples import slower
from dalston_cli.audio.request import Quieter
from dalston_cli.audio.wav import SAMPLE_RATE

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MUCH_DB = 6.0
"""Difference of level by which another track is much louder."""
_AUDIBLE_DB, _SILENT_DB = -55.0, -100.0
_FRAME_S = 0.02
_SMOOTH_FRAMES, _FRAMES_AT_ONCE = 9, 10_000
_SHORTEST_S, _MERGED_S = 0.1, 0.1

_FACTOR = 4
_ALIKE = 0.5
"""Correlation of two tracks from which on the quieter one is a copy."""
_COMPARED_S, _DELAY_S = 3.0, 0.35
"""Time that is compared at once, and the longest delay of a copy, as of a call."""


class Track:
    """One decoded track on the recording's clock.

    Args:
        samples: int16, shape (num_samples,), 16 kHz.
        start_s: Where it begins.
    """

    def __init__(self, samples: "NDArray[np.int16]", start_s: float) -> None:
        import numpy as np  # noqa: PLC0415 - keeps `dalston --help` fast

        self.start_s = start_s
        self._samples = samples  # on the disk: hours of many tracks are too much for memory
        energy = np.concatenate([np.zeros(0), *_energies(samples)])
        if len(energy) >= _SMOOTH_FRAMES:
            energy = np.convolve(energy, np.ones(_SMOOTH_FRAMES) / _SMOOTH_FRAMES, mode="same")
        self.levels = 10 * np.log10(energy + 1e-10)

    def levels_on_clock(self, num_frames: int) -> "NDArray[np.float64]":
        """Return the level of each frame of the recording in dB; silence where it has none."""
        import numpy as np  # noqa: PLC0415 - keeps `dalston --help` fast

        placed = np.full(num_frames, _SILENT_DB)
        first = round(self.start_s / _FRAME_S)
        placed[first : first + len(self.levels)] = self.levels[: max(0, num_frames - first)]
        return placed

    @property
    def end_s(self) -> float:
        """Where it ends."""
        return self.start_s + len(self._samples) / SAMPLE_RATE

    def part(self, start_s: float, end_s: float) -> "NDArray[np.float32]":
        """Return the samples between two times of the recording; fewer where it has none."""
        first, last = (round((time - self.start_s) * SAMPLE_RATE) for time in (start_s, end_s))
        part = self._samples[max(0, first) : max(0, last)]
        return slower(part, _FACTOR, len(part))


def _energies(samples: "NDArray[np.int16]") -> Iterator["NDArray[np.float64]"]:
    """Yield the mean square of each frame, some thousand frames at a time."""
    size = round(_FRAME_S * SAMPLE_RATE)
    for first in range(0, len(samples), size * _FRAMES_AT_ONCE):
        block = samples[first : first + size * _FRAMES_AT_ONCE]
        frames = slower(block[: len(block) // size * size], _FACTOR, len(block))
        yield (frames.reshape(-1, size // _FACTOR).astype("float64") ** 2).mean(axis=1)


def quieter_times(tracks: Sequence[Track]) -> tuple[tuple[Quieter, ...], ...]:
    """Return for each track when it is much quieter than another one."""
    import numpy as np  # noqa: PLC0415 - keeps `dalston --help` fast

    num_frames = round(max(track.end_s for track in tracks) / _FRAME_S) + 1
    levels = np.stack([track.levels_on_clock(num_frames) for track in tracks])
    found = []
    for number, track in enumerate(tracks):
        others = levels.copy()
        others[number] = -200.0
        loudest = others.argmax(axis=0)
        highest = others.max(axis=0)
        much = (highest - levels[number] >= MUCH_DB) & (highest > _AUDIBLE_DB)
        much &= levels[number] > _SILENT_DB + 1  # what is not there holds no word
        found.append(
            tuple(
                Quieter(
                    start=round(start, 2),
                    end=round(end, 2),
                    than=than,
                    is_copy=is_copy(track, tracks[than], start, end),
                )
                for start, end, than in _intervals(much, loudest)
            )
        )
    return tuple(found)


def _intervals(
    much: "NDArray[np.bool_]", loudest: "NDArray[np.int64]"
) -> Iterator[tuple[float, float, int]]:
    """Yield start and end of each time in which one track is louder, and its number."""
    import numpy as np  # noqa: PLC0415 - keeps `dalston --help` fast

    than = np.where(much, loudest, -1)
    edges = [0, *(int(edge) + 1 for edge in np.flatnonzero(np.diff(than))), len(than)]
    runs = [
        (first * _FRAME_S, last * _FRAME_S, int(than[first]))
        for first, last in pairwise(edges)
        if than[first] >= 0
    ]
    merged: list[tuple[float, float, int]] = []
    for start, end, number in runs:
        if merged and merged[-1][2] == number and start - merged[-1][1] <= _MERGED_S:
            merged[-1] = (merged[-1][0], end, number)
        else:
            merged.append((start, end, number))
    return (run for run in merged if run[1] - run[0] >= _SHORTEST_S)


def is_copy(track: Track, louder: Track, start: float, end: float) -> bool:
    """Return True if most of what a track holds in a time is what a louder one holds."""
    alike = total = 0.0
    while start < end:
        until = min(end, start + _COMPARED_S)
        part = track.part(start, until)
        seconds = until - start
        total += seconds
        if _likeness(part, louder.part(start - _DELAY_S, until + _DELAY_S)) >= _ALIKE:
            alike += seconds
        start = until
    return alike > total / 2


def _likeness(part: "NDArray[np.float32]", longer: "NDArray[np.float32]") -> float:
    """Return the highest correlation of a part with as much of a longer one, from 0 to 1."""
    import numpy as np  # noqa: PLC0415 - keeps `dalston --help` fast

    if not 0 < len(part) <= len(longer):
        return 0.0
    size = 1 << (len(part) + len(longer) - 1).bit_length()
    cross = np.fft.irfft(np.fft.rfft(longer, size) * np.conj(np.fft.rfft(part, size)), size)
    sums = np.concatenate(([0.0], np.cumsum(longer.astype(np.float64) ** 2)))
    energies = sums[len(part) :] - sums[: len(sums) - len(part)]
    own = float((part.astype(np.float64) ** 2).sum())
    scale = np.sqrt(np.maximum(energies * own, 1e-12))
    return float((np.abs(cross[: len(energies)]) / scale).max())
