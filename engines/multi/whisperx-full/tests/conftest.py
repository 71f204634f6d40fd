"""The engine in its own environment, a tiny bundle of weights, and speech with known times."""

import shutil
import wave
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from tests.support.asked_engine import ROOT, AskedEngine, EngineUnderTest
from tests.support.speech import say

from dalston_sdk.wire import ModelRef

WHISPER = ROOT / "engines/transcribe/faster-whisper/tests/data/tiny-whisper-flite"
ALIGNER = ROOT / "engines/align/whisperx-align/tests/data/tiny-wav2vec2-flite"
RATE = 16_000
_SILENT = 0.02

UNSEEN = (
    "It is closed in December.",
    "I want to buy a good team.",
    "Hello this is Alice from the office.",
    "I will send the book to Frank on Wednesday at three.",
    "The window and the report are closed.",
    "Alice will call you at thirty.",
)
"""Sentences that were left out when the tiny Whisper was trained."""


@dataclass(frozen=True)
class Sentence:
    """One sentence in a recording, and where its sound begins and ends; seconds."""

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


@dataclass(frozen=True)
class Running:
    """An engine that runs, and the model that it is asked to use."""

    asked: AskedEngine
    model: ModelRef


def record(folder: Path, texts: tuple[str, ...], *, gap_s: float = 1.0) -> Speech:
    """Two voices in turns, with silence between them."""
    pieces, sentences, samples = [np.zeros(round(gap_s * RATE), np.int16)], [], gap_s
    for number, text in enumerate(texts):
        voice = ("slt", "rms")[number % 2]
        with wave.open(str(say(text, folder / f"{number}.wav", voice=voice)), "rb") as file:
            piece = np.frombuffer(file.readframes(file.getnframes()), np.int16)
        loud = np.flatnonzero(np.abs(piece) > _SILENT * 32_768) / RATE
        sentences.append(Sentence(text, voice, samples + float(loud[0]), samples + float(loud[-1])))
        pieces += [piece, np.zeros(round(gap_s * RATE), np.int16)]
        samples += len(piece) / RATE + gap_s
    return Speech(write(folder / "all.wav", np.concatenate(pieces)), tuple(sentences), samples)


def write(wav: Path, samples: "np.ndarray[tuple[int], np.dtype[np.int16]]") -> Path:
    """16 kHz, mono."""
    with wave.open(str(wav), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples.tobytes())
    return wav


@pytest.fixture(scope="session")
def under_test() -> EngineUnderTest:
    return EngineUnderTest("multi/whisperx-full")


@pytest.fixture(scope="session")
def bundle(under_test: EngineUnderTest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All parts; not to be changed."""
    out = tmp_path_factory.mktemp("bundle") / "tiny"
    under_test.run(Path(__file__).parent / "tiny.py", out, WHISPER, ALIGNER)
    return out


@pytest.fixture
def broken(bundle: Path, tmp_path: Path) -> ModelRef:
    """A copy of the bundle that a test may break."""
    copy = shutil.copytree(bundle, tmp_path / "tiny")
    return ModelRef(runtime_id="whisperx-tiny", path=str(copy))


@pytest.fixture(scope="session")
def model(bundle: Path) -> ModelRef:
    return ModelRef(runtime_id="whisperx-tiny", path=str(bundle))


@pytest.fixture(scope="session")
def engine(under_test: EngineUnderTest, model: ModelRef) -> Iterator[Running]:
    """One process for all tests that do not need one of their own."""
    with under_test.asked() as asked:
        yield Running(asked, model)


@pytest.fixture(scope="session")
def speech(tmp_path_factory: pytest.TempPathFactory) -> Speech:
    return record(tmp_path_factory.mktemp("speech"), UNSEEN)


@pytest.fixture(scope="session")
def sentence(tmp_path_factory: pytest.TempPathFactory) -> Speech:
    """One alone, for what takes long otherwise."""
    return record(tmp_path_factory.mktemp("sentence"), UNSEEN[:1])


@pytest.fixture
def silence(tmp_path: Path) -> Callable[[float], Path]:
    """A recording of so many seconds in which nothing is said."""

    def of(seconds: float) -> Path:
        return write(tmp_path / "silence.wav", np.zeros(round(seconds * RATE), np.int16))

    return of
