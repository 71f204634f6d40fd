"""emotion2vec's weights: missing, incomplete, broken, hostile, swapped; and no GPU."""

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.support.asked_engine import AskedEngine, EngineUnderTest
from tests.support.sounds import band, write_wav

from dalston_sdk.wire import EmotionResult, ErrorCode, ModelRef, Segment


@pytest.fixture
def copy(models: Mapping[str, ModelRef], tmp_path: Path) -> Path:
    """A folder of weights that a test may break."""
    folder = tmp_path / "copy"
    shutil.copytree(models["plain"].path or "", folder)
    return folder


def own(folder: Path) -> ModelRef:
    return ModelRef(runtime_id="own", path=str(folder))


@pytest.mark.parametrize("name", ["config.yaml", "model.pt", "tokens.txt"])
def test_a_missing_file_is_named(engine: AskedEngine, copy: Path, name: str) -> None:
    """Without model.pt the library itself would answer with random weights."""
    (copy / name).unlink()
    (copy / "configuration.json").write_text("{}", encoding="utf-8")
    error = engine.load_failure(own(copy))
    assert error.code == ErrorCode.MODEL_MISSING
    assert name in error.message
    assert error.hint == "dalston models pull copy"


def test_no_folder_is_no_model(engine: AskedEngine) -> None:
    for model in (ModelRef(runtime_id="iic/emotion2vec_plus_large"), own(Path("/nowhere"))):
        assert engine.load_failure(model).code == ErrorCode.MODEL_MISSING


def test_another_number_format_is_refused(engine: AskedEngine, copy: Path) -> None:
    error = engine.load_failure(ModelRef(runtime_id="own", path=str(copy), compute_type="float16"))
    assert error.code == ErrorCode.INVALID_REQUEST
    assert "float16" in error.message


BREAK = """
import sys, torch
from pathlib import Path
file = Path(sys.argv[1]) / "model.pt"
weights = torch.load(file, weights_only=True)
if sys.argv[2] == "missing":
    del weights["blocks.0.attn.qkv.weight"], weights["proj.bias"]
elif sys.argv[2] == "head":
    weights["proj.weight"] = weights["proj.weight"][:4]
elif sys.argv[2] == "nan":
    weights["proj.bias"][:] = float("nan")
elif sys.argv[2] == "code":
    weights["extra"] = print
elif sys.argv[2] == "list":
    weights = [1, 2]
torch.save(weights, file)
"""


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("missing", "there is no blocks.0.attn.qkv.weight and 1 more in it"),
        ("head", "proj.weight has the shape (4, 48) and not (9, 48)"),
        ("code", "cannot be loaded"),
        ("list", "there are no weights in it"),
    ],
)
def test_weights_that_do_not_fit_are_refused(
    engine: AskedEngine, under_test: EngineUnderTest, copy: Path, kind: str, said: str
) -> None:
    """The library would print a line about them, and fill up with random weights."""
    under_test.run(BREAK, copy, kind)
    error = engine.load_failure(own(copy))
    assert error.code == ErrorCode.MODEL_LOAD_FAILED
    assert said in error.message
    assert error.hint == "dalston models verify copy"


def test_answers_that_are_no_numbers_are_an_error(
    engine: AskedEngine, under_test: EngineUnderTest, listener: Any, copy: Path, wav: Path
) -> None:
    under_test.run(BREAK, copy, "nan")
    segments = (Segment(id=0, start=0, end=1, text="words"),)
    error = engine.failure(listener.request(segments, model=own(copy)), wav)
    assert error.code == ErrorCode.MODEL_LOAD_FAILED
    assert "no number" in error.message


def _cut(folder: Path) -> None:
    content = (folder / "model.pt").read_bytes()
    (folder / "model.pt").write_bytes(content[: len(content) // 2])


def _junk(folder: Path) -> None:
    (folder / "model.pt").write_bytes(b"junk" * 99)


def _no_yaml(folder: Path) -> None:
    (folder / "config.yaml").write_text("model: [", encoding="utf-8")


def _another_network(folder: Path) -> None:
    (folder / "config.yaml").write_text("model: SenseVoiceSmall\n", encoding="utf-8")


def _no_settings(folder: Path) -> None:
    (folder / "config.yaml").write_text("model: Emotion2vec\n", encoding="utf-8")


def _no_tokens(folder: Path) -> None:
    (folder / "tokens.txt").write_text("\n\n", encoding="utf-8")


def _same_token_twice(folder: Path) -> None:
    (folder / "tokens.txt").write_text("a/sad\nb/sad\n<unk>\n", encoding="utf-8")


def _one_token_less(folder: Path) -> None:
    lines = (folder / "tokens.txt").read_text(encoding="utf-8").splitlines()
    (folder / "tokens.txt").write_text("\n".join(lines[:-1]), encoding="utf-8")


@pytest.mark.parametrize(
    ("spoil", "file"),
    [
        (_cut, ""),
        (_junk, ""),
        (_no_yaml, ""),
        (_another_network, "config.yaml"),
        (_no_settings, "config.yaml"),
        (_no_tokens, "tokens.txt"),
        (_same_token_twice, "tokens.txt"),
        (_one_token_less, "proj.weight"),
    ],
)
def test_broken_files_fail_to_load(
    engine: AskedEngine, copy: Path, spoil: Callable[[Path], None], file: str
) -> None:
    spoil(copy)
    error = engine.load_failure(own(copy))
    assert error.code == ErrorCode.MODEL_LOAD_FAILED
    assert file in error.message
    assert error.hint == "dalston models verify copy"


def test_a_config_that_is_a_program_does_not_run(
    engine: AskedEngine, copy: Path, tmp_path: Path
) -> None:
    """The library evaluates ``feature_encoder_spec`` as Python."""
    mark = tmp_path / "ran"
    config = (copy / "config.yaml").read_text(encoding="utf-8")
    spec = next(line for line in config.splitlines() if "feature_encoder_spec" in line)
    program = f"{spec.partition(':')[0]}: \"[(32,10,5)] + [open('{mark}', 'w')]\""
    (copy / "config.yaml").write_text(config.replace(spec, program), encoding="utf-8")

    error = engine.load_failure(own(copy))
    assert error.code == ErrorCode.MODEL_LOAD_FAILED
    assert "feature_encoder_spec" in error.message
    assert not mark.exists()


def test_a_gpu_that_is_not_there_is_said_and_the_cpu_not_taken(
    under_test: EngineUnderTest,
) -> None:
    with under_test.asked("cuda:63") as engine:
        while (health := engine.health()).status == "starting":
            continue
    assert health.status == "failed"
    assert "cuda:63" in (health.problem or "")


def test_loading_onto_a_gpu_that_is_not_there_fails(
    under_test: EngineUnderTest, models: Mapping[str, ModelRef]
) -> None:
    """The library itself would take the CPU, and not say it."""
    answer = under_test.run(
        """
import sys
from dalston_sdk.errors import EngineError
from dalston_sdk.wire import ModelRef
import loading
try:
    loading.load_recogniser(ModelRef(runtime_id="own", path=sys.argv[1]), "cuda:63")
except EngineError as error:
    print(error.code.value)
""",
        models["plain"].path or "",
    )
    assert answer == "model_load_failed"


def test_loading_and_listening_leave_the_process_alone(
    under_test: EngineUnderTest, models: Mapping[str, ModelRef]
) -> None:
    """No socket, no program but ffmpeg's version, no log handler, the same threads and modules."""
    answer = under_test.run(
        """
import logging, sys
seen = []
def watch(event, arguments):
    if event.startswith("socket.") or event in {"os.system", "subprocess.Popen", "urllib.Request"}:
        seen.append((event, str(arguments[0])))
sys.addaudithook(watch)
import torch
before = torch.get_num_threads()
seen.clear()
import loading, scoring
from windows import Window
from dalston_sdk.wire import ModelRef
import numpy as np
recogniser = loading.load_recogniser(ModelRef(runtime_id="own", path=sys.argv[1]), "cpu")
scoring.score(recogniser, np.zeros(8000, np.float32), [Window(segment_id=0, start=0, end=8000)])
assert [each for each in seen if each != ("subprocess.Popen", "ffmpeg")] == [], seen
assert torch.get_num_threads() == before
assert logging.getLogger().handlers == []
for library in ("modelscope", "huggingface_hub", "transformers", "requests"):
    assert library not in sys.modules, library
print("alone")
""",
        models["plain"].path or "",
    )
    assert answer == "alone"


def test_swaps_leave_emotions_and_memory_as_they_were(
    under_test: EngineUnderTest, models: Mapping[str, ModelRef], listener: Any, tmp_path: Path
) -> None:
    wav = write_wav(tmp_path / "low.wav", band(1, 60, 900, seed=31))
    segments = (Segment(id=0, start=0, end=1, text="words"),)
    expected: dict[str, EmotionResult] = {}
    sizes = []
    with under_test.asked() as engine:
        for _ in range(20):
            for name in ("plain", "other"):
                request = listener.request(segments, model=models[name])
                result = engine.result(request, wav, EmotionResult)
                assert result == expected.setdefault(name, result)
            sizes.append(engine.health().rss_mb)
    assert expected["plain"].emotions[0].label == "sad"
    assert max(sizes[10:]) < 1.05 * max(sizes[:10])


def test_three_minutes_take_no_more_memory_than_one(
    under_test: EngineUnderTest, listener: Any, tmp_path: Path
) -> None:
    """One segment for all of it; at once each layer's attention would take 1.3 GB."""
    minute = band(60, 60, 900, seed=32)
    short = write_wav(tmp_path / "1.wav", minute)
    long = write_wav(tmp_path / "3.wav", *[minute] * 3)
    sizes = []
    with under_test.asked() as engine:
        for wav, seconds in ((short, 60), (long, 180)):
            segments = (Segment(id=0, start=0, end=seconds, text="words"),)
            result = engine.result(listener.request(segments), wav, EmotionResult)
            assert result.emotions[0].label == "sad"
            sizes.append(engine.health().rss_mb)
    samples_mb = 120 * 16_000 * 4 * 2 / 2**20
    assert sizes[1] < sizes[0] + samples_mb + 60
