"""The engine in its own environment, a trained model of its kind, and speech with known times."""

import importlib.util
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from tests.support.asked_engine import ROOT, EngineUnderTest
from tests.support.word_times import Aligner, Recording, Speaker

from dalston_sdk.wire import ModelRef

DATA = Path(__file__).parent / "data" / "tiny-wav2vec2-flite"
LEXICON = ROOT / "engines/transcribe/onnx-asr/tests/data/tiny-ctc-flite/training/lexicon.py"


@pytest.fixture(scope="session")
def under_test() -> EngineUnderTest:
    return EngineUnderTest("align/whisperx-align")


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The model that understands flite, in the layout of the hub."""
    folder = tmp_path_factory.mktemp("models") / "tiny-wav2vec2-flite"
    files = shutil.ignore_patterns("training")
    return Path(shutil.copytree(DATA, folder, ignore=files))


@pytest.fixture(scope="session")
def model(trained: Path) -> ModelRef:
    return ModelRef(runtime_id="tiny-wav2vec2-flite", path=str(trained))


@pytest.fixture(scope="session")
def aligner(under_test: EngineUnderTest, model: ModelRef) -> Iterator[Aligner]:
    """One engine for all tests that do not need one of their own."""
    with under_test.asked() as asked:
        yield Aligner(asked, model)


@pytest.fixture(scope="session")
def lexicon() -> ModuleType:
    """The words and sentences that the model knows."""
    spec = importlib.util.spec_from_file_location("align_lexicon", LEXICON)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def speaker(lexicon: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Speaker:
    return Speaker(lexicon, tmp_path_factory.mktemp("flite"))


@pytest.fixture(scope="session")
def recording(speaker: Speaker) -> Recording:
    """Twelve sentences that training left out, by two voices, pauses between them."""
    return speaker.record(speaker.unseen(12), "dozen")


@pytest.fixture(scope="session")
def monologue(speaker: Speaker) -> Recording:
    """Over a minute without a pause, by one voice."""
    return speaker.record(speaker.unseen(36), "monologue", voices=("slt",), pause_s=0.0)
