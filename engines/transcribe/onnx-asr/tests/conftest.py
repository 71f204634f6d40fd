"""The engine in its own environment, built once, tiny models of every family, and speech."""

import asyncio
import importlib.util
import random
import subprocess
import wave
from collections.abc import Callable, Iterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import pytest
import yaml
from tests.support.onnx_models.families import DATA, FAMILIES
from tests.support.onnx_models.whisper import make_whisper

from dalston_cli.catalog.schema import EngineEntry
from dalston_cli.launchers.base import Preparation
from dalston_cli.launchers.local.environment import EnvironmentStore
from dalston_cli.settings.locations import Locations
from dalston_sdk.testing import EngineProcess, StartLine
from dalston_sdk.wire import (
    Finished,
    ModelRef,
    StreamMessage,
    TranscribeOptions,
    TranscribeRequest,
    TranscribeResult,
)

FOLDER = Path(__file__).resolve().parent.parent
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
        last = self.messages(wav, model=model, **options)[-1]
        assert isinstance(last, Finished)
        assert isinstance(last.result, TranscribeResult)
        return last.result

    def messages(
        self, wav: Path, *, model: ModelRef | None = None, **options: object
    ) -> list[StreamMessage]:
        """All that the engine says about a request."""
        request = TranscribeRequest(
            model=model or self.model,
            options=TranscribeOptions(**options),  # type: ignore[arg-type] # tables of any option
        )
        return asyncio.run(self._run(wav, request))

    async def _run(self, wav: Path, request: TranscribeRequest) -> list[StreamMessage]:
        async with self.process.client() as client:
            messages = client.run(request, audio=wav, share_path=True)
            async with aclosing(messages):
                return [message async for message in messages]


@pytest.fixture(scope="session")
def entry() -> EngineEntry:
    fields = yaml.safe_load((FOLDER / "engine.yaml").read_text(encoding="utf-8"))
    return EngineEntry.model_validate({**fields, "folder": FOLDER})


@pytest.fixture(scope="session")
def python(entry: EngineEntry) -> Path:
    """The interpreter of the engine's environment, in the user's cache."""
    return EnvironmentStore(Locations.from_environment().cache).ensure(entry, Preparation(print))


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
def ask_engine(python: Path) -> Callable[..., str]:
    """What a program prints that runs beside the engine's modules."""

    def ask(program: str, *, text: str = "") -> str:
        path = f"import sys; sys.path.insert(0, {str(FOLDER)!r})\n"
        answer = subprocess.run(
            [python, "-c", path + program],
            input=text,
            check=True,
            stdout=subprocess.PIPE,
            text=True,
            env={"PYTHONPATH": str(SDK)},
        )
        return answer.stdout.strip()

    return ask


@pytest.fixture(scope="session")
def lexicon() -> ModuleType:
    """The words and sentences that the tiny recogniser knows."""
    path = DATA / "training" / "lexicon.py"
    spec = importlib.util.spec_from_file_location("onnx_asr_lexicon", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, ModelRef]:
    """A tiny model of each family, by the family's name."""
    made = {family: make(tmp_path_factory.mktemp(family)) for family, make in FAMILIES.items()}
    made["whisper"] = make_whisper(tmp_path_factory.mktemp("whisper"))
    return {
        family: ModelRef(runtime_id=f"tiny-{family}", path=str(folder))
        for family, folder in made.items()
    }


@pytest.fixture(scope="session")
def model(models: Mapping[str, ModelRef]) -> ModelRef:
    return models["tdt"]


@pytest.fixture(scope="session")
def engine(start_line: Callable[[str], StartLine], model: ModelRef) -> Iterator[Running]:
    """One engine for all tests that do not need one of their own."""
    with EngineProcess(start_line("cpu")) as process:
        yield Running(process, model)


@pytest.fixture(scope="session")
def running() -> Callable[[EngineProcess, ModelRef], Running]:
    """For tests that start an engine of their own."""
    return Running


@pytest.fixture(scope="session")
def speech(tmp_path_factory: pytest.TempPathFactory, lexicon: ModuleType) -> Speech:
    """Twelve sentences that the model never saw, by two voices, a second of silence between."""
    folder = tmp_path_factory.mktemp("speech")
    samples = bytearray(_silence(0.6))
    sentences = []
    for index, text in enumerate(_unseen_sentences(lexicon, 12)):
        piece = say_and_tell(text, folder / f"{index}.wav", voice=("slt", "rms")[index % 2])
        offset = len(samples) / 2 / RATE
        samples += piece.samples
        sentences.append(Sentence(text, offset + piece.start, offset + piece.end))
        samples += _silence(1.0)
    return Speech(_write(folder / "all.wav", bytes(samples)), tuple(sentences))


@pytest.fixture(scope="session")
def monologue(tmp_path_factory: pytest.TempPathFactory, lexicon: ModuleType) -> Speech:
    """A minute and a half without a pause that ends a region."""
    folder = tmp_path_factory.mktemp("monologue")
    samples = bytearray()
    sentences = []
    for index, text in enumerate(_unseen_sentences(lexicon, 36)):
        piece = say_and_tell(text, folder / f"{index}.wav", voice="slt")
        offset = len(samples) / 2 / RATE
        samples += piece.samples
        sentences.append(Sentence(text, offset + piece.start, offset + piece.end))
    return Speech(_write(folder / "all.wav", bytes(samples)), tuple(sentences))


def _unseen_sentences(lexicon: ModuleType, count: int) -> list[str]:
    """Sentences that training left out; those of random words are not among them."""
    found: list[str] = []
    seed = 10_000
    while len(found) < count:
        seed += 1
        if random.Random(seed).random() < 0.2:  # the lexicon's share of random words
            continue
        words = lexicon.sentence(random.Random(seed))
        if lexicon.held_out(words):
            found.append(" ".join(words))
    return found


@dataclass(frozen=True)
class Spoken:
    """What flite said, and where the sound is in it, as flite itself tells; seconds."""

    samples: bytes
    start: float
    end: float


def say_and_tell(text: str, wav: Path, *, voice: str) -> Spoken:
    done = subprocess.run(
        ["flite", "-voice", voice, "-psdur", "-t", text, "-o", wav],
        check=True,
        capture_output=True,
        text=True,
    )
    ends = [
        (phone, float(end)) for phone, _, end in (p.rpartition(":") for p in done.stdout.split())
    ]
    assert ends[0][0] == ends[-1][0] == "pau"
    with wave.open(str(wav), "rb") as reader:
        assert reader.getframerate() == RATE
        return Spoken(reader.readframes(reader.getnframes()), ends[0][1], ends[-2][1])


def _silence(seconds: float) -> bytes:
    return bytes(2 * int(seconds * RATE))


def _write(wav: Path, samples: bytes) -> Path:
    with wave.open(str(wav), "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(RATE)
        writer.writeframes(samples)
    return wav
