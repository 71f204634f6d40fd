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
