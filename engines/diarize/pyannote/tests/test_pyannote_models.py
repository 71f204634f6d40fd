"""Weights that are missing, broken or of another kind; memory; and no network."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tests.support.dialogues import Dialogue, MakeDialogue
from tests.support.engine_fixtures import Models, copy_weights, own_model
from tests.support.engine_under_test import EngineUnderTest
from tests.support.flite import RATE, write_pcm
from tests.support.recordings import read_wav
from tests.support.speech import needs_flite

from dalston_sdk.testing import RunningEngine, check_memory_settles, check_missing_gpu
from dalston_sdk.wire import ErrorCode, ModelRef

MEMORY_MB = 80


@pytest.fixture
def copy_of(models: Models, tmp_path: Path) -> Callable[..., Path]:
    """A pipeline's files for a test to spoil."""

    def copy(name: str, folder: str = "copy") -> Path:
        return copy_weights(models[name], tmp_path / folder)

    return copy


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("community", "config.yaml"),
        ("community", "segmentation/pytorch_model.bin"),
        ("community", "embedding/pytorch_model.bin"),
        ("community", "plda/plda.npz"),
        ("community", "plda/xvec_transform.npz"),
        ("legacy", "segmentation/pytorch_model.bin"),
        ("legacy", "embedding/pytorch_model.bin"),
    ],
)
def test_a_missing_file_is_named_and_not_downloaded(
    engine: RunningEngine, copy_of: Callable[..., Path], name: str, file: str
) -> None:
    folder = copy_of(name)
    (folder / file).unlink()
    error = engine.load_failure(own_model(folder))
    assert error.code is ErrorCode.MODEL_MISSING
    assert f"{folder / file} is missing" in str(error)
    assert "dalston models pull" in (error.hint or "")


def test_no_folder_is_no_model(engine: RunningEngine) -> None:
    error = engine.load_failure(ModelRef(runtime_id="nowhere"))
    assert error.code is ErrorCode.MODEL_MISSING
    assert "dalston models list" in (error.hint or "")


def test_the_name_of_a_repository_is_not_looked_up(engine: RunningEngine) -> None:
    model = ModelRef(runtime_id="own", path="pyannote/speaker-diarization-community-1")
    assert engine.load_failure(model).code is ErrorCode.MODEL_MISSING


@pytest.mark.parametrize(
    "file",
    [
        "segmentation/pytorch_model.bin",
        "embedding/pytorch_model.bin",
        "plda/plda.npz",
    ],
)
@pytest.mark.parametrize("half", [True, False], ids=["truncated", "garbage"])
def test_broken_weights_fail_to_load(
    engine: RunningEngine, copy_of: Callable[..., Path], file: str, half: bool
) -> None:
    folder = copy_of("community")
    content = (folder / file).read_bytes()
    (folder / file).write_bytes(content[: len(content) // 2] if half else b"no weights at all")
    error = engine.load_failure(own_model(folder))
    assert error.code is ErrorCode.MODEL_LOAD_FAILED
    assert f"{folder} cannot be loaded" in str(error)
    assert "dalston models verify" in (error.hint or "")


def test_weights_without_a_layer_are_refused(
    engine: RunningEngine, under_test: EngineUnderTest, copy_of: Callable[..., Path]
) -> None:
    """The library would use a random layer if the pipeline named the weights."""
    folder = copy_of("community")
    file = folder / "segmentation" / "pytorch_model.bin"
    under_test.run(
        "import loading, sys, torch; weights = torch.load(sys.argv[1], weights_only=False); "
        "del weights['state_dict']['classifier.weight']; torch.save(weights, sys.argv[1])",
        file,
    )
    error = engine.load_failure(own_model(folder))
    assert error.code is ErrorCode.MODEL_LOAD_FAILED


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("pipelines.SpeakerDiarization", "pipelines.VoiceActivityDetection", "it is not a "),
        ("VBxClustering", "OracleClustering", "it is not a "),
        ("$model/embedding", "$model/../other", "outside the model's folder"),
        ("pipeline:", "pipelines:", "not the configuration of a pipeline"),
        ("pipeline:", "pipeline: [", "not the configuration of a pipeline"),
        ("threshold: 0.6", "threshold: high", "cannot be loaded"),
    ],
)
def test_a_configuration_of_something_else_is_refused(
    engine: RunningEngine, copy_of: Callable[..., Path], before: str, after: str, message: str
) -> None:
    folder = copy_of("community")
    config = folder / "config.yaml"
    text = config.read_text()
    assert before in text
    config.write_text(text.replace(before, after))
    error = engine.load_failure(own_model(folder))
    assert error.code is ErrorCode.MODEL_LOAD_FAILED
    assert message in str(error)


@needs_flite
def test_the_name_of_a_folder_does_not_matter(
    engine: RunningEngine, copy_of: Callable[..., Path], two: Dialogue
) -> None:
    """Such words in a path would make the library take the embedding for another library's."""
    folder = copy_of("community", "wespeaker-speechbrain-nvidia")
    assert engine.diarize(two.wav, model=own_model(folder)).turns == engine.diarize(two.wav).turns


NO_NETWORK = """
import json, os, sys
asked = []
def refuse(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"):
        asked.append(event)
        raise OSError("no network")
sys.addaudithook(refuse)
import socket
try: socket.getaddrinfo("example.org", 443)
except OSError: pass
seen, asked[:] = list(asked), []
import time, wave
import numpy as np
from dalston_sdk.wire import DiarizeRequest, ModelRef
import engine
class Context:
    progress = partial = check_cancelled = lambda self, *_: None
with wave.open(sys.argv[1]) as reader:
    samples = np.frombuffer(reader.readframes(reader.getnframes()), "<i2") / np.float32(32768)
made = engine.PyannoteEngine()
turns = 0
for folder in sys.argv[2:]:
    model = ModelRef(runtime_id="own", path=folder)
    made.load(model)
    turns += len(made.diarize(DiarizeRequest(model=model), samples, Context()).turns)
time.sleep(1)  # spans would be sent every half second
from pyannote.audio.telemetry.metrics import is_metrics_enabled
parts = ("torchcodec", "pyannoteai", "grpc")
print(json.dumps({
    "seen": seen, "asked": asked, "turns": turns, "telemetry": is_metrics_enabled(),
    "imported": [name for name in parts if name in sys.modules],
}))
"""


@needs_flite
def test_nothing_uses_the_network(
    under_test: EngineUnderTest, models: Models, two: Dialogue
) -> None:
    folders = [models[name].path or "" for name in ("community", "legacy")]
    answer = json.loads(under_test.run(NO_NETWORK, two.wav, *folders).splitlines()[-1])
    assert answer["seen"] == ["socket.getaddrinfo"], "the hook would not notice anything"
    assert answer["asked"] == []
    assert answer["telemetry"] is False
    assert answer["imported"] == []
    assert answer["turns"] > 10


def test_a_missing_gpu_is_an_error_and_the_cpu_is_not_taken(under_test: EngineUnderTest) -> None:
    check_missing_gpu(under_test.start_line())


@needs_flite
@pytest.mark.slow  # twelve swaps in a process of its own
def test_swaps_change_neither_turns_nor_memory(
    under_test: EngineUnderTest, models: Models, make_dialogue: MakeDialogue
) -> None:
    wav = make_dialogue("slt").wav
    sizes: list[float] = []
    turns: dict[str, object] = {}
    with under_test.running(models["community"]) as engine:
        for _ in range(6):
            for name in ("community", "legacy"):
                result = engine.diarize(wav, model=models[name])
                assert result.turns == turns.setdefault(name, result.turns)
            sizes.append(engine.health().rss_mb)
    assert turns["community"]
    check_memory_settles(sizes)


@needs_flite
@pytest.mark.slow  # ten minutes of audio in a process of its own
def test_a_long_recording_takes_no_more_memory_than_a_chunk(
    under_test: EngineUnderTest, copy_of: Callable[..., Path], long: Dialogue, tmp_path: Path
) -> None:
    """Ten minutes in chunks of one against one minute; windows do not overlap, to be quick."""
    folder = copy_of("community")
    config = folder / "config.yaml"
    config.write_text(
        config.read_text().replace("segmentation_step: 0.5", "segmentation_step: 1.0")
    )
    minute = read_wav(long.wav)[: 60 * RATE]
    short_wav = write_pcm(tmp_path / "one.wav", minute)
    long_wav = write_pcm(tmp_path / "ten.wav", np.tile(minute, 10))
    with under_test.running(own_model(folder)) as engine:
        for _ in range(3):
            engine.diarize(short_wav, chunk_s=60.0, max_speakers=3)
        before = _peak_mb(engine)
        result = engine.diarize(long_wav, chunk_s=60.0, max_speakers=3)
        grown = _peak_mb(engine) - before
    assert result.turns[-1].end > 590
    assert len({turn.speaker for turn in result.turns}) == 3
    audio_mb = 10 * 60 * 16_000 * 4 / 2**20
    assert grown < 2 * audio_mb + MEMORY_MB


def _peak_mb(engine: RunningEngine) -> float:
    """The highest resident memory of the process so far."""
    status = Path(f"/proc/{engine.health().pid}/status").read_text()
    line = next(each for each in status.splitlines() if each.startswith("VmHWM"))
    return int(line.split()[1]) / 1024
