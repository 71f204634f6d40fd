"""The length of a usual WAV file is read at a glance, and is what a look at every chunk tells."""

import io
import struct
import wave
from pathlib import Path

import pytest

from dalston_cli.audio.file_bytes import FileBytes
from dalston_cli.audio.length import wav_duration
from dalston_cli.audio.sound_chunk import sound_chunk


def written(*, channels: int = 1, width: int = 2, rate: int = 16_000, frames: int = 100) -> bytes:
    """A WAV file as most programs write it."""
    file = io.BytesIO()
    with wave.open(file, "wb") as wav:
        wav.setparams((channels, width, rate, 0, "NONE", ""))
        wav.writeframes(bytes(range(1, channels * width + 1)) * frames)
    return file.getvalue()


def resized(data: bytes, num_bytes: int) -> bytes:
    """The same with another size of the sound in its header."""
    return data[:40] + struct.pack("<I", num_bytes) + data[44:]


USUAL = written()
SLOW = USUAL[:28] + bytes(4) + USUAL[32:]


@pytest.mark.parametrize(
    ("data", "duration_s"),
    [
        pytest.param(USUAL, 100 / 16_000, id="usual"),
        pytest.param(written(channels=2, width=3, rate=44_100), 100 / 44_100, id="stereo"),
        pytest.param(USUAL + b"LIST\2\0\0\0ab", 100 / 16_000, id="more-chunks"),
        pytest.param(USUAL[:-20], 90 / 16_000, id="cut-off"),
        pytest.param(resized(USUAL, 0), 100 / 16_000, id="no-size"),
        pytest.param(resized(USUAL, 0xFFFF_FFFF), 100 / 16_000, id="unknown-size"),
        pytest.param(USUAL[:12] + b"LIST\2\0\0\0ab" + USUAL[12:], 100 / 16_000, id="later"),
        pytest.param(written(frames=0), 0.0, id="silent"),
        pytest.param(SLOW, None, id="no-speed"),
        pytest.param(USUAL[:40], None, id="no-sound"),
        pytest.param(b"ID3" + USUAL, None, id="no-wav"),
    ],
)
def test_the_length_of_a_wav_file(tmp_path: Path, data: bytes, duration_s: float | None) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(data)
    with path.open("rb") as source:
        assert wav_duration(source) == duration_s
    with path.open("rb") as source:
        chunk = sound_chunk(FileBytes.of(source))
    if duration_s is not None:
        assert chunk is not None
        assert (chunk.end - chunk.start) / chunk.bytes_per_s == duration_s
