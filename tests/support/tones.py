"""Recordings whose speakers are tones, as the fake engine's model ``tones`` tells them apart."""

import wave
from pathlib import Path

import numpy as np
from tests.engines.fake.tones import PITCH_HZ
from tests.support.flite import RATE
from tests.support.pipeline_home import write_model

from dalston_cli.atomic_file import write_whole

SILENCE = 0


def write_voices(path: Path, *spoken: tuple[int, int]) -> Path:
    """Record voices one after the other, each with its seconds; 0 is silence."""
    parts = []
    for voice, seconds in spoken:
        times = (np.arange(seconds * RATE) + 0.5) / RATE
        parts.append(np.sin(2 * np.pi * PITCH_HZ * voice * times) * (0.3 if voice else 0.0))
    samples = (np.concatenate(parts) * 32_767).astype("<i2")
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(RATE)
        writer.writeframes(samples.tobytes())
    return path


def write_tones_model(folder: Path, name: str = "tones", *, measured: bool = True) -> None:
    """Write the model that tells tones apart; neighbours have a cosine of 0.87."""
    write_model(folder, name, "diarize", runtime_id="tones", rank=5 if measured else 0)
    if measured:
        path = folder / f"{name}.yaml"
        figures = b"voices: {threshold: 0.9, margin: 0.05}\n"
        write_whole(path, path.read_bytes() + figures)
