"""Has flite say something, and says when each word is heard.

flite prints the end of every sound, but not which word it belongs to. A word's sounds are counted
by having it said alone: as many of the sentence's sounds are its own. Where the counts or the
consonants do not agree, as with words that flite slurs, the text is refused rather than guessed at.
"""

import itertools
import subprocess
import tempfile
import wave
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE = 16_000
SILENCE_LEVEL = 200
PAUSE = "pau"

Samples = NDArray[np.int16]


@dataclass(frozen=True)
class SpokenWord:
    """A word and where it is heard, in seconds."""

    text: str
    start: float
    end: float


@dataclass(frozen=True)
class _Sound:
    name: str
    start: float
    end: float

    def like(self, other: "_Sound") -> bool:
        """Return True if both are the same consonant, or vowels: which change with context."""
        return self.name == other.name or (self.name[0] in "aeiou" and other.name[0] in "aeiou")


def speak(words: str, voice: str) -> Samples:
    """Return samples of the spoken ``words``, without the silence at either end."""
    samples, _ = _said(words, voice)
    first, last = _audible(samples)
    return samples[first:last]


def word_times(words: str, voice: str) -> list[SpokenWord]:
    """Return the times of the words in the output of ``speak``.

    Raises:
        SystemExit: The sounds do not tell the words apart.
    """
    samples, sounds = _said(words, voice)
    first, last = (edge / SAMPLE_RATE for edge in _audible(samples))
    left = [sound for sound in sounds if sound.name != PAUSE]
    found = []
    for word in words.split():
        alone = _sounds_of(word.strip(".,?!"), voice)
        own, left = left[: len(alone)], left[len(alone) :]
        if len(own) < len(alone) or not all(map(_Sound.like, own, alone)):
            raise SystemExit(f"flite slurs {word!r} in {words!r}: take another word")
        start, end = max(own[0].start, first) - first, min(own[-1].end, last) - first
        found.append(SpokenWord(word, start, end))
    if left:
        raise SystemExit(f"flite says more than the words of {words!r}: take others")
    return found


@cache
def _sounds_of(word: str, voice: str) -> tuple[_Sound, ...]:
    return tuple(sound for sound in _said(word, voice)[1] if sound.name != PAUSE)


@cache
def _said(words: str, voice: str) -> tuple[Samples, tuple[_Sound, ...]]:
    with tempfile.TemporaryDirectory() as temporary:
        path = Path(temporary) / "spoken.wav"
        command = ["flite", "-voice", voice, "-psdur", "-t", words, "-o", str(path)]
        printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        with wave.open(str(path)) as spoken:
            if spoken.getframerate() != SAMPLE_RATE:
                raise SystemExit(f"the voice {voice} does not speak at {SAMPLE_RATE} Hz")
            samples = np.frombuffer(spoken.readframes(spoken.getnframes()), dtype="<i2")
    names, _, ends = zip(*(each.partition(":") for each in printed.split()), strict=True)
    edges = [0.0, *map(float, ends)]
    return samples, tuple(map(_Sound, names, *zip(*itertools.pairwise(edges), strict=True)))


def _audible(samples: Samples) -> tuple[int, int]:
    """Return the first sample that is louder than silence, and the one behind the last."""
    loud = np.flatnonzero(np.abs(samples.astype(np.int32)) > SILENCE_LEVEL)
    return int(loud[0]), int(loud[-1]) + 1
