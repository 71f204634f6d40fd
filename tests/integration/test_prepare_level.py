"""Speech far below full scale, or above it: it reaches engines at a level that they know."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.support import recordings
from tests.support.decoding import decode
from tests.support.recordings import SAMPLE_RATE


@pytest.fixture(scope="module")
def speech(tmp_path_factory: pytest.TempPathFactory) -> NDArray[np.float32]:
    """Speech as floats, 1 at full scale."""
    folder = tmp_path_factory.mktemp("speech")
    decode(recordings.EXAMPLES / "lecture.mp4", folder)
    return (recordings.read_wav(folder / "audio.wav") / 32768).astype(np.float32)


def by(decibels: float, samples: NDArray[np.float32]) -> NDArray[np.float32]:
    return (samples * 10 ** (decibels / 20)).astype(np.float32)


@pytest.mark.parametrize("decibels", [-70, -50, 20, 40])
def test_floats_of_any_level_become_speech_of_a_usual_one(
    tmp_path: Path, speech: NDArray[np.float32], decibels: float
) -> None:
    source = recordings.write_float_wav(tmp_path / "in.wav", by(decibels, speech))

    decoded = decode(source, tmp_path)

    samples = recordings.read_wav(tmp_path / "audio.wav")
    assert recordings.likeness(samples, (speech * 32768).astype(np.int16)) > 0.999
    assert 2_000 < np.abs(samples.astype(int)).max() < 32_767
    [notice] = decoded.warnings
    assert notice.code == "unusual_level"
    told = "was raised by" if decibels < 0 else "beyond full scale and was lowered by"
    assert told in notice.message


@pytest.mark.parametrize("decibels", [-25, 0, 5])
def test_ordinary_levels_stay_to_the_bit(
    tmp_path: Path, speech: NDArray[np.float32], decibels: float
) -> None:
    samples = by(decibels, speech)
    source = recordings.write_float_wav(tmp_path / "in.wav", samples)

    assert decode(source, tmp_path).warnings == ()

    expected = np.rint(samples.clip(-1, 1) * 32768).clip(-32768, 32767)
    assert np.array_equal(recordings.read_wav(tmp_path / "audio.wav"), expected)


def test_16_bits(tmp_path: Path, speech: NDArray[np.float32]) -> None:
    quiet = np.rint(by(-45, speech) * 32768).astype(np.int16)

    [notice] = decode(recordings.write_wav(tmp_path / "in.wav", quiet), tmp_path).warnings

    assert notice.code == "unusual_level"
    samples = recordings.read_wav(tmp_path / "audio.wav")
    assert recordings.likeness(samples, (speech * 32768).astype(np.int16)) > 0.99


def test_channels_of_their_own_keep_their_distance(
    tmp_path: Path, speech: NDArray[np.float32]
) -> None:
    """Keep what one channel picks up of the other one below it."""
    both = np.stack((speech, by(-50, speech)), axis=1) * 32768
    source = recordings.write_wav(tmp_path / "in.wav", np.rint(both).astype(np.int16))

    assert decode(source, tmp_path, channels="split").warnings == ()
    assert np.abs(recordings.read_wav(tmp_path / "channel-1.wav").astype(int)).max() < 200

    assert decode(source, tmp_path, channels=1).warnings[0].code == "unusual_level"
    assert np.abs(recordings.read_wav(tmp_path / "channel-1.wav").astype(int)).max() > 2_000


def test_silence_and_what_16_bits_leave_of_it_stay(tmp_path: Path) -> None:
    rounded = np.random.default_rng(1).integers(-1, 2, 4 * SAMPLE_RATE).astype(np.int16)
    source = recordings.write_wav(tmp_path / "in.wav", rounded)

    assert decode(source, tmp_path).warnings == ()
    assert np.array_equal(recordings.read_wav(tmp_path / "audio.wav"), rounded)
