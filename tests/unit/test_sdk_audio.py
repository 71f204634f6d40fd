"""Reading the audio that comes over the wire."""

import wave
from pathlib import Path

import numpy as np
import pytest

from dalston_sdk.errors import EngineError
from dalston_sdk.server.audio import WavSamples, check_wav
from dalston_sdk.wire import ErrorCode


def write(
    path: Path, samples: list[int], *, channels: int = 1, width: int = 2, rate: int = 16_000
) -> Path:
    with wave.open(str(path), "wb") as writer:
        writer.setnchannels(channels)
        writer.setsampwidth(width)
        writer.setframerate(rate)
        writer.writeframes(np.array(samples, dtype=f"<i{width}").tobytes())
    return path


def test_samples_lie_from_minus_1_to_1(tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", [-32768, -16384, 0, 16384, 32767])
    samples = WavSamples(path)[:]
    assert samples.dtype == np.float32
    assert samples.shape == (5,)
    assert samples.tolist() == [-1.0, -0.5, 0.0, 0.5, pytest.approx(32767 / 32768)]
    assert check_wav(path) == 5 / 16_000


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"channels": 2}, "the audio has 2 channels, 16 bits and 16000 Hz"),
        ({"width": 4}, "the audio has 1 channels, 32 bits and 16000 Hz"),
        ({"rate": 44_100}, "the audio has 1 channels, 16 bits and 44100 Hz"),
    ],
    ids=["stereo", "32-bit", "44.1-kHz"],
)
def test_another_kind_of_wav(tmp_path: Path, options: dict[str, int], message: str) -> None:
    path = write(tmp_path / "a.wav", [0] * 8, **options)
    with pytest.raises(EngineError, match=message) as caught:
        check_wav(path)
    assert caught.value.code == ErrorCode.AUDIO_INVALID
    assert caught.value.hint == "send a WAV file with 16 kHz mono PCM16"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not a WAV file with PCM: it ends early"),
        (b"RIFF", "not a WAV file with PCM: it ends early"),
        (b"ID3\x04" * 40, "not a WAV file with PCM: file does not start with RIFF id"),
    ],
    ids=["empty", "cut", "mp3"],
)
def test_not_a_wav(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(content)
    with pytest.raises(EngineError, match=message):
        check_wav(path)


def test_float_wav(tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", [0] * 8)
    content = bytearray(path.read_bytes())
    content[20] = 3  # WAVE_FORMAT_IEEE_FLOAT
    path.write_bytes(content)
    with pytest.raises(EngineError, match="unknown format: 3"):
        check_wav(path)


def test_a_wav_that_was_cut_off(tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", [0] * 1000)
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(EngineError, match="the audio is shorter than its header says"):
        check_wav(path)


def test_no_samples(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="the audio has no samples"):
        check_wav(write(tmp_path / "a.wav", []))


def test_a_file_that_went_away(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="cannot be opened: No such file"):
        WavSamples(tmp_path / "gone.wav")
