"""Channels with speech of their own: lines that are apart, and nothing else."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from tests.support.decoding import decode
from tests.support.recordings import write_wav
from tests.support.sounds import Sound, band, silence

from dalston_cli.audio.own_speech import OwnSpeech

STEREO = ("FL", "FR")


def talk(seed: int, *, peak: float = 0.5, turn: int = 0, of: int = 2) -> Sound:
    """Noise for two seconds of each round of turns, twelve seconds in all."""
    loud = band(12, 200, 3_000, peak=peak, seed=seed)
    number = np.arange(len(loud)) // (2 * 16_000)
    return np.where(number % of == turn, loud, 0).astype(np.float32)


ADA, BOB, CARL = talk(1), talk(2, turn=1), talk(3, turn=2, of=3)
HUM = band(12, 50, 200, peak=0.02, seed=4)
MUSIC = band(12, 100, 6_000, seed=5)


def channels(*sounds: Sound, positions: Sequence[str] = STEREO) -> tuple[int, ...]:
    measured = OwnSpeech()
    block = np.stack(sounds).astype(np.float32)
    for first in range(0, block.shape[1], 50_000):
        measured.add(block[:, first : first + 50_000], positions)
    return measured.channels()


@pytest.mark.parametrize(
    ("sounds", "found"),
    [
        pytest.param((ADA, BOB), (0, 1), id="a-call"),
        pytest.param((ADA + 0.1 * BOB, BOB + 0.1 * ADA), (0, 1), id="with-echoes"),
        pytest.param((ADA, 0.05 * BOB), (0, 1), id="one-is-far"),
        pytest.param((ADA + 0.4 * BOB, BOB + 0.4 * ADA), (), id="two-microphones-of-a-room"),
        pytest.param((MUSIC, 0.7 * MUSIC), (), id="music"),
        pytest.param((ADA, ADA), (), id="twice-the-same"),
        pytest.param((ADA, -ADA), (), id="opposite"),
        pytest.param((ADA, silence(12)), (0,), id="one-line-is-silent"),
        pytest.param((ADA, 0.1 * ADA + HUM), (0,), id="one-has-noise-in-pauses"),
        pytest.param((MUSIC, talk(6)), (), id="both-at-once"),
        pytest.param((silence(12), silence(12)), (), id="silence"),
        pytest.param((ADA,), (), id="one-channel"),
    ],
)
def test_lines_that_are_apart(sounds: tuple[Sound, ...], found: tuple[int, ...]) -> None:
    assert channels(*sounds) == found


def test_any_number_of_channels() -> None:
    ada, bob = talk(1, of=3), talk(2, turn=1, of=3)
    assert channels(ada, silence(12), bob, CARL, positions=("NONE",) * 4) == (0, 2, 3)


def test_surround_says_nothing_of_speakers() -> None:
    sounds = (talk(1, of=3), talk(2, turn=1, of=3), CARL)
    assert channels(*sounds, positions=("FL", "FR", "FC")) == ()


def test_channels_that_change_on_the_way_and_samples_beyond_any_scale() -> None:
    measured = OwnSpeech()
    measured.add(np.stack([ADA, BOB]), STEREO)
    measured.add(np.stack([ADA, BOB, CARL]), ("NONE",) * 3)
    measured.add(np.full((2, 1_600), 3e38, np.float32), STEREO)
    measured.add(np.zeros((2, 10), np.float32), STEREO)
    assert measured.channels() == (0, 1)


def test_the_mix_of_a_recording_has_them(tmp_path: Path) -> None:
    pcm = (np.stack([ADA, BOB], axis=1) * 32_767).astype(np.int16)
    source = write_wav(tmp_path / "call.wav", pcm)

    [mix] = decode(source, tmp_path).channels
    apart = decode(source, tmp_path, channels="split").channels
    [one] = decode(source, tmp_path, channels=1).channels

    assert mix.speaking == (0, 1)
    assert [each.speaking for each in (*apart, one)] == [(), (), ()]
