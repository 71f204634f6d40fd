"""The recordings of tests: ten that are good under difficult names, eight that are bad, and others.

All are made by ffmpeg or byte by byte when they are asked for.
"""

import os
import shutil
import struct
import subprocess
import wave
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
SAMPLE_RATE = 16_000

GOOD: Mapping[bytes, Sequence[str]] = {
    b"plain.wav": (),
    b"two words.mp3": ("-ar", "44100", "-ac", "2"),
    b'it\'s "quoted".m4a': ("-c:a", "aac"),
    b"[brackets] (and) {more}.flac": (),
    b"line\nbreak.ogg": ("-c:a", "libvorbis"),
    "emoji 🎙️ ünï.opus".encode(): ("-c:a", "libopus"),
    b"-rf --leading dash.mp4": ("-c:a", "aac", "-ar", "48000"),
    b"not utf-8 \xff\xfe.mkv": ("-c:a", "aac"),
    b"concat:a|b %d *.wav": ("-c:a", "pcm_s24le", "-ar", "48000"),
    b"http:$(x) & ;.wav": ("-c:a", "pcm_f32le", "-ac", "2"),
}
"""Names, and how ffmpeg makes them; each container and codec, and each trap of a shell, once."""

BAD: Mapping[str, str] = {
    "empty.wav": "recording_empty",
    "text.wav": "not_media",
    "truncated.m4a": "recording_incomplete",
    "silent-film.mp4": "no_audio_stream",
    "no-samples.wav": "no_samples",
    "nan.wav": "non_finite_samples",
    "directory.wav": "recording_is_directory",
    "unreadable.wav": "recording_unreadable",
}
"""Names, and the code of the error that each ends in."""


def make_good(folder: Path, *, speech: Path = EXAMPLES / "lecture.mp4") -> tuple[Path, ...]:
    """Ten recordings of the same speech, in ten containers and codecs under ten odd names."""
    return tuple(
        make(folder, name, *options, speech=speech, number=number)
        for number, (name, options) in enumerate(GOOD.items())
    )


def make_bad(folder: Path) -> dict[Path, str]:
    """Eight files that cannot be transcribed, with the code of the error that says why."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "empty.wav").touch()
    (folder / "text.wav").write_text("These are only words, written and not spoken.\n" * 40)
    whole = make(folder, b"truncated.m4a", "-c:a", "aac").read_bytes()
    (folder / "truncated.m4a").write_bytes(whole[: len(whole) // 2])
    picture = ("-f", "lavfi", "-i", "color=c=blue:size=64x64:rate=5:duration=1")
    ffmpeg(*picture, "-c:v", "mpeg4", folder / "silent-film.mp4")
    write_wav(folder / "no-samples.wav", np.zeros(0, dtype=np.int16))
    write_float_wav(folder / "nan.wav", np.full(SAMPLE_RATE, np.nan, dtype=np.float32))
    (folder / "directory.wav").mkdir()
    make_unreadable(folder / "unreadable.wav")
    return {folder / name: code for name, code in BAD.items()}


def make(
    folder: Path,
    name: bytes | str,
    *options: str,
    speech: Path = EXAMPLES / "lecture.mp4",
    number: int = 0,
) -> Path:
    """One recording of ``speech`` made by ffmpeg, moved to a name that ffmpeg would not take."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / os.fsdecode(name)
    plain = folder / f"made-{number}{Path(os.fsdecode(name)).suffix}"
    ffmpeg("-i", speech, "-vn", *options, plain)
    return plain.rename(path)


def make_unreadable(path: Path) -> None:
    """A file the system refuses to read; root may read any, but not through a loop of links."""
    if os.geteuid() == 0:
        path.symlink_to(path.name)
    else:
        path.write_bytes(b"RIFF")
        path.chmod(0)


def ffmpeg(*arguments: str | Path) -> None:
    """Run ffmpeg, or skip the test where there is none."""
    if shutil.which("ffmpeg") is None:
        pytest.skip("ffmpeg is not installed: apt-get install ffmpeg")
    command = ["ffmpeg", "-nostdin", "-v", "error", "-y", *map(str, arguments)]
    subprocess.run(command, check=True, timeout=120)


def ffmpeg_samples(path: Path, *options: str, num_channels: int = 1) -> NDArray[np.int16]:
    """Return ffmpeg's own samples at 16 kHz, shape (num_samples, num_channels)."""
    if shutil.which("ffmpeg") is None:
        pytest.skip("ffmpeg is not installed: apt-get install ffmpeg")
    raw = subprocess.run(
        [
            *("ffmpeg", "-nostdin", "-v", "error", "-i", f"file:{path}", "-vn", *options),
            *("-ar", str(SAMPLE_RATE), "-ac", str(num_channels), "-f", "s16le", "-"),
        ],
        check=True,
        capture_output=True,
        timeout=120,
    ).stdout
    return np.frombuffer(raw, dtype="<i2").astype(np.int16).reshape(-1, num_channels)


def tone(duration_s: float, *, hertz: float = 440.0, rate: int = SAMPLE_RATE) -> NDArray[np.int16]:
    """A sine at half scale, int16, shape (num_samples,)."""
    times = np.arange(round(duration_s * rate)) / rate
    wave_form: NDArray[np.float64] = np.sin(2 * np.pi * hertz * times)
    return np.rint(wave_form * 16384).astype(np.int16)


def noise(duration_s: float, *, rate: int = SAMPLE_RATE, seed: int = 1) -> NDArray[np.int16]:
    """White noise, in which every position can be told from every other."""
    generator = np.random.default_rng(seed)
    return generator.integers(-12000, 12000, round(duration_s * rate), dtype=np.int16)


def write_wav(path: Path, samples: NDArray[np.int16], *, rate: int = SAMPLE_RATE) -> Path:
    """Write PCM16, shape (num_samples,) or (num_samples, num_channels)."""
    with wave.open(str(path), "wb") as file:
        file.setparams((samples.shape[1] if samples.ndim > 1 else 1, 2, rate, 0, "NONE", ""))
        file.writeframes(samples.astype("<i2").tobytes())
    return path


def write_float_wav(path: Path, samples: NDArray[np.float32], *, rate: int = SAMPLE_RATE) -> Path:
    """Write 32-bit floats, shape (num_samples,); NaN and infinity as they are."""
    data = samples.astype("<f4").tobytes()
    head = struct.pack("<4sIHHIIHH", b"fmt ", 16, 3, 1, rate, rate * 4, 4, 32)
    body = b"WAVE" + head + struct.pack("<4sI", b"data", len(data)) + data
    path.write_bytes(struct.pack("<4sI", b"RIFF", len(body)) + body)
    return path


def read_wav(path: Path) -> NDArray[np.int16]:
    """The samples of a 16 kHz mono PCM16 file; anything else fails."""
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getsampwidth()) == (1, 2)
        assert file.getframerate() == SAMPLE_RATE
        return np.frombuffer(file.readframes(file.getnframes()), dtype="<i2").astype(np.int16)


def likeness(first: NDArray[np.int16], second: NDArray[np.int16], *, max_lag: int = 0) -> float:
    """Correlation of two recordings over their common length, from -1 to 1.

    Args:
        max_lag: Samples by which either may be late; the best lag counts.
    """
    length = min(len(first), len(second))
    one, two = (each[:length].astype(np.float64) for each in (first, second))
    energies = [np.concatenate(([0.0], np.cumsum(each * each))) for each in (one, two)]

    def correlation(late: int, later: int) -> float:
        """Of ``one`` from ``late`` on with ``two`` from ``later`` on."""
        common = length - max(late, later)
        product = float(np.dot(one[late : late + common], two[later : later + common]))
        of_one, of_two = (
            float(energy[start + common] - energy[start])
            for energy, start in zip(energies, (late, later), strict=True)
        )
        return product / float(np.sqrt(of_one * of_two))

    return max(max(correlation(lag, 0), correlation(0, lag)) for lag in range(max_lag + 1))
