"""Which levels are brought to that of speech, and by how much."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from dalston_cli.audio.level import Level
from dalston_cli.audio.wav import SAMPLE_RATE

USUAL_DB = -20.0


def sound(level_db: float, *, seconds: float = 2.0) -> NDArray[np.float32]:
    """Make noise of a level, in dB of full scale."""
    samples = np.random.default_rng(1).standard_normal(round(seconds * SAMPLE_RATE))
    return (samples * 10 ** (level_db / 20)).astype(np.float32)


def gain_db(samples: NDArray[np.float32], *, raises: bool = True) -> float:
    """Return the gain for a recording of several blocks of silence and one of sound."""
    level = Level()
    for block in (np.zeros(2 * SAMPLE_RATE, dtype=np.float32), samples):
        level.add(block)
    usual = level.brought_to_usual(raises=raises)
    return 0.0 if usual is None else usual.gain_db


@pytest.mark.parametrize("level_db", [-88, -70, -51, 1, 20])
@pytest.mark.parametrize("seconds", [2.0, 0.3])
def test_what_is_quiet_or_beyond_full_scale_becomes_usual(level_db: float, seconds: float) -> None:
    found = gain_db(sound(level_db, seconds=seconds))

    assert level_db + found == pytest.approx(USUAL_DB, abs=1)


@pytest.mark.parametrize("level_db", [-120, -92, -48, -30, -20, -10])
def test_what_speech_usually_has_stays(level_db: float) -> None:
    assert gain_db(sound(level_db)) == 0


def test_a_click_does_not_make_a_recording_loud() -> None:
    samples = sound(-70)
    samples[1000:1800] = 0.9
    assert USUAL_DB - gain_db(samples) == pytest.approx(-70, abs=1)


def test_one_bad_sample_does_not_make_a_recording_silent() -> None:
    samples = sound(-25)
    samples[1000] = 1e30
    assert gain_db(samples) == 0


def test_a_constant_is_no_sound_and_is_not_raised_beyond_full_scale() -> None:
    constant = np.full(2 * SAMPLE_RATE, 0.02, dtype=np.float32)
    assert gain_db(constant) == 0
    assert 0 < gain_db(constant + sound(-70)) < 25


def test_quiet_tracks_beside_others_stay() -> None:
    assert gain_db(sound(-70), raises=False) == 0
    assert gain_db(sound(10), raises=False) == pytest.approx(-30, abs=1)


def measured(blocks: list[NDArray[np.float32]]) -> tuple[float, float]:
    """Return the loudest level and the largest offset, with every block measured to the end."""
    levels, offsets = [], []
    for block in blocks:
        frames = block.astype(np.float64).reshape(-1, 320)
        power = np.sort(frames.var(axis=1))
        levels.append(10 * float(np.log10(power[-min(10, len(power) // 2 + 1)] + 1e-12)))
        offsets.append(abs(float(np.median(frames.mean(axis=1)))))
    return max(levels), max(offsets)


@given(
    seed=st.integers(0, 2**32 - 1),
    levels_db=st.lists(st.floats(-100, 20), min_size=1, max_size=8),
    offset=st.sampled_from([0.0, 1e-6, 0.01, 0.4]),
)
def test_blocks_that_are_passed_over_would_change_nothing(
    seed: int, levels_db: list[float], offset: float
) -> None:
    random = np.random.default_rng(seed)
    blocks = [
        (random.standard_normal(16_000) * 10 ** (level / 20) + offset).astype(np.float32)
        for level in levels_db
    ]
    level = Level()
    for block in blocks:
        level.add(block)
    assert (level.loudest_db, level.offset) == measured(blocks)
