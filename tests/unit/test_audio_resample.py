"""Frames are resampled many at a time; the samples are those of one frame at a time."""

from itertools import chain

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

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


def test_another_kind_within_a_run_begins_a_block() -> None:
    first, second = frames("stereo", 44_100, 60), frames("mono", 22_050, 50, seed=2)
    resampler = Resampler(raw_floats=False)
    blocks = chain(resampler.push([*first, *second]), resampler.flush())
    shapes = [(len(block), resampler.positions) for block in blocks]
    assert shapes == [(2, ("FL", "FR"))] * (len(shapes) - 2) + [(1, ("FC",))] * 2


@pytest.mark.parametrize("channels", [64, 65, 100])
def test_more_channels_than_the_library_takes_are_resampled_in_groups(channels: int) -> None:
    noise = np.random.default_rng(3).uniform(-1, 1, (1, FRAME_SAMPLES * channels))
    frame = av.AudioFrame.from_ndarray(
        noise.astype(np.float32), format="flt", layout=f"{channels} channels"
    )
    frame.sample_rate = SAMPLE_RATE
    (block,) = in_runs([frame], 1)
    np.testing.assert_array_equal(block, noise.astype(np.float32).reshape(-1, channels).T)
