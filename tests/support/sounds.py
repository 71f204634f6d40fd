"""Sounds that are known to the sample: bands of noise, tones and silence at 16 kHz."""

import wave
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

RATE = 16_000

Sound = NDArray[np.float32]
"""float32, shape (num_samples,), 16 kHz mono, in [-1, 1]."""


def silence(seconds: float) -> Sound:
    """Nothing."""
    return np.zeros(round(seconds * RATE), np.float32)


def band(
    seconds: float, low_hz: float, high_hz: float, *, peak: float = 0.5, seed: int = 0
) -> Sound:
    """Noise that has every frequency from one to another, and no other."""
    count = round(seconds * RATE)
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(count))
    hz = np.fft.rfftfreq(count, 1 / RATE)
    spectrum[(hz < low_hz) | (hz > high_hz)] = 0
    noise = np.fft.irfft(spectrum, count)
    loud: Sound = (peak * noise / np.abs(noise).max()).astype(np.float32)
    return loud


def tone(seconds: float, hz: float, *, peak: float = 0.5) -> Sound:
    """A sine wave."""
    times = np.arange(round(seconds * RATE)) / RATE
    return (peak * np.sin(2 * np.pi * hz * times)).astype(np.float32)


def write_wav(wav: Path, *sounds: Sound) -> Path:
    """The sounds one after the other as a 16 kHz mono PCM16 WAV file."""
    samples = (np.concatenate(sounds) * 32_767).round().astype("<i2")
    with wave.open(str(wav), "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(RATE)
        writer.writeframes(samples.tobytes())
    return wav
