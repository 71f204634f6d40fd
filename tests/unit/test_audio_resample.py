"""Frames are resampled many at a time; the samples are those of one frame at a time."""

from itertools import chain
from typing import Any

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from dalston_cli.audio.frames import MAX_PLANES, Joiner, channels_of
from dalston_cli.audio.resample import Resampler
from dalston_cli.audio.wav import SAMPLE_RATE

FRAME_SAMPLES = 1152


def frames(layout: str, rate: int, count: int, seed: int = 1) -> list[av.AudioFrame]:
    """Make noise as a decoder of MP3 gives it."""
    channels = av.AudioLayout(layout).nb_channels
    noise = np.random.default_rng(seed).uniform(-1, 1, (count, channels, FRAME_SAMPLES))
    return [_frame(samples, layout, rate) for samples in noise.astype(np.float32)]


def _frame(samples: NDArray[np.float32], layout: str, rate: int) -> av.AudioFrame:
    made = av.AudioFrame.from_ndarray(samples, format="fltp", layout=layout)
    made.sample_rate = rate
    return made


def packed_frame(samples: NDArray[Any], layout: str) -> av.AudioFrame:
    """Return samples of the shape (num_samples, num_channels) as one frame."""
    made = av.AudioFrame.from_ndarray(
        samples.astype(np.float32).reshape(1, -1), format="flt", layout=layout
    )
    made.sample_rate = SAMPLE_RATE
    return made


def one_by_one(given: list[av.AudioFrame]) -> NDArray[np.float32]:
    """Resample with the library's own resampler, asked after each frame."""
    inner = av.AudioResampler(format="flt", rate=SAMPLE_RATE)
    got = [part for one in (*given, None) for part in inner.resample(one)]
    channels = given[0].layout.nb_channels
    return np.concatenate([part.to_ndarray().reshape(-1, channels).T for part in got], axis=1)


def in_runs(given: list[av.AudioFrame], run: int) -> list[NDArray[np.float32]]:
    resampler = Resampler(raw_floats=False)
    blocks: list[NDArray[np.float32]] = []
    for start in range(0, len(given), run):
        blocks += resampler.push(given[start : start + run])
    return [*blocks, *resampler.flush()]


@settings(max_examples=12, deadline=None)
@given(
    layout=st.sampled_from(["mono", "stereo", "5.1"]),
    rate=st.sampled_from([8000, 16_000, 22_050, 44_100, 48_000]),
    run=st.sampled_from([1, 7, 40, 1000]),
)
def test_samples_do_not_depend_on_how_many_frames_come_together(
    layout: str, rate: int, run: int
) -> None:
    given = frames(layout, rate, 90)
    got = in_runs(given, run)
    np.testing.assert_array_equal(np.concatenate(got, axis=1), one_by_one(frames(layout, rate, 90)))
    assert all(block.shape[1] == 2 * SAMPLE_RATE for block in got[:-1])


def joined(given: list[av.AudioFrame]) -> list[av.AudioFrame]:
    joiner = Joiner()
    for frame in given:
        joiner.add(frame)
    return joiner.take()


@settings(max_examples=12, deadline=None)
@given(
    layout=st.sampled_from(["mono", "stereo", "5.1"]),
    rate=st.sampled_from([8000, 11_025, 22_050, 44_100, 48_000, 96_000]),
    count=st.integers(1, 130),
)
def test_samples_do_not_depend_on_how_long_the_frames_are(
    layout: str, rate: int, count: int
) -> None:
    long = joined(frames(layout, rate, count))
    assert len(long) <= 1 + count * FRAME_SAMPLES // 2**15
    got = np.concatenate(in_runs(long, 1), axis=1)
    np.testing.assert_array_equal(got, one_by_one(frames(layout, rate, count)))


def test_frames_of_several_kinds_are_joined_in_order() -> None:
    kinds = [("mono", 8000), ("mono", 16_000), ("stereo", 16_000), ("2.1", 16_000), ("3.0", 16_000)]
    given = [frame for layout, rate in kinds for frame in frames(layout, rate, 3)]
    many = frames("stereo", 8000, 1)[0]
    wide = [packed_frame(np.zeros((9, MAX_PLANES + 1)), "7.1") for _ in range(2)]
    long = joined([*given, *wide, many])
    assert [(one.layout.name, one.sample_rate, one.samples) for one in long] == [
        *((layout, rate, 3 * FRAME_SAMPLES) for layout, rate in kinds),
        *[("7.1", SAMPLE_RATE, 9)] * 2,
        ("stereo", 8000, FRAME_SAMPLES),
    ]
    assert long[-2] is wide[1]
    assert joined([]) == []


def test_a_frame_s_own_samples_are_not_copied() -> None:
    frame = packed_frame(np.arange(6).reshape(3, 2), "stereo")
    channels_of(frame)[1, 2] = 9
    np.testing.assert_array_equal(frame.to_ndarray(), [[0, 1, 2, 3, 4, 9]])


def test_another_kind_within_a_run_begins_a_block() -> None:
    first, second = frames("stereo", 44_100, 60), frames("mono", 22_050, 50, seed=2)
    resampler = Resampler(raw_floats=False)
    blocks = chain(resampler.push([*first, *second]), resampler.flush())
    shapes = [(len(block), resampler.positions) for block in blocks]
    assert shapes == [(2, ("FL", "FR"))] * (len(shapes) - 2) + [(1, ("FC",))] * 2


@pytest.mark.parametrize("channels", [64, 65, 100])
def test_more_channels_than_the_library_takes_are_resampled_in_groups(channels: int) -> None:
    noise = np.random.default_rng(3).uniform(-1, 1, (FRAME_SAMPLES, channels))
    frame = packed_frame(noise, f"{channels} channels")
    (block,) = in_runs([frame], 1)
    np.testing.assert_array_equal(block, noise.astype(np.float32).T)
