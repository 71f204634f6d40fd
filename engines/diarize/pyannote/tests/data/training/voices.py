"""Sentences by flite's voices, and dialogues of them with the exact times of every turn."""

import random
import subprocess
import tempfile
import wave
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

RATE = 16_000
VOICES = ("slt", "rms", "kal16")
"""The voices that the tiny models know: a woman, a man, and an older synthesis of a man."""

NAMES = "anna peter maria george helen robert susan martin laura henry".split()
VERBS = "found bought carried painted wanted forgot opened counted repaired showed".split()
THINGS = (
    "seven yellow boxes,an open window,the longest ladder,his broken umbrella,a heavy blue chair,"
    "some fresh bread,the other photograph,twelve small birds,a wooden bridge,her favourite song"
).split(",")
PLACES = (
    "near the river,behind the school,after lunch,on a rainy day,before the concert,"
    "under the old tree,in july,without any help,for the third time,across the valley"
).split(",")


@dataclass(frozen=True)
class Utterance:
    """A sentence as sound, and where speech is in it.

    Attributes:
        samples: float32, 16 kHz mono.
        speech: Starts and ends of speech in seconds; pauses inside are left out.
    """

    samples: NDArray[np.float32]
    speech: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Turn:
    """One voice speaks; seconds."""

    start: float
    end: float
    voice: str


def sentence(seed: int) -> str:
    """One of ten thousand sentences."""
    pick = random.Random(seed).choice
    return f"{pick(NAMES)} {pick(VERBS)} {pick(THINGS)} {pick(PLACES)}"


def say(text: str, voice: str, stretch: float = 1.0) -> Utterance:
    """Let flite speak, which itself tells where its pauses are."""
    with tempfile.TemporaryDirectory() as folder:
        wav = Path(folder) / "said.wav"
        done = subprocess.run(
            ["flite", "-voice", voice, "-psdur", "--setf", f"duration_stretch={stretch}"]
            + ["-t", text, "-o", str(wav)],
            check=True,
            capture_output=True,
            text=True,
        )
        with wave.open(str(wav), "rb") as reader:
            assert reader.getframerate() == RATE
            data = np.frombuffer(reader.readframes(reader.getnframes()), dtype="<i2")
    phones = [phone.rpartition(":") for phone in done.stdout.split()]
    ends = [float(end) for _, _, end in phones]
    speech: list[tuple[float, float]] = []
    for (phone, _, _), start, end in zip(phones, [0.0, *ends], ends, strict=False):
        if phone == "pau":
            continue
        if speech and start - speech[-1][1] < 1e-6:
            speech[-1] = (speech[-1][0], end)
        else:
            speech.append((start, end))
    return Utterance(data.astype(np.float32) / 32768, tuple(speech))


def dialogue(
    parts: Sequence[tuple[str, Utterance, float]],
) -> tuple[NDArray[np.float32], list[Turn]]:
    """Sentences one after the other.

    Args:
        parts: Voice, sentence, and the pause before it in seconds; below 0 it begins while the one
            before is still speaking.
    """
    turns: list[Turn] = []
    placed: list[tuple[int, NDArray[np.float32]]] = []
    end = 0.0
    for voice, said, pause in parts:
        offset = max(0.0, end + pause - said.speech[0][0])
        placed.append((round(offset * RATE), said.samples))
        turns += [Turn(offset + start, offset + stop, voice) for start, stop in said.speech]
        end = offset + said.speech[-1][1]
    samples = np.zeros(max(at + len(piece) for at, piece in placed), dtype=np.float32)
    for at, piece in placed:
        samples[at : at + len(piece)] += piece
    return np.clip(samples, -1, 1), turns
