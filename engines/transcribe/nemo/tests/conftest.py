"""The engine in its own environment, tiny models of every kind, and speech that they understand."""

import subprocess
import wave
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.support.asked_engine import AskedEngine, EngineUnderTest

from dalston_sdk.wire import ModelRef

RATE = 16_000
SENTENCES = (
    "please send the letter to alice on monday",
    "bob is at the garden on friday",
    "the green letter is for grace",
    "call emma at five two seven on sunday",
    "the report is for david",
    "please open the white window on tuesday",
)
"""None says a token twice in a row, which the tiny transducers take for one."""


@dataclass(frozen=True)
class Sentence:
    """One sentence in a recording, and where its sound begins and ends; seconds."""

    text: str
    start: float
    end: float


@dataclass(frozen=True)
class Speech:
    """A recording of sentences, a second of silence between them."""

    wav: Path
    sentences: tuple[Sentence, ...]

    @property
    def text(self) -> str:
        return " ".join(sentence.text for sentence in self.sentences)


@pytest.fixture(scope="session")
def nemo() -> EngineUnderTest:
    return EngineUnderTest("transcribe/nemo")


@pytest.fixture(scope="session")
def models(
    nemo: EngineUnderTest, tmp_path_factory: pytest.TempPathFactory
) -> Mapping[str, ModelRef]:
    """A tiny model of each kind, by its name."""
    folder = tmp_path_factory.mktemp("nemo-models")
    nemo.run(Path(__file__).with_name("tiny.py"), folder)
    return {
        place.name: ModelRef(runtime_id=f"own/{place.name}", path=str(place))
        for place in sorted(folder.iterdir())
    }


@pytest.fixture(scope="session")
def engine(nemo: EngineUnderTest) -> Iterator[AskedEngine]:
    """One engine for all tests that do not need one of their own."""
    with nemo.asked() as asked:
        yield asked


@pytest.fixture(scope="session")
def speech(tmp_path_factory: pytest.TempPathFactory) -> Speech:
    """Six sentences by two voices."""
    folder = tmp_path_factory.mktemp("nemo-speech")
    samples = bytearray(_silence(0.6))
    sentences = []
    for index, text in enumerate(SENTENCES):
        piece, start, end = _say(text, folder / f"{index}.wav", ("slt", "rms")[index % 2])
        offset = len(samples) / 2 / RATE
        sentences.append(Sentence(text, offset + start, offset + end))
        samples += piece + _silence(1.0)
    return Speech(write_pcm(folder / "all.wav", bytes(samples)), tuple(sentences))


def write_pcm(wav: Path, samples: bytes) -> Path:
    with wave.open(str(wav), "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(RATE)
        writer.writeframes(samples)
    return wav


def _say(text: str, wav: Path, voice: str) -> tuple[bytes, float, float]:
    """What flite said, and where the sound is in it, as flite itself tells; seconds."""
    command = ["flite", "-voice", voice, "-psdur", "-t", text, "-o", str(wav)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    phones = [phone.rpartition(":") for phone in done.stdout.split()]
    assert phones[0][0] == phones[-1][0] == "pau"
    with wave.open(str(wav), "rb") as reader:
        return reader.readframes(reader.getnframes()), float(phones[0][2]), float(phones[-2][2])


def _silence(seconds: float) -> bytes:
    return bytes(2 * int(seconds * RATE))
