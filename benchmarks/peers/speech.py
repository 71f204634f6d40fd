"""Material of real speech, cut from a folder of recordings: short files, long ones, an MP3."""

import random
import subprocess
import wave
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tests.support.real_speech import SPEECH

from benchmarks.workshop import REPOSITORY

SAMPLE_RATE = 16_000
SHORTEST_S, LONGEST_S = 2.0, 9.0
MEDIA = (".wav", ".flac", ".mp3", ".m4a", ".ogg", ".opus", ".mp4")
QUIET = 0.4
"""A clip with less than this part of the whole's level may be a pause, and is not taken."""

Samples = NDArray[np.int16]


def default_speech() -> Path:
    """Return the folder of the tests' real speech where it is here, else the examples."""
    return SPEECH if (SPEECH / "jfk.wav").exists() else REPOSITORY / "examples"


def short_files(speech: Path, folder: Path, count: int) -> Path:
    """Write so many clips of 2 to 9 s into a folder; the same ones for the same speech."""
    folder.mkdir()
    for number, clip in zip(range(count), _clips(_samples(speech)), strict=False):
        _write(folder / f"{number:03}.wav", clip)
    return folder


def long_file(speech: Path, path: Path, seconds: float) -> Path:
    """Write all of the speech, over and over."""
    _write(path, np.resize(_samples(speech), round(seconds * SAMPLE_RATE)))
    return path


def mp3(speech: Path, path: Path, minutes: int) -> Path:
    """Write so many minutes as MP3 of the usual kind: 44.1 kHz, stereo, 128 kbit/s."""
    minute = path.with_name("minute.mp3")
    source = long_file(speech, path.with_name("minute.wav"), 60)
    usual = ("-ar", "44100", "-ac", "2", "-b:a", "128k")
    _ffmpeg("-i", source, *usual, minute)
    _ffmpeg("-stream_loop", str(minutes - 1), "-i", minute, "-c", "copy", path)
    return path


def _clips(samples: Samples) -> Iterator[Samples]:
    """Yield clips without end; all are different, as equal files would be one to Dalston."""
    choice = random.Random(11)
    usual = _level(samples)
    while True:
        length = round(choice.uniform(SHORTEST_S, LONGEST_S) * SAMPLE_RATE)
        start = choice.randrange(len(samples) - length)
        clip = samples[start : start + length]
        if _level(clip) > QUIET * usual:
            yield clip


def _level(samples: Samples) -> float:
    return float(np.sqrt(np.mean(np.square(samples, dtype=np.float64))))


@cache
def _samples(speech: Path) -> Samples:
    """Return all recordings of a folder, joined in the order of their names."""
    paths = sorted(path for path in speech.iterdir() if path.suffix.lower() in MEDIA)
    if not paths:
        raise SystemExit(f"there is no recording in {speech}")
    wanted = ("-ar", str(SAMPLE_RATE), "-ac", "1", "-f", "s16le", "-")
    return np.concatenate(
        [np.frombuffer(_ffmpeg("-i", path, *wanted), dtype="<i2") for path in paths]
    )


def _ffmpeg(*words: str | Path) -> bytes:
    command = ("ffmpeg", "-nostdin", "-loglevel", "error", *words)
    return subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout


def _write(path: Path, samples: Samples) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes(samples.astype("<i2").tobytes())
