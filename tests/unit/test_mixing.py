"""A stereo mix is the mean of its channels, to the bit, however the samples lie in memory."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from dalston_cli.audio.mixing import Mixer


def stereo(seed: int, num_samples: int) -> NDArray[np.float32]:
    """Return two unrelated channels, shape (2, num_samples), in [-1, 1)."""
    samples = np.random.default_rng(seed).uniform(-1, 1, (2, num_samples))
    return samples.astype(np.float32)


@given(seed=st.integers(0, 2**32 - 1), num_samples=st.integers(1, 9_000))
def test_stereo_is_mixed_to_its_mean(seed: int, num_samples: int) -> None:
    block = stereo(seed, num_samples)
    mixer = Mixer()
    mixed = mixer.mix(block, ("FL", "FR"))
    if not mixer.replaced:  # a few samples can cancel by chance
        np.testing.assert_array_equal(mixed, block.mean(axis=0))


@pytest.mark.parametrize("num_samples", [4_000, 32_000], ids=["a window", "a block"])
def test_samples_may_lie_between_those_of_the_other_channel(num_samples: int) -> None:
    block = stereo(1, num_samples)
    between = np.ascontiguousarray(block.T).T
    mixer = Mixer()
    mixed = mixer.mix(between, ("FL", "FR"))
    assert not mixer.replaced
    np.testing.assert_array_equal(mixed, block.mean(axis=0))


def speech_like(seed: int, num_samples: int) -> NDArray[np.float32]:
    """Return noise of which the low parts are the loudest, with pauses, in [-1, 1]."""
    random = np.random.default_rng(seed)
    noise = np.cumsum(random.standard_normal(num_samples)) * 0.01
    noise -= np.convolve(noise, np.ones(400) / 400, mode="same")
    loud = np.repeat(random.uniform(0, 1, num_samples // 4000) ** 4, 4000)
    speech: NDArray[np.float32] = (noise * loud / np.abs(noise).max()).astype(np.float32)
    return speech


@given(
    seed=st.integers(0, 2**32 - 1),
    like=st.floats(-1, 1),
    gain=st.floats(-1.5, 1.5),
    hum=st.sampled_from([0.0, 0.001, 0.3]),
)
def test_the_quick_look_takes_no_mean_that_the_spectra_would_not(
    seed: int, like: float, gain: float, hum: float
) -> None:
    left, other = speech_like(seed, 32_000), speech_like(seed + 1, 32_000)
    tone = hum * np.sin(np.arange(32_000) * 2 * np.pi * 50 / 16_000)
    block = np.stack([left + tone, like * left + gain * other + tone]).astype(np.float32)
    quick, thorough = Mixer(), Mixer()
    mixed = quick.mix(block, ("FL", "FR"))
    windows = [block[:, start : start + 4000] for start in range(0, 32_000, 4000)]
    np.testing.assert_array_equal(mixed, np.concatenate([*thorough._mixed(windows, None)]))
    assert quick.replaced == thorough.replaced


def test_a_pair_that_is_alike_has_no_spectra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(np.fft, "rfft")
    left = speech_like(5, 32_000)
    np.testing.assert_array_equal(Mixer().mix(np.stack([left, left]), ("FL", "FR")), left)
