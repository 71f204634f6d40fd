"""Frames on the clock: gaps, jumps, clips; a frame's samples say where they came from."""

from fractions import Fraction
from itertools import pairwise

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from dalston_cli.audio.clip import Clip
from dalston_cli.audio.request import Pause
from dalston_cli.audio.timeline import Timeline, played_s

RATE = 1000


def frame(at: int | None, samples: NDArray[np.int16], *, rate: int = RATE) -> av.AudioFrame:
    made = av.AudioFrame.from_ndarray(samples[np.newaxis], format="s16", layout="mono")
    made.sample_rate = rate
    made.pts = at
    made.time_base = Fraction(1, RATE)
    return made


def timeline(
    *,
    origin: Fraction | None = None,
    declared_s: float | None = None,
    clip: Clip | None = None,
    from_start: bool = True,
) -> Timeline:
    return Timeline(
        time_base=Fraction(1, RATE),
        origin=origin,
        declared_s=declared_s,
        clip=clip or Clip(),
        from_start=from_start,
    )


def play(line: Timeline, *frames: av.AudioFrame) -> list[int]:
    placed = [part for one in frames for part in line.place(one)]
    return [int(value) for part in placed for value in part.to_ndarray()[0]]


def count(start: int, stop: int) -> NDArray[np.int16]:
    return np.arange(start, stop, dtype=np.int16)


def test_gap_becomes_silence() -> None:
    line = timeline(declared_s=1)
    got = play(line, frame(0, count(1, 101)), frame(300, count(301, 401)))
    assert got == [*range(1, 101), *[0] * 200, *range(301, 401)]
    assert line.silence_s == pytest.approx(0.2)
    assert line.position_s == pytest.approx(0.4)


def test_small_gap_is_rounding_unless_something_was_lost() -> None:
    first, second = frame(0, count(0, 100)), frame(120, count(0, 100))
    assert len(play(timeline(declared_s=1), first, second)) == 200
    line = timeline(declared_s=1)
    play(line, frame(0, count(0, 100)))
    line.resync()
    assert len(play(line, frame(120, count(0, 100)))) == 120


@pytest.mark.parametrize(
    ("declared_s", "stamp", "silence_s"),
    [(2, 1500, 1.4), (2, 900_000, 0), (None, 20_000, 19.9), (None, 900_000, 0)],
    ids=["within", "beyond the end", "undeclared and short", "undeclared and long"],
)
def test_broken_time_stamp_makes_no_hours_of_silence(
    declared_s: float | None, stamp: int, silence_s: float
) -> None:
    line = timeline(declared_s=declared_s)
    play(line, frame(0, count(0, 100)), frame(stamp, count(0, 100)))
    assert line.silence_s == pytest.approx(silence_s)


def test_time_stamps_that_go_back_or_are_missing_change_nothing() -> None:
    line = timeline(declared_s=1)
    frames = [frame(at, count(0, 100)) for at in (0, 50, None, 0)]
    assert len(play(line, *frames)) == 400


def test_late_start_counts_only_where_the_origin_is_known() -> None:
    late = frame(500, count(0, 100))
    assert len(play(timeline(origin=Fraction(0), declared_s=1), late)) == 600
    assert len(play(timeline(declared_s=1), frame(500, count(0, 100)))) == 100


def test_after_a_jump_the_first_stamp_counts() -> None:
    line = timeline(origin=Fraction(0), clip=Clip(start=10.05, end=10.15), from_start=False)
    got = play(line, frame(10_000, count(0, 100)), frame(10_100, count(100, 200)))
    assert got == list(range(50, 150))
    assert line.is_past_clip


def test_rate_that_changes_keeps_the_time() -> None:
    line = timeline(declared_s=10)
    play(line, frame(0, count(0, 500)), frame(500, count(0, 1000), rate=2000))
    assert line.position_s == pytest.approx(1.0)
    assert line.silence_s == 0


@given(
    sizes=st.lists(st.integers(1, 300), min_size=1, max_size=12),
    start=st.integers(0, 800),
    length=st.one_of(st.none(), st.integers(1, 800)),
)
def test_clip_is_a_slice_however_the_frames_fall(
    sizes: list[int], start: int, length: int | None
) -> None:
    end = None if length is None else start + length
    clip = Clip(start=start / RATE, end=None if end is None else end / RATE)
    edges = np.cumsum([0, *sizes])
    frames = [frame(int(a), count(int(a), int(b))) for a, b in pairwise(edges)]
    got = play(timeline(declared_s=100, clip=clip), *frames)
    assert got == list(range(int(edges[-1])))[start:end]


@pytest.mark.parametrize(
    ("clock_s", "played"), [(0, 0), (5, 5), (10, 10), (60, 10), (110, 10), (111, 11), (300, 100)]
)
def test_clock_and_played_time(clock_s: float, played: float) -> None:
    pauses = (Pause(at_s=10, length_s=100), Pause(at_s=50, length_s=100))
    assert played_s(pauses, clock_s) == played


def test_more_silence_than_may_be_is_a_number() -> None:
    line = timeline(declared_s=2000)
    got = play(line, frame(0, count(1, 101)), frame(1_000_100, count(1, 101)))
    assert got == [*range(1, 101), *[0] * 5000, *range(1, 101)]
    assert line.pauses == (Pause(at_s=2.6, length_s=995),)
    assert line.position_s == pytest.approx(1000.2)
    assert line.silence_s == pytest.approx(1000)


def test_the_longest_jump_that_is_ignored_is_known() -> None:
    line = timeline(declared_s=2)
    play(line, frame(0, count(0, 100)), frame(900_000, count(0, 100)), frame(8_000, count(0, 10)))
    assert line.ignored_s == pytest.approx(899.9)
