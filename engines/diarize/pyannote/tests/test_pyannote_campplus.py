"""segmentation-3.0 with CAM++: the network by numbers, what files are taken, and turns."""

import hashlib
import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.support.dialogues import Dialogue
from tests.support.engine_fixtures import Models, copy_weights
from tests.support.engine_under_test import EngineUnderTest
from tests.support.sounds import silence, write_wav
from tests.support.speech import needs_flite

from dalston_cli.catalog.folders import CatalogPaths
from dalston_cli.catalog.load import load_catalog
from dalston_cli.catalog.sources import PackageSource
from dalston_sdk.testing import RunningEngine, running_engine
from dalston_sdk.wire import ErrorCode, ModelRef

MODEL = "pyannote-segmentation-3.0-campplus"
RUNTIME_ID = "segmentation-3.0-campplus"
SEGMENTATION = "segmentation/pytorch_model.bin"
EMBEDDING = "embedding/campplus_cn_en_common.pt"
DIGESTS = "campplus.sha256"

FUNASR = {0: -6.014, 32: 4.5911, 64: 7.2229, 96: -2.4636, 128: -2.0946, 160: 7.3199}
"""Numbers of an embedding by FunASR 1.4.16's own CAM++, with the layers and features below."""

NETWORK = """
import json
import numpy as np, torch
from dalston_sdk.torch_device import import_torchaudio
import_torchaudio()
from campplus import CampPlus, num_network_frames
from mel_features import mel_features
from engines.diarize.pyannote.tests.tiny_campplus import layers
from torchaudio.compliance import kaldi
torch.set_num_threads(1)
network = CampPlus()
network.load_state_dict(layers())
network.eval()
times, mels = np.meshgrid(np.arange(333), np.arange(80), indexing="ij")
features = torch.from_numpy(np.sin(0.01 * times * (1 + mels / 16) + mels).astype(np.float32))[None]
frames = num_network_frames(333)
masks = torch.zeros(1, 3, frames)
masks[0, 0], masks[0, 1, :60] = 1, 1
with torch.inference_mode():
    three = network(features, masks)[0]
    second = network(features, masks[:, 1:2])[0, 0]
minutes = torch.from_numpy(np.random.default_rng(0).standard_normal(75 * 16000, np.float32)) * 0.1
whole = kaldi.fbank(minutes[None], sample_frequency=16000, num_mel_bins=80, dither=0.0)
blocks = mel_features(minutes)
print(json.dumps({
    "frames": frames,
    "embedding": three[0].tolist(),
    "alone": float((three[1] - second).abs().max()),
    "other": float((three[0] - three[1]).abs().max()),
    "silent": bool(three[2].isnan().all()),
    "features": list(blocks.shape) == list(whole.shape) and float((blocks - whole).abs().max()),
    "short": [len(mel_features(torch.zeros(size))) for size in (0, 399, 400, 559, 560)],
}))
"""


@pytest.fixture(scope="module")
def weights(
    under_test: EngineUnderTest, models: Models, tmp_path_factory: pytest.TempPathFactory
) -> ModelRef:
    """The tests' segmentation, and a CAM++ with random layers."""
    folder = tmp_path_factory.mktemp("campplus") / MODEL
    segmentation = Path(models["community"].path or "") / SEGMENTATION
    under_test.run(under_test.folder / "tests" / "tiny_campplus.py", folder, segmentation)
    return ModelRef(runtime_id=RUNTIME_ID, path=str(folder))


@pytest.fixture(scope="module")
def copied_engine(under_test: EngineUnderTest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The engine in another folder, where tests may say which weights are the right ones."""
    folder = tmp_path_factory.mktemp("engine") / "pyannote"
    shutil.copytree(under_test.folder, folder, ignore=shutil.ignore_patterns("tests", "*.lock"))
    return folder


@pytest.fixture(scope="module")
def engine(
    under_test: EngineUnderTest, copied_engine: Path, weights: ModelRef
) -> Iterator[RunningEngine]:
    expect(copied_engine, Path(weights.path or ""))
    start = replace(under_test.start_line(), engine_dir=copied_engine)
    with running_engine(start, weights) as running:
        yield running


@pytest.fixture
def copy(
    engine: RunningEngine, copied_engine: Path, weights: ModelRef, tmp_path: Path
) -> Iterator[Path]:
    """The weights for a test to spoil; the engine expects the unspoilt ones again afterwards."""
    yield copy_weights(weights, tmp_path / MODEL)
    expect(copied_engine, Path(weights.path or ""))


def expect(engine: Path, weights: Path) -> None:
    """Write the digests of these weights into the engine's folder."""
    lines = [
        f"{hashlib.sha256((weights / name).read_bytes()).hexdigest()}  {name}\n"
        for name in (SEGMENTATION, EMBEDDING)
    ]
    (engine / DIGESTS).write_text("".join(lines))


def reference(folder: Path) -> ModelRef:
    return ModelRef(runtime_id=RUNTIME_ID, path=str(folder))


def test_the_network_computes_what_funasr_s_does(under_test: EngineUnderTest) -> None:
    answer = json.loads(under_test.run(NETWORK))
    assert answer["frames"] == 167
    assert len(answer["embedding"]) == 192
    for index, value in FUNASR.items():
        assert answer["embedding"][index] == pytest.approx(value, abs=2e-3)
    # speakers of a window share the layers before the last, and change nothing for each other
    assert answer["alone"] < 1e-4
    assert answer["other"] > 0.1
    assert answer["silent"]
    assert answer["features"] == pytest.approx(0, abs=1e-5)
    assert answer["features"] is not False
    assert answer["short"] == [0, 0, 1, 1, 2]


def test_the_catalog_pulls_what_the_engine_takes(under_test: EngineUnderTest) -> None:
    entry = load_catalog(CatalogPaths.from_environment({})).model(MODEL)
    assert isinstance(entry.source, PackageSource)
    lines = (under_test.folder / DIGESTS).read_text().splitlines()
    pulled = {f"{file.sha256}  {file.path}" for file in entry.source.files}
    assert len(lines) == 2
    assert set(lines) < pulled
    assert "THIRD_PARTY_LICENSES" in {file.path for file in entry.source.files}
    assert entry.runtime_model_id == RUNTIME_ID
    assert not entry.gated_repos


@needs_flite
def test_turns_exclusive_turns_and_embeddings(engine: RunningEngine, two: Dialogue) -> None:
    result = engine.diarize(two.wav, num_speakers=2)
    labels = {turn.speaker for turn in result.turns}
    assert labels == {"SPEAKER_00", "SPEAKER_01"} == set(result.embeddings)
    assert {turn.speaker for turn in result.exclusive_turns} == labels
    assert {len(vector) for vector in result.embeddings.values()} == {192}
    assert (result.effective["batch_size"], result.effective["num_speakers"]) == (2, 2)
    together = engine.diarize(two.wav, num_speakers=2, batch_size=32)
    assert together.turns == result.turns


@pytest.mark.parametrize("seconds", [0.01, 0.05, 3.0])
def test_silence_has_no_speakers(engine: RunningEngine, tmp_path: Path, seconds: float) -> None:
    result = engine.diarize(write_wav(tmp_path / "quiet.wav", silence(seconds)))
    assert (result.turns, result.exclusive_turns, result.embeddings) == ((), (), {})


@pytest.mark.parametrize("file", [SEGMENTATION, EMBEDDING])
def test_a_missing_file_is_named(engine: RunningEngine, copy: Path, file: str) -> None:
    (copy / file).unlink()
    error = engine.load_failure(reference(copy))
    assert error.code is ErrorCode.MODEL_MISSING
    assert f"{copy / file} is missing" in str(error)
    assert "dalston models pull --again" in (error.hint or "")


SPOIL = """
import loading, sys, torch
from pathlib import Path
weights, out = map(Path, sys.argv[1:3])
class Trap:
    def __reduce__(self):
        return open, (str(out / "trapped"), "w")
def spoil(way, name, change):
    layers = torch.load(weights / name, weights_only=False)
    change(layers)
    (out / way / name).parent.mkdir(parents=True)
    torch.save(layers, out / way / name)
segmentation, embedding = sys.argv[3:]
for name in (segmentation, embedding):
    spoil("trap", name, lambda layers: layers.update(trap=Trap()))
other = {"head.conv1.weight": torch.zeros(32, 1, 5, 5)}
spoil("another shape", embedding, lambda layers: layers.update(other))
spoil("a layer too few", embedding, lambda layers: layers.pop("xvector.dense.linear.weight"))
"""


@pytest.fixture(scope="module")
def spoilt(
    under_test: EngineUnderTest, weights: ModelRef, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """For each way to spoil a file a folder with it; a trap would write ``trapped`` beside them."""
    folder = tmp_path_factory.mktemp("spoilt")
    under_test.run(SPOIL, weights.path or "", folder, SEGMENTATION, EMBEDDING)
    return folder


@pytest.mark.parametrize("file", [SEGMENTATION, EMBEDDING])
def test_another_file_is_refused_before_it_is_opened(
    engine: RunningEngine, copy: Path, spoilt: Path, file: str
) -> None:
    shutil.copy(spoilt / "trap" / file, copy / file)
    error = engine.load_failure(reference(copy))
    assert error.code is ErrorCode.MODEL_LOAD_FAILED
    assert f"{copy / file} is not the file that this model consists of" in str(error)
    assert "dalston models pull --again" in (error.hint or "")
    assert not (spoilt / "trapped").exists()


@pytest.mark.parametrize("file", [SEGMENTATION, EMBEDDING])
def test_code_in_a_file_is_not_run_even_if_its_digest_is_right(
    engine: RunningEngine, copied_engine: Path, copy: Path, spoilt: Path, file: str
) -> None:
    shutil.copy(spoilt / "trap" / file, copy / file)
    expect(copied_engine, copy)
    error = engine.load_failure(reference(copy))
    assert error.code is ErrorCode.MODEL_LOAD_FAILED
    assert "Weights only load failed" in str(error)
    assert not (spoilt / "trapped").exists()


@pytest.mark.parametrize(
    ("way", "message"),
    [
        ("another shape", "size mismatch for head.conv1.weight"),
        ("a layer too few", "Missing key(s)"),
    ],
)
def test_layers_of_another_network_are_refused(
    engine: RunningEngine, copied_engine: Path, copy: Path, spoilt: Path, way: str, message: str
) -> None:
    shutil.copy(spoilt / way / EMBEDDING, copy / EMBEDDING)
    expect(copied_engine, copy)
    error = engine.load_failure(reference(copy))
    assert error.code is ErrorCode.MODEL_LOAD_FAILED
    assert "campplus_cn_en_common.pt is not for CAM++" in str(error)
    assert message in str(error)
    assert "dalston models verify" in (error.hint or "")


@needs_flite
def test_another_pipeline_in_between_changes_nothing(
    engine: RunningEngine, models: Models, weights: ModelRef, two: Dialogue
) -> None:
    before = engine.diarize(two.wav, num_speakers=2, model=weights)
    assert engine.diarize(two.wav, model=models["community"]).turns
    assert engine.diarize(two.wav, num_speakers=2, model=weights) == before
