"""The engine in its own environment, built once, and speech that its tiny test model knows."""

import asyncio
import hashlib
import importlib.util
import random
import subprocess
import wave
from collections.abc import Callable, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import pytest
import yaml

from dalston_cli.catalog.schema import EngineEntry
from dalston_cli.launchers.base import Preparation
from dalston_cli.launchers.local.environment import EnvironmentStore
from dalston_cli.settings.locations import Locations
from dalston_sdk.testing import EngineProcess, StartLine
from dalston_sdk.wire import (
    Finished,
    ModelRef,
    TranscribeOptions,
    TranscribeRequest,
    TranscribeResult,
)

FOLDER = Path(__file__).resolve().parent.parent
WEIGHTS = Path(__file__).resolve().parent / "data" / "tiny-whisper-flite"
SDK = FOLDER.parents[1] / "sdk" / "src"
RATE = 16_000


@dataclass(frozen=True)
class Sentence:
    """One sentence in a recording, and where its sound begins and ends; seconds."""

    text: str
    start: float
    end: float


@dataclass(frozen=True)
class Speech:
    """A recording of sentences."""

    wav: Path
    sentences: tuple[Sentence, ...]

    @property
    def text(self) -> str:
        return " ".join(sentence.text for sentence in self.sentences)


@dataclass(frozen=True)
class Running:
    """An engine process, and the one way tests ask it for transcripts."""

    process: EngineProcess
    model: ModelRef

    def finish(
        self, wav: Path, *, model: ModelRef | None = None, **options: object
    ) -> TranscribeResult:
        """Run a request to its end."""
        request = TranscribeRequest(
            model=model or self.model,
            options=TranscribeOptions(**options),  # type: ignore[arg-type] # tables of any option
        )
        result = asyncio.run(self._run(wav, request)).result
        assert isinstance(result, TranscribeResult)
        return result

    async def _run(self, wav: Path, request: TranscribeRequest) -> Finished:
        async with self.process.client() as client:
            messages = client.run(request, audio=wav, share_path=True)
            async with aclosing(messages):
                async for message in messages:
                    if isinstance(message, Finished):
                        return message
        raise AssertionError("the stream ended without a result")


@pytest.fixture(scope="session")
def entry() -> EngineEntry:
    fields = yaml.safe_load((FOLDER / "engine.yaml").read_text(encoding="utf-8"))
    return EngineEntry.model_validate({**fields, "folder": FOLDER})


@pytest.fixture(scope="session")
def python(entry: EngineEntry) -> Path:
    """The interpreter of the engine's environment, in the user's cache."""
    store = EnvironmentStore(Locations.from_environment().cache)
    return store.ensure(entry, Preparation(lambda _line: None))


@pytest.fixture(scope="session")
def start_line(python: Path) -> Callable[[str], StartLine]:
    """The line that starts the engine on a device."""

    def line(device: str) -> StartLine:
        return StartLine(
            engine_dir=FOLDER,
            python=str(python),
            device=device,
            environment={"PYTHONPATH": str(SDK), "HF_HUB_OFFLINE": "1"},
        )

    return line


@pytest.fixture(scope="session")
def model() -> ModelRef:
    return ModelRef(runtime_id="tiny", path=str(WEIGHTS))


@pytest.fixture(scope="session")
def engine(start_line: Callable[[str], StartLine], model: ModelRef) -> Iterator[Running]:
    """One engine for all tests that do not need one of their own."""
    with EngineProcess(start_line("cpu")) as process:
        yield Running(process, model)


@pytest.fixture(scope="session")
def speech(tmp_path_factory: pytest.TempPathFactory) -> Speech:
    """Twelve sentences that the model never saw, by two voices, a second of silence between."""
    folder = tmp_path_factory.mktemp("speech")
    samples = bytearray(_silence(0.6))
    sentences = []
    for index, text in enumerate(_unseen_sentences(12)):
        piece = _say(text, folder / f"{index}.wav", voice=("slt", "rms")[index % 2])
        start = len(samples) / 2 / RATE
        samples += piece
        sentences.append(Sentence(text, start, len(samples) / 2 / RATE))
        samples += _silence(1.0)
    return Speech(_write(folder / "all.wav", bytes(samples)), tuple(sentences))


def _unseen_sentences(count: int) -> list[str]:
    """From the lexicon's templates, those that training left out for testing."""
    lexicon = _load(WEIGHTS / "training" / "lexicon.py")
    found: list[str] = []
    seed = 0
    while len(found) < count:
        seed += 1
        if random.Random(seed).random() < 0.18:  # the lexicon's share of random words
            continue
        words, end = lexicon.gen(random.Random(seed))
        if _held_out(words):
            found.append(" ".join(words) + end)
    return found


def _held_out(words: list[str]) -> bool:
    """The rule by which training left sentences out."""
    digest = hashlib.md5(" ".join(words).lower().encode()).hexdigest()
    return int(digest, 16) % 20 == 0


def _load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("flite_lexicon", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _say(text: str, wav: Path, *, voice: str) -> bytes:
    subprocess.run(
        ["flite", "-voice", voice, "-t", text, "-o", wav], check=True, capture_output=True
    )
    with wave.open(str(wav), "rb") as reader:
        assert reader.getframerate() == RATE
        return reader.readframes(reader.getnframes())


def _silence(seconds: float) -> bytes:
    return bytes(2 * int(seconds * RATE))


def _write(wav: Path, samples: bytes) -> Path:
    with wave.open(str(wav), "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(RATE)
        writer.writeframes(samples)
    return wav
