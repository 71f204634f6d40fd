"""Speech for tests, spoken by flite, whose voices every recogniser understands well."""

import shutil
import subprocess
import wave
from pathlib import Path

import pytest

needs_flite = pytest.mark.skipif(
    shutil.which("flite") is None, reason="flite is not installed: apt-get install flite"
)

SENTENCES = (
    "the old man went to the store in the morning",
    "we will see you again next week",
    "she told him that the house was very cold",
    "there are many people in the city today",
    "please give me a glass of water",
    "the train leaves at nine in the evening",
    "they found the letter under the table",
    "my brother wants to buy a new car",
)


def say(text: str, wav: Path, *, voice: str = "slt") -> Path:
    """Write ``text`` as a 16 kHz mono WAV file."""
    subprocess.run(
        ["flite", "-voice", voice, "-t", text, "-o", wav], check=True, capture_output=True
    )
    return wav


def say_many(folder: Path, count: int) -> list[Path]:
    """``count`` short recordings, no two with the same bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    numbers = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
    return [
        say(
            f"{SENTENCES[index % len(SENTENCES)]} {numbers[index // len(SENTENCES)]}",
            folder / f"note {index:02}.wav",
        )
        for index in range(count)
    ]


def say_long(folder: Path, count: int) -> list[Path]:
    """``count`` recordings of four sentences, a second of silence after each: a while's work."""
    folder.mkdir(parents=True, exist_ok=True)
    parts = [_samples(say(text, folder / "part.wav")) for text in SENTENCES]
    (folder / "part.wav").unlink()
    recordings = []
    for index in range(count):
        path = folder / f"talk {index:02}.wav"
        order = [(index + step) % len(parts) for step in range(4)]
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(16_000)
            file.writeframes(b"".join(parts[number] + bytes(32_000) for number in order))
        recordings.append(path)
    return recordings


def _samples(wav: Path) -> bytes:
    with wave.open(str(wav), "rb") as file:
        return file.readframes(file.getnframes())
