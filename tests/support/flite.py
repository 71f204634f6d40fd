"""Recordings by flite, with the times of their sentences from flite's own account of its phones."""

import subprocess
import tempfile
import wave
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

RATE = 16_000

Pcm = NDArray[np.int16]
"""int16, shape (num_samples,), 16 kHz mono."""


@dataclass(frozen=True)
class Phone:
    """One sound of an utterance; seconds from its start."""

    name: str
    start: float
    end: float


@dataclass(frozen=True)
class Utterance:
    """A text as flite speaks it; the silence around it is in the samples and has no phones."""

    samples: Pcm
    phones: tuple[Phone, ...]


@dataclass(frozen=True)
class Sentence:
    """One sentence of a recording, and where its sound begins and ends; seconds."""

    text: str
    voice: str
    start: float
    end: float


@dataclass(frozen=True)
class Speech:
    """A recording of sentences."""

    wav: Path
    sentences: tuple[Sentence, ...]
    duration_s: float

    @property
    def text(self) -> str:
        return " ".join(sentence.text for sentence in self.sentences)


def utter(text: str, voice: str = "slt") -> Utterance:
    """Let flite speak a text."""
    with tempfile.NamedTemporaryFile(suffix=".wav") as file:
        done = subprocess.run(
            ["flite", "-voice", voice, "-psdur", "-t", text, "-o", file.name],
            check=True,
            capture_output=True,
            text=True,
        )
        with wave.open(file.name) as reader:
            assert reader.getframerate() == RATE
            samples = np.frombuffer(reader.readframes(reader.getnframes()), "<i2")
    phones, start = [], 0.0
    for name, _, end in (each.rpartition(":") for each in done.stdout.split()):
        if name != "pau":
            phones.append(Phone(name, start, float(end)))
        start = float(end)
    return Utterance(samples, tuple(phones))


def record(
    wav: Path,
    texts: Sequence[str],
    *,
    voices: Sequence[str] = ("slt", "rms"),
    lead_s: float = 0.6,
    pause_s: float = 1.0,
) -> Speech:
    """Record texts one after another.

    Args:
        wav: The file to write.
        texts: The sentences.
        voices: flite's voices, taken in turn.
        lead_s: Silence before the first sentence.
        pause_s: Silence after each sentence.
    """
    pause = np.zeros(round(pause_s * RATE), np.int16)
    parts, sentences = [np.zeros(round(lead_s * RATE), np.int16)], []
    offset = len(parts[0]) / RATE
    for index, text in enumerate(texts):
        voice = voices[index % len(voices)]
        spoken = utter(text, voice)
        start, end = spoken.phones[0].start, spoken.phones[-1].end
        sentences.append(Sentence(text, voice, offset + start, offset + end))
        parts += [spoken.samples, pause]
        offset += (len(spoken.samples) + len(pause)) / RATE
    write_pcm(wav, np.concatenate(parts))
    return Speech(wav, tuple(sentences), offset)


def write_pcm(wav: Path, samples: Pcm) -> Path:
    """Write samples as a 16 kHz mono WAV file."""
    with wave.open(str(wav), "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(RATE)
        writer.writeframes(samples.astype("<i2").tobytes())
    return wav


def repeat_wav(wav: Path, out: Path, count: int) -> Path:
    """Write a recording several times over."""
    with wave.open(str(wav), "rb") as reader, wave.open(str(out), "wb") as writer:
        writer.setparams(reader.getparams())
        samples = reader.readframes(reader.getnframes())
        for _ in range(count):
            writer.writeframes(samples)
    return out
