"""Decoding asks Python for little: calls are counted, as seconds depend on the machine."""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import pytest
from tests.support import recordings
from tests.support.decoding import decode

from dalston_cli.audio import decode as library
from dalston_cli.audio.decode import DecodingStoppedError
from dalston_cli.audio.request import AudioRequest

MOST_CALLS = 15
"""Calls of functions for each frame of 26 ms; 37 when each was resampled by itself."""

MP3_FRAME_S = 1152 / 44_100


class Calls:
    """Counts calls in all threads."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, frame: FrameType, event: str, argument: object) -> None:
        del frame, argument
        if event in ("call", "c_call"):
            self.count += 1


@contextmanager
def counting() -> Iterator[Calls]:
    calls = Calls()
    threading.setprofile(calls)
    sys.setprofile(calls)
    try:
        yield calls
    finally:
        sys.setprofile(None)
        threading.setprofile(None)


@pytest.fixture(scope="module")
def stereo_mp3(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A minute of what most people have: MP3, 44.1 kHz, stereo."""
    return recordings.make(
        tmp_path_factory.mktemp("mp3"),
        b"minute.mp3",
        *("-ar", "44100", "-ac", "2", "-af", "aloop=loop=-1:size=2000000,atrim=end=60"),
    )


def test_a_frame_costs_few_calls(tmp_path: Path, stereo_mp3: Path) -> None:
    decode(stereo_mp3, tmp_path)  # imports what it needs
    with counting() as calls:
        decoded = decode(stereo_mp3, tmp_path)
    assert decoded.info.duration_s == pytest.approx(60, abs=0.2)
    assert calls.count / (decoded.info.duration_s / MP3_FRAME_S) < MOST_CALLS


def test_a_decoding_that_is_stopped_leaves_no_thread(tmp_path: Path, stereo_mp3: Path) -> None:
    asked: list[bool] = []

    def is_stopped() -> bool:
        asked.append(True)
        return len(asked) > 16  # after more than is decoded without another thread

    with pytest.raises(DecodingStoppedError):
        library.decode(AudioRequest(source=stereo_mp3, folder=tmp_path), is_stopped)
    assert not [one for one in threading.enumerate() if one.name.startswith("decode-ahead")]
    assert list(tmp_path.iterdir()) == []
