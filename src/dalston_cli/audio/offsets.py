"""Where the tracks of a recording begin, relative to each other, and how that is known.

In this order: a file beside them; time references of Broadcast Wave files; equal lengths; sound
that several microphones picked up; times at which files were created; else nothing, and all begin
together.

Reference:
    EBU Tech 3285 (``TimeReference``). Knapp and Carter (1976), "The Generalized Correlation Method
    for Estimation of Time Delay", IEEE Transactions on Acoustics, Speech and Signal Processing 24:
    its phase transform finds the delay.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from dalston_cli.audio.decoded_samples import read_samples, slower
from dalston_cli.audio.wav import SAMPLE_RATE
from dalston_sdk.wire import StartSource

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_DAY_S = 86_400
_SAME_LENGTH_S = 0.05
_MOST_APART_S = 12 * 3600.0
"""Files that were begun further apart are of other occasions, or of clocks that were not set."""

_MOST_COMPARED = 20
"""Tracks that are compared with each other; more take too long."""

_FACTOR = 8
_RATE = SAMPLE_RATE // _FACTOR
_MOST_S = 3600
_LEVELLED_S = 0.1
_SURE = 9.0
"""Standard deviations of the correlation that its peak has to reach; unrelated sound reaches 6."""
_UNIQUE = 0.7
_AROUND_S = 0.03


class TrackClock(Struct, frozen=True, kw_only=True):
    """What is known of a track's start.

    Attributes:
        wav: Its decoded audio.
        told_s: From a file beside it, in seconds from the first track.
        reference_s: Of a Broadcast Wave file, in seconds from a midnight; 0 where none was set.
        created: When the file says that it was begun, as ISO 8601 with a time.
    """

    wav: Path
    duration_s: float
    told_s: float | None = None
    reference_s: float | None = None
    created: str | None = None


class Start(Struct, frozen=True, kw_only=True):
    """Where a track begins, in seconds from the first, and how that is known."""

    start_s: float
    source: StartSource


def starts_of(clocks: Sequence[TrackClock]) -> tuple[Start, ...]:
    """Return where each track begins; at least one begins at 0."""
    told = [clock.told_s for clock in clocks]
    if (known := _all(told)) is not None:
        return _from_first(known, "info")
    references = _all([clock.reference_s for clock in clocks])
    if references is not None and _is_one_clock(references):
        return _from_first(references, "bext")
    lengths = [clock.duration_s for clock in clocks]
    if max(lengths) - min(lengths) <= _SAME_LENGTH_S:
        return tuple(Start(start_s=0.0, source="length") for _ in clocks)
    return _by_sound(clocks)


def _all(times: Sequence[float | None]) -> list[float] | None:
    known = [time for time in times if time is not None]
    return known if len(known) == len(times) else None


def _is_one_clock(references: Sequence[float]) -> bool:
    """Return False if one of the times was never set, or they are of different days."""
    is_set = all(time % _DAY_S for time in references)
    return is_set and max(references) - min(references) <= _MOST_APART_S


def _from_first(times: Sequence[float], source: StartSource) -> tuple[Start, ...]:
    first = min(times)
    return tuple(Start(start_s=round(time - first, 3), source=source) for time in times)


def _by_sound(clocks: Sequence[TrackClock]) -> tuple[Start, ...]:
    """Compare each track with those whose place is known, from the longest on."""
    signals = [_levelled(slower(read_samples(one.wav), _FACTOR, _MOST_S * _RATE)) for one in clocks]
    longest = max(range(len(clocks)), key=lambda number: clocks[number].duration_s)
    placed = {longest: 0.0}
    pending = [number for number in range(len(clocks)) if number != longest]
    while pending and len(clocks) <= _MOST_COMPARED:
        found = _next_found(signals, placed, pending)
        if found is None:
            break
        number, start_s = found
        placed[number] = start_s
        pending.remove(number)
    sources: dict[int, StartSource] = {
        number: "sound" if len(placed) > 1 else "none" for number in placed
    }
    for number in pending:
        apart_s = _created_apart(clocks[longest], clocks[number])
        placed[number] = 0.0 if apart_s is None else apart_s
        sources[number] = "none" if apart_s is None else "created"
        if apart_s is not None and sources[longest] == "none":
            sources[longest] = "created"
    first = min(placed.values())
    return tuple(
        Start(start_s=round(placed[number] - first, 3), source=sources[number])
        for number in range(len(clocks))
    )


def _next_found(
    signals: "Sequence[NDArray[np.float32]]", placed: Mapping[int, float], pending: Sequence[int]
) -> tuple[int, float] | None:
    for number in pending:
        for reference, start_s in placed.items():
            lag_s = lag_between(signals[reference], signals[number])
            if lag_s is not None:
                return number, start_s + lag_s
    return None


def _created_apart(one: TrackClock, other: TrackClock) -> float | None:
    if one.created is None or other.created is None:
        return None
    first, second = datetime.fromisoformat(one.created), datetime.fromisoformat(other.created)
    if (first.tzinfo is None) != (second.tzinfo is None):
        return None
    apart_s = (second - first).total_seconds()
    return apart_s if abs(apart_s) <= _MOST_APART_S else None


def _levelled(samples: "NDArray[np.float32]") -> "NDArray[np.float32]":
    """Return samples of which each tenth of a second is as loud as the others; silence stays."""
    import numpy as np  # noqa: PLC0415 - keeps `dalston --help` fast

    size = round(_LEVELLED_S * _RATE)
    whole = samples[: len(samples) // size * size].reshape(-1, size)
    whole = whole - whole.mean(axis=1, keepdims=True)
    loudness = np.sqrt((whole**2).mean(axis=1, keepdims=True))
    levelled: NDArray[np.float32] = (whole / np.maximum(loudness, 1e-4)).ravel()
    return levelled


def lag_between(reference: "NDArray[np.float32]", other: "NDArray[np.float32]") -> float | None:
    """Return the seconds by which a signal begins later than another that has the same sound.

    Args:
        reference: float32, shape (num_samples,), 2 kHz.
        other: The same.

    Returns:
        None where they have too little in common to be sure.
    """
    import numpy as np  # noqa: PLC0415 - keeps `dalston --help` fast

    if not (len(reference) and len(other)):
        return None
    size = 1 << (len(reference) + len(other) - 1).bit_length()
    cross = np.fft.rfft(reference, size) * np.conj(np.fft.rfft(other, size))
    cross /= np.maximum(np.abs(cross), 1e-9)
    cross[: size * 100 // _RATE] = 0  # hum
    correlation = np.abs(np.fft.irfft(cross, size))
    peak = int(correlation.argmax())
    highest = float(correlation[peak])
    if highest < _SURE * float(np.sqrt((correlation**2).mean())):
        return None
    around = np.arange(-round(_AROUND_S * _RATE), round(_AROUND_S * _RATE) + 1)
    correlation[(peak + around) % size] = 0
    if float(correlation.max()) > _UNIQUE * highest:
        return None
    lag = peak if peak < len(reference) else peak - size
    return lag / _RATE
