"""Weights that are missing, broken or something else; memory; and nothing over the network."""

import json
import shutil
import wave
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.support.asked_engine import AskedEngine, EngineUnderTest
from tests.support.speech import needs_flite

from dalston_sdk.wire import DiarizeOptions, DiarizeRequest, DiarizeResult, ErrorCode, ModelRef

MEMORY_MB = 80


@pytest.fixture
def copy_of(models: Mapping[str, ModelRef], tmp_path: Path) -> Callable[..., Path]:
    """A pipeline's files for a test to spoil."""

    def copy(name: str, folder: str = "copy") -> Path:
        return Path(shutil.copytree(models[name].path or "", tmp_path / folder))

    return copy


def own(folder: Path) -> ModelRef:
    return ModelRef(runtime_id="own", path=str(folder))


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
def test_a_missing_file_is_named_and_not_looked_up(
    engine: AskedEngine, copy_of: Callable[..., Path], name: str, file: str
) -> None:
    folder = copy_of(name)
    (folder / file).unlink()
    error = engine.load_failure(own(folder))
    assert error.code is ErrorCode.MODEL_MISSING
    assert f"{folder / file} is missing" in str(error)
    assert "dalston models pull" in (error.hint or "")


def test_no_folder_is_no_model(engine: AskedEngine) -> None:
    error = engine.load_failure(ModelRef(runtime_id="nowhere"))
    assert error.code is ErrorCode.MODEL_MISSING
    assert "dalston models list" in (error.hint or "")


def test_the_name_of_a_repository_is_not_looked_up(engine: AskedEngine) -> None:
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
    engine: AskedEngine, copy_of: Callable[..., Path], file: str, half: bool
) -> None:
    folder = copy_of("community")
    content = (folder / file).read_bytes()
    (folder / file).write_bytes(content[: len(content) // 2] if half else b"no weights at all")
    error = engine.load_failure(own(folder))
    assert error.code is ErrorCode.MODEL_LOAD_FAILED
    assert f"{folder} cannot be loaded" in str(error)
    assert "dalston models verify" in (error.hint or "")


def test_weights_that_lack_a_layer_are_not_filled_with_chance(
    engine: AskedEngine, under_test: EngineUnderTest, copy_of: Callable[..., Path]
) -> None:
    """The library itself would fill the gap where a pipeline names the weights."""
    folder = copy_of("community")
    file = folder / "segmentation" / "pytorch_model.bin"
    under_test.run(
        "import loading, sys, torch; weights = torch.load(sys.argv[1], weights_only=False); "
        "del weights['state_dict']['classifier.weight']; torch.save(weights, sys.argv[1])",
        file,
    )
    error = engine.load_failure(own(folder))
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
    engine: AskedEngine, copy_of: Callable[..., Path], before: str, after: str, message: str
) -> None:
    folder = copy_of("community")
    config = folder / "config.yaml"
    text = config.read_text()
    assert before in text
    config.write_text(text.replace(before, after))
    error = engine.load_failure(own(folder))
    assert error.code is ErrorCode.MODEL_LOAD_FAILED
    assert message in str(error)


@needs_flite
def test_the_name_of_a_folder_does_not_matter(
    diarizer: Any, copy_of: Callable[..., Path], two: Any
) -> None:
    """By such words in a path the library takes an embedding for another library's."""
    folder = copy_of("community", "wespeaker-speechbrain-nvidia")
    assert diarizer.hear(two.wav, model=own(folder)).turns == diarizer.hear(two.wav).turns


NO_NETWORK = """
import json, os, sys
os.environ["OMP_NUM_THREADS"] = "1"
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
def test_nothing_is_asked_of_the_network(
    under_test: EngineUnderTest, models: Mapping[str, ModelRef], two: Any
) -> None:
    folders = [models[name].path or "" for name in ("community", "legacy")]
    answer = json.loads(under_test.run(NO_NETWORK, two.wav, *folders).splitlines()[-1])
    assert answer["seen"] == ["socket.getaddrinfo"], "the hook would not notice anything"
    assert answer["asked"] == []
    assert answer["telemetry"] is False
    assert answer["imported"] == []
    assert answer["turns"] > 10


def test_a_gpu_that_is_not_there_is_said_and_the_cpu_not_taken(
    under_test: EngineUnderTest,
) -> None:
    with under_test.asked("cuda:63") as asked:
        while (health := asked.health()).status == "starting":
            continue
        assert health.status == "failed"
        assert "cuda:63" in (health.problem or "")


@needs_flite
@pytest.mark.slow
def test_swaps_leave_turns_and_memory_as_they_were(
    under_test: EngineUnderTest,
    one_thread: Mapping[str, str],
    models: Mapping[str, ModelRef],
    talk: Callable[..., Any],
) -> None:
    wav = talk("slt").wav
    sizes: list[float] = []
    expected: dict[str, object] = {}
    with under_test.asked(**one_thread) as asked:
        for _ in range(20):
            for name in ("community", "legacy"):
                result = asked.result(DiarizeRequest(model=models[name]), wav, DiarizeResult)
                assert result.turns == expected.setdefault(name, result.turns)
            sizes.append(asked.health().rss_mb)
    assert expected["community"]
    # What the libraries and the allocator keep has settled by then; a leak would go on.
    assert max(sizes[12:]) < 1.1 * max(sizes[:12])


@needs_flite
@pytest.mark.slow
def test_a_long_recording_takes_no_more_memory_than_a_chunk(
    under_test: EngineUnderTest,
    one_thread: Mapping[str, str],
    copy_of: Callable[..., Path],
    long: Any,
    write_samples: Callable[[Path, Any], Path],
    tmp_path: Path,
) -> None:
    """Ten minutes in chunks of one against one minute; windows side by side, to be quick."""
    folder = copy_of("community")
    config = folder / "config.yaml"
    config.write_text(
        config.read_text().replace("segmentation_step: 0.5", "segmentation_step: 1.0")
    )
    with wave.open(str(long.wav), "rb") as reader:
        minute = np.frombuffer(reader.readframes(60 * 16_000), "<i2") / 32768
    options = DiarizeOptions(chunk_s=60.0, max_speakers=3)
    request = DiarizeRequest(model=own(folder), options=options)
    with under_test.asked(**one_thread) as asked:
        for _ in range(3):
            wav = write_samples(tmp_path / "short.wav", minute)
            asked.result(request, wav, DiarizeResult)
        before = _peak_mb(asked)
        wav = write_samples(tmp_path / "ten.wav", np.tile(minute, 10))
        result = asked.result(request, wav, DiarizeResult)
        grown = _peak_mb(asked) - before
    assert result.turns[-1].end > 590
    assert len({turn.speaker for turn in result.turns}) == 3
    audio_mb = 10 * 60 * 16_000 * 4 / 2**20
    assert grown < 2 * audio_mb + MEMORY_MB


def _peak_mb(asked: AskedEngine) -> float:
    """The most memory that the engine's process ever had."""
    status = Path(f"/proc/{asked.health().pid}/status").read_text()
    line = next(each for each in status.splitlines() if each.startswith("VmHWM"))
    return int(line.split()[1]) / 1024
