"""Speakers that are tones: each second has the voice whose pitch it has, and silence has none."""

import math

import numpy as np

from dalston_sdk.engine import SAMPLE_RATE, Samples
from dalston_sdk.wire import DiarizeResult, SpeakerTurn

PITCH_HZ = 200.0
"""Of voice 1; voice 2 has twice that, and so on."""

APART_DEG = 30.0
"""Between the vectors of a voice and the next one."""


def told_apart(audio: Samples) -> DiarizeResult:
    """Return a turn for each second, and the vectors of the voices."""
    labels: dict[int, str] = {}
    turns = []
    for second in range(len(audio) // SAMPLE_RATE):
        voice = _voice(audio[second * SAMPLE_RATE : (second + 1) * SAMPLE_RATE])
        if voice:
            label = labels.setdefault(voice, f"SPEAKER_{len(labels):02d}")
            turns.append(SpeakerTurn(start=second, end=second + 1, speaker=label))
    embeddings = {label: vector(voice) for voice, label in labels.items()}
    return DiarizeResult(turns=tuple(turns), embeddings=embeddings)


def vector(voice: int) -> tuple[float, ...]:
    """Return the vector of a voice."""
    angle = math.radians(voice * APART_DEG)
    return math.cos(angle), math.sin(angle)


def _voice(second: Samples) -> int:
    if np.abs(second).max() < 0.01:
        return 0
    changes = np.count_nonzero(np.diff(np.signbit(second)))
    return round(float(changes) / 2 / PITCH_HZ)
