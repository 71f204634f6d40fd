"""PANNs' weights: missing, broken, hostile, never downloaded and never written; and no GPU."""

import hashlib
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.support.asked_engine import AskedEngine, EngineUnderTest
from tests.support.sounds import band, write_wav

from dalston_sdk.wire import ErrorCode, EventsResult, ModelRef

LABELS = "class_labels_indices.csv"
CHECKPOINT = "Cnn14_DecisionLevelMax.pth"
LOW = (100, 1500)


@pytest.fixture
def copy(models: Mapping[str, ModelRef], tmp_path: Path) -> Path:
    """A folder of weights that a test may break."""
    folder = tmp_path / "copy"
    shutil.copytree(models["plain"].path or "", folder)
    return folder


def own(folder: Path) -> ModelRef:
    return ModelRef(runtime_id="own", path=str(folder))


@pytest.mark.parametrize(("name", "said"), [(LABELS, LABELS), (CHECKPOINT, ".pth")])
def test_a_missing_file_is_named(engine: AskedEngine, copy: Path, name: str, said: str) -> None:
    (copy / name).unlink()
    error = engine.load_failure(own(copy))
    assert error.code == ErrorCode.MODEL_MISSING
    assert said in error.message
    assert error.hint == "dalston models pull copy"


def test_two_checkpoints_are_one_too_many(engine: AskedEngine, copy: Path) -> None:
    shutil.copy(copy / CHECKPOINT, copy / "other.pth")
    error = engine.load_failure(own(copy))
    assert error.code == ErrorCode.MODEL_MISSING
    assert "2" in error.message


def test_no_folder_is_no_model(engine: AskedEngine) -> None:
    for model in (ModelRef(runtime_id="Cnn14_DecisionLevelMax"), own(Path("/nowhere"))):
        assert engine.load_failure(model).code == ErrorCode.MODEL_MISSING


def test_another_number_format_is_refused(engine: AskedEngine, copy: Path) -> None:
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
    engine: AskedEngine, copy: Path, spoil: Callable[[Path], None], file: str
) -> None:
    """An empty list of names is what the library leaves behind where there is no network."""
    spoil(copy)
    error = engine.load_failure(own(copy))
    assert error.code == ErrorCode.MODEL_LOAD_FAILED
    assert file in error.message
    assert error.hint == "dalston models verify copy"


BREAK = """
import sys, torch
from pathlib import Path
file = Path(sys.argv[1]) / "Cnn14_DecisionLevelMax.pth"
held = torch.load(file, weights_only=True)
if sys.argv[2] == "missing":
    del held["model"]["fc1.weight"]
elif sys.argv[2] == "shape":
    held["model"]["fc_audioset.bias"] = torch.zeros(10)
elif sys.argv[2] == "code":
    class Mark:
        def __reduce__(self):
            return (open, (sys.argv[3], "w"))
    held["sampler"] = Mark()
elif sys.argv[2] == "nan":
    held["model"]["fc_audioset.bias"] = torch.full((527,), float("nan"))
else:
    held = held["model"]
torch.save(held, file)
"""


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
    engine: AskedEngine,
    under_test: EngineUnderTest,
    copy: Path,
    tmp_path: Path,
    kind: str,
    said: str,
) -> None:
    under_test.run(BREAK, copy, kind, tmp_path / "ran")
    error = engine.load_failure(own(copy))
    assert error.code == ErrorCode.MODEL_LOAD_FAILED
    assert said in error.message
    assert not (tmp_path / "ran").exists()


def test_answers_that_are_no_numbers_are_an_error(
    engine: AskedEngine, under_test: EngineUnderTest, listener: Any, copy: Path, tmp_path: Path
) -> None:
    under_test.run(BREAK, copy, "nan")
    wav = write_wav(tmp_path / "low.wav", band(1, *LOW))
    error = engine.failure(listener.request(model=own(copy)), wav)
    assert error.code == ErrorCode.MODEL_LOAD_FAILED
    assert "no number" in error.message


def test_samples_that_are_no_numbers_are_an_error(
    under_test: EngineUnderTest, models: Mapping[str, ModelRef]
) -> None:
    """The network would answer with the same; no recording over the wire can hold them."""
    answer = under_test.run(
        """
import sys
import numpy as np
from dalston_sdk.errors import EngineError
from dalston_sdk.wire import EventsRequest, ModelRef
from engine import PannsEventsEngine
model = ModelRef(runtime_id="own", path=sys.argv[1])
engine = PannsEventsEngine()
engine.load(model)
try:
    engine.detect_events(EventsRequest(model=model), np.full(16000, np.nan, np.float32), None)
except EngineError as error:
    print(error.code.value)
""",
        models["plain"].path or "",
    )
    assert answer == "audio_invalid"


def test_nothing_is_downloaded_or_written(
    under_test: EngineUnderTest, listener: Any, copy: Path, tmp_path: Path
) -> None:
    """The library's own way would run wget for the names, and over a checkpoint below 300 MB."""
    home, programs = tmp_path / "home", tmp_path / "programs"
    home.mkdir()
    programs.mkdir()
    wget = programs / "wget"
    wget.write_text(f"#!/bin/sh\ntouch {tmp_path}/called\n", encoding="utf-8")
    wget.chmod(0o755)
    before = {file.name: hashlib.sha256(file.read_bytes()).digest() for file in copy.iterdir()}
    wav = write_wav(tmp_path / "low.wav", band(2, *LOW))

    place = {"HOME": str(home), "PATH": f"{programs}:/usr/bin:/bin"}
    with under_test.asked(**place) as engine:
        result = engine.result(listener.request(model=own(copy)), wav, EventsResult)

    assert [event.label for event in result.events] == ["Dog"]
    assert not (tmp_path / "called").exists()
    assert list(home.iterdir()) == []
    after = {file.name: hashlib.sha256(file.read_bytes()).digest() for file in copy.iterdir()}
    assert after == before


def test_loading_and_listening_open_no_socket_and_start_no_program(
    under_test: EngineUnderTest, models: Mapping[str, ModelRef]
) -> None:
    answer = under_test.run(
        """
import sys
import torch
seen = []
def watch(event, arguments):
    if event.startswith("socket.") or event in {"os.system", "subprocess.Popen", "urllib.Request"}:
        seen.append((event, str(arguments[0])))
sys.addaudithook(watch)
threads = torch.get_num_threads()
import loading, listening
import numpy as np
from dalston_sdk.wire import ModelRef
detector = loading.load_detector(ModelRef(runtime_id="own", path=sys.argv[1]), "cpu")
list(listening.listen(detector, np.zeros(16000, np.float32), 1))
assert seen == [], seen
assert torch.get_num_threads() == threads
assert "panns_inference.config" not in sys.modules
print("alone")
""",
        models["plain"].path or "",
    )
    assert answer == "alone"


def test_windows_hear_what_the_whole_recording_would(under_test: EngineUnderTest) -> None:
    """With random weights, which use all that the network can hear; and too little is told apart.

    Also: the library's frames are those that the steps stand for, and above 8 kHz there is nothing.
    """
    answer = under_test.run(
        """
import numpy as np, torch
import listening, loading
from tests.support.sounds import band, tone
torch.manual_seed(0)
detector = loading.Detector(model=loading._network().eval(), names=("x",) * 527)
audio = np.concatenate([band(8, 100, 7000, peak=(n % 3 + 1) / 4, seed=n) for n in range(4)])[:-777]
with torch.inference_mode():
    whole = detector.model(torch.from_numpy(listening.upsample(audio))[None])["framewise_output"]
listening.CORE_STEPS = 40  # three windows, the middle one with margins on both sides
windows = np.concatenate(list(listening.listen(detector, audio, 1)))
together = np.concatenate(list(listening.listen(detector, audio, 3)))
assert len(windows) == listening.num_steps(len(audio)) == 99, len(windows)
frames = np.repeat(windows, 32, axis=0)
assert abs(frames - whole[0, : len(frames)].numpy()).max() < 1e-5
assert abs(together - windows).max() < 1e-5
listening.MARGIN_STEPS = 1
short = np.concatenate(list(listening.listen(detector, audio, 1)))
assert abs(short - windows).max() > 1e-4, "the margin would not matter"
for hz in (50, 1000, 7000):
    doubled = listening.upsample(tone(1, hz))
    power = np.abs(np.fft.rfft(doubled * np.hanning(len(doubled))))
    assert abs(power[hz] / len(doubled) * 4 - 0.5) < 0.01, hz
    assert 20 * np.log10(power[8200:].max() / power.max()) < -80, hz
print("same")
"""
    )
    assert answer == "same"


def test_a_gpu_that_is_not_there_is_said_and_the_cpu_not_taken(
    under_test: EngineUnderTest,
) -> None:
    """The library itself would take the CPU, and print it."""
    with under_test.asked("cuda:63") as engine:
        while (health := engine.health()).status == "starting":
            continue
    assert health.status == "failed"
    assert "cuda:63" in (health.problem or "")


@pytest.mark.slow
def test_swaps_leave_events_and_memory_as_they_were(
    under_test: EngineUnderTest, models: Mapping[str, ModelRef], listener: Any, tmp_path: Path
) -> None:
    wav = write_wav(tmp_path / "low.wav", band(1, *LOW))
    sizes = []
    with under_test.asked() as engine:
        for _ in range(6):
            for name, label in (("plain", "Dog"), ("swapped", "Siren")):
                request = listener.request(model=models[name])
                result = engine.result(request, wav, EventsResult)
                assert [event.label for event in result.events] == [label]
            sizes.append(engine.health().rss_mb)
    # One network is 327 MB; it must not stay when the next one comes.
    assert max(sizes[3:]) < 1.1 * max(sizes[:3])


@pytest.mark.slow
def test_long_recordings_take_no_more_memory(
    under_test: EngineUnderTest, listener: Any, tmp_path: Path
) -> None:
    piece = band(80, *LOW)  # of its windows two are as long as any
    short = write_wav(tmp_path / "1.wav", piece)
    long = write_wav(tmp_path / "2.wav", *[piece] * 2)
    sizes = []
    with under_test.asked() as engine:
        for wav in (short, long):
            result = engine.result(listener.request(labels=("Dog",)), wav, EventsResult)
            assert len(result.events) == 1
            sizes.append(engine.health().rss_mb)
    samples_mb = 80 * 16_000 * 4 * 2 / 2**20
    assert sizes[1] < sizes[0] + samples_mb + 60
