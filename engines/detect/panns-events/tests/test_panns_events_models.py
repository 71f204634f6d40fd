"""PANNs' weights: missing, broken, malicious, never downloaded and never written; and no GPU."""

import hashlib
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from tests.support.engine_fixtures import Models, copy_weights, own_model
from tests.support.engine_under_test import EngineUnderTest
from tests.support.sounds import band, write_wav

from dalston_sdk.testing import RunningEngine, check_memory_settles, check_missing_gpu
from dalston_sdk.wire import ErrorCode, ModelRef, Stage

LABELS = "class_labels_indices.csv"
CHECKPOINT = "Cnn14_DecisionLevelMax.pth"
LOW = (100, 1500)


@pytest.mark.parametrize(("name", "said"), [(LABELS, LABELS), (CHECKPOINT, ".pth")])
def test_a_missing_file_is_named(engine: RunningEngine, copy: Path, name: str, said: str) -> None:
    (copy / name).unlink()
    error = engine.load_failure(own_model(copy))
    assert error.code == ErrorCode.MODEL_MISSING
    assert said in error.message
    assert "the folder is your own" in (error.hint or "")


def test_two_checkpoints_are_one_too_many(engine: RunningEngine, copy: Path) -> None:
    shutil.copy(copy / CHECKPOINT, copy / "other.pth")
    error = engine.load_failure(own_model(copy))
    assert error.code == ErrorCode.MODEL_MISSING
    assert "2" in error.message


def test_no_folder_is_no_model(engine: RunningEngine) -> None:
    for model in (ModelRef(runtime_id="Cnn14_DecisionLevelMax"), own_model(Path("/nowhere"))):
        assert engine.load_failure(model).code == ErrorCode.MODEL_MISSING


def test_another_number_format_is_refused(engine: RunningEngine, copy: Path) -> None:
    model = ModelRef(runtime_id="own", path=str(copy), compute_type="float16")
    assert engine.load_failure(model).code == ErrorCode.INVALID_REQUEST


def _no_bytes(folder: Path) -> None:
    (folder / CHECKPOINT).write_bytes(b"")


def _cut(folder: Path) -> None:
    content = (folder / CHECKPOINT).read_bytes()
    (folder / CHECKPOINT).write_bytes(content[: len(content) // 2])


def _junk(folder: Path) -> None:
    (folder / CHECKPOINT).write_bytes(b"junk" * 99)


def _no_names(folder: Path) -> None:
    (folder / LABELS).write_bytes(b"")


def _half_of_the_names(folder: Path) -> None:
    lines = (folder / LABELS).read_text(encoding="utf-8").splitlines()
    (folder / LABELS).write_text("\n".join(lines[:200]), encoding="utf-8")


def _another_table(folder: Path) -> None:
    (folder / LABELS).write_text("a,b\n" + "1,2\n" * 527, encoding="utf-8")


def _no_text(folder: Path) -> None:
    (folder / LABELS).write_bytes(b"index,mid,display_name\n0,x,\xff\xfe\n")


@pytest.mark.parametrize(
    ("spoil", "file"),
    [
        (_no_bytes, CHECKPOINT),
        (_cut, CHECKPOINT),
        (_junk, CHECKPOINT),
        (_no_names, LABELS),
        (_half_of_the_names, LABELS),
        (_another_table, LABELS),
        (_no_text, LABELS),
    ],
)
def test_broken_files_fail_to_load(
    engine: RunningEngine, copy: Path, spoil: Callable[[Path], None], file: str
) -> None:
    """An empty list of names is what the library leaves behind where there is no network."""
    spoil(copy)
    error = engine.load_failure(own_model(copy))
    assert error.code == ErrorCode.MODEL_LOAD_FAILED
    assert file in error.message
    assert error.hint == "dalston models verify"


BREAK = """
import os, sys, torch
from pathlib import Path
class Mark:
    def __reduce__(self):
        return (open, (sys.argv[2], "w"))
for folder in Path(sys.argv[1]).iterdir():
    file = folder / "Cnn14_DecisionLevelMax.pth"
    content = torch.load(file, weights_only=True)
    if folder.name == "missing":
        del content["model"]["fc1.weight"]
    elif folder.name == "shape":
        content["model"]["fc_audioset.bias"] = torch.zeros(10)
    elif folder.name == "code":
        content["sampler"] = Mark()
    elif folder.name == "nan":
        content["model"]["fc_audioset.bias"] = torch.full((527,), float("nan"))
    elif folder.name == "bare":
        content = content["model"]
    torch.save(content, file)
"""


@pytest.fixture(scope="module")
def broken(
    under_test: EngineUnderTest, model: ModelRef, tmp_path_factory: pytest.TempPathFactory
) -> Mapping[str, Path]:
    """Weights broken in several ways; ``code`` would write a file ``ran`` beside the folders."""
    out = tmp_path_factory.mktemp("broken")
    folders = {
        kind: copy_weights(model, out / "weights" / kind)
        for kind in ("missing", "shape", "code", "nan", "bare")
    }
    under_test.run(BREAK, out / "weights", out / "ran")
    return folders


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("missing", "fc1.weight"),
        ("shape", "fc_audioset.bias"),
        ("code", "more than weights"),
        ("bare", "no weights under 'model'"),
    ],
)
def test_weights_that_do_not_fit_are_refused(
    engine: RunningEngine, broken: Mapping[str, Path], kind: str, said: str
) -> None:
    error = engine.load_failure(own_model(broken[kind]))
    assert error.code == ErrorCode.MODEL_LOAD_FAILED
    assert said in error.message
    assert not (broken[kind].parents[1] / "ran").exists()


def test_scores_that_are_not_finite_are_an_error(
    engine: RunningEngine, broken: Mapping[str, Path], tmp_path: Path
) -> None:
    wav = write_wav(tmp_path / "low.wav", band(1, *LOW))
    error = engine.failure(engine.request(Stage.EVENTS, model=own_model(broken["nan"])), wav)
    assert error.code == ErrorCode.MODEL_LOAD_FAILED
    assert "not finite" in error.message


IN_PROCESS = """
import gc, sys, weakref
import torch
seen = []
def watch(event, arguments):
    if event.startswith("socket.") or event in {"os.system", "subprocess.Popen", "urllib.Request"}:
        seen.append((event, str(arguments[0])))
sys.addaudithook(watch)
threads = torch.get_num_threads()

import numpy as np
from dalston_sdk.errors import EngineError
from dalston_sdk.wire import EventsRequest, ModelRef
from engine import PannsEventsEngine
import inference
model = ModelRef(runtime_id="own", path=sys.argv[1])
engine = PannsEventsEngine()
engine.load(model)
fitter = engine.fitter(EventsRequest(model=model), 1)
list(inference.score_recording(engine._detector, np.zeros(16000, np.float32), fitter))
assert seen == [], seen
assert torch.get_num_threads() == threads
assert "panns_inference.config" not in sys.modules

try:
    engine.detect_events(EventsRequest(model=model), np.full(16000, np.nan, np.float32), None)
except EngineError as error:
    print(error.code.value)

network = weakref.ref(engine._detector.model)
engine.unload()
assert network() is None, "the weights are still in memory"
"""


def test_in_one_process(under_test: EngineUnderTest, models: Models) -> None:
    """Nothing but what was asked for happens, and samples that are not finite are refused.

    No socket, no program, as many threads as before, no module that is not needed; dropped weights
    leave the memory. No recording over the wire can hold such samples.
    """
    assert under_test.run(IN_PROCESS, models["plain"].path or "") == "audio_invalid"


def test_nothing_is_downloaded_or_written(
    under_test: EngineUnderTest, copy: Path, tmp_path: Path
) -> None:
    """The library would run wget for the names, and for checkpoints smaller than 300 MB."""
    home, programs = tmp_path / "home", tmp_path / "programs"
    home.mkdir()
    programs.mkdir()
    wget = programs / "wget"
    wget.write_text(f"#!/bin/sh\ntouch {tmp_path}/called\n", encoding="utf-8")
    wget.chmod(0o755)
    before = {file.name: hashlib.sha256(file.read_bytes()).digest() for file in copy.iterdir()}
    wav = write_wav(tmp_path / "low.wav", band(2, *LOW))

    place = {"HOME": str(home), "PATH": f"{programs}:/usr/bin:/bin"}
    with under_test.running(own_model(copy), **place) as engine:
        result = engine.detect_events(wav)

    assert [event.label for event in result.events] == ["Dog"]
    assert not (tmp_path / "called").exists()
    assert list(home.iterdir()) == []
    after = {file.name: hashlib.sha256(file.read_bytes()).digest() for file in copy.iterdir()}
    assert after == before


def test_chunks_score_as_the_whole_recording_does(under_test: EngineUnderTest) -> None:
    """With random weights, which use all of the network's context; a smaller margin is not enough.

    Also: a step stands for the library's 32 equal frames, and above 8 kHz there is nothing.
    """
    answer = under_test.run(
        """
import numpy as np, torch
import inference, loading
from dalston_sdk.batch_fitting import BatchFitter, Place
from dalston_sdk.batch_sizes import BatchSizes
from tests.support.sounds import band, tone
torch.manual_seed(0)
detector = loading.Detector(model=loading._network().eval(), names=("x",) * 527)
audio = np.concatenate([band(8, 100, 7000, peak=(n % 3 + 1) / 4, seed=n) for n in range(4)])[:-777]
with torch.inference_mode():
    whole = detector.model(torch.from_numpy(inference.upsample(audio))[None])["framewise_output"]
inference.CORE_STEPS = 40  # three chunks, the middle one with margins on both sides
place = Place(device="cpu", model="random", stage="events")
one, three = (BatchFitter(asked=n, sizes=BatchSizes(), place=place) for n in (1, 3))
chunks = np.concatenate(list(inference.score_recording(detector, audio, one)))
together = np.concatenate(list(inference.score_recording(detector, audio, three)))
assert len(chunks) == inference.num_steps(len(audio)) == 99, len(chunks)
frames = np.repeat(chunks, 32, axis=0)
assert abs(frames - whole[0, : len(frames)].numpy()).max() < 1e-5
assert abs(together - chunks).max() < 1e-5
inference.MARGIN_STEPS = 1
short = np.concatenate(list(inference.score_recording(detector, audio, one)))
assert abs(short - chunks).max() > 1e-4, "the margin would not matter"
for hz in (50, 1000, 7000):
    doubled = inference.upsample(tone(1, hz))
    power = np.abs(np.fft.rfft(doubled * np.hanning(len(doubled))))
    assert abs(power[hz] / len(doubled) * 4 - 0.5) < 0.01, hz
    assert 20 * np.log10(power[8200:].max() / power.max()) < -80, hz
print("same")
"""
    )
    assert answer == "same"


def test_a_missing_gpu_is_an_error_and_the_cpu_is_not_taken(under_test: EngineUnderTest) -> None:
    """The library would take the CPU, and print it."""
    check_missing_gpu(under_test.start_line())


@pytest.mark.slow  # twelve swaps of 327 MB in a process of its own
def test_swaps_change_neither_events_nor_memory(
    under_test: EngineUnderTest, models: Models, tmp_path: Path
) -> None:
    wav = write_wav(tmp_path / "low.wav", band(1, *LOW))
    sizes = []
    with under_test.running(models["plain"]) as engine:
        for _ in range(6):
            for name, label in (("plain", "Dog"), ("swapped", "Siren")):
                events = engine.detect_events(wav, model=models[name]).events
                assert [event.label for event in events] == [label]
            sizes.append(engine.health().rss_mb)
    # A network that stayed in memory would add 327 MB.
    check_memory_settles(sizes)


@pytest.mark.slow  # four minutes of audio in a process of its own
def test_long_recordings_take_no_more_memory(
    under_test: EngineUnderTest, models: Models, tmp_path: Path
) -> None:
    sound = band(80, *LOW)  # four chunks, two of them of the full length
    sizes = []
    with under_test.running(models["plain"]) as engine:
        for repeats in (1, 2):
            wav = write_wav(tmp_path / f"{repeats}.wav", *[sound] * repeats)
            assert len(engine.detect_events(wav, labels=("Dog",)).events) == 1
            sizes.append(engine.health().rss_mb)
    samples_mb = 80 * 16_000 * 4 * 2 / 2**20
    assert sizes[1] < sizes[0] + samples_mb + 60
