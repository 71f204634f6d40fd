"""The heights of a waveform, of sounds that are known to the sample."""

from pathlib import Path

import pytest
from tests.support.sounds import silence, tone, write_wav

from dalston_cli.audio.request import Pause
from dalston_cli.audio.waveform import measure


@pytest.fixture
def wav(tmp_path: Path) -> Path:
    """A second of silence, one that is half as loud as the last, and that."""
    sounds = (silence(1.0), tone(1.0, 440.0, peak=0.25), tone(1.0, 440.0))
    return write_wav(tmp_path / "a.wav", *sounds)


@pytest.mark.parametrize(
    ("most", "heights", "per_second"),
    [(3, (0, 128, 255), 1.0), (1, (255,), 0.333333), (6, (0, 0, 128, 128, 255, 255), 2.0)],
)
def test_heights(wav: Path, most: int, heights: tuple[int, ...], per_second: float) -> None:
    found = measure(wav, most=most)
    assert found.heights == pytest.approx(heights, abs=1)
    assert found.per_second == per_second


def test_a_long_recording_has_no_more_heights_than_a_screen_shows(tmp_path: Path) -> None:
    found = measure(write_wav(tmp_path / "a.wav", silence(100.0)))
    assert set(found.heights) == {0}
    assert (len(found.heights), found.per_second) == (1667, 16.67)


def test_pauses_keep_their_place(wav: Path) -> None:
    found = measure(wav, (Pause(at_s=2.0, length_s=1.0),), most=4)
    assert found.heights == pytest.approx((0, 128, 0, 255), abs=1)


def test_nothing(tmp_path: Path) -> None:
    assert measure(write_wav(tmp_path / "a.wav", silence(0.0))).heights == ()
