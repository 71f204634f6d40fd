"""emotion2vec's weights: missing, incomplete, broken, malicious, swapped; and no GPU."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from tests.support.engine_fixtures import Models, copy_weights, own_model
from tests.support.engine_under_test import EngineUnderTest
from tests.support.sounds import band, write_wav

from dalston_sdk.testing import RunningEngine, check_memory_settles, check_missing_gpu
from dalston_sdk.wire import EmotionResult, ErrorCode, ModelRef, Segment, Stage


@pytest.mark.parametrize("name", ["config.yaml", "model.pt", "tokens.txt"])
def test_a_missing_file_is_named(engine: RunningEngine, copy: Path, name: str) -> None:
    """Without model.pt the library itself would answer with random weights."""
    (copy / name).unlink()
    (copy / "configuration.json").write_text("{}", encoding="utf-8")
    error = engine.load_failure(own_model(copy))
    assert error.code == ErrorCode.MODEL_MISSING
    assert name in error.message
    assert "the folder is your own" in (error.hint or "")


def test_no_folder_is_no_model(engine: RunningEngine) -> None:
    for model in (ModelRef(runtime_id="iic/emotion2vec_plus_large"), own_model(Path("/nowhere"))):
        assert engine.load_failure(model).code == ErrorCode.MODEL_MISSING


def test_another_number_format_is_refused(engine: RunningEngine, copy: Path) -> None:
    error = engine.load_failure(ModelRef(runtime_id="own", path=str(copy), compute_type="float16"))
    assert error.code == ErrorCode.INVALID_REQUEST
    assert "float16" in error.message


BREAK = """
import sys, torch
from pathlib import Path
for folder in Path(sys.argv[1]).iterdir():
    file = folder / "model.pt"
    weights = torch.load(file, weights_only=True)
    if folder.name == "missing":
        del weights["blocks.0.attn.qkv.weight"], weights["proj.bias"]
    elif folder.name == "head":
        weights["proj.weight"] = weights["proj.weight"][:4]
    elif folder.name == "nan":
        weights["proj.bias"][:] = float("nan")
    elif folder.name == "code":
        weights["extra"] = print
    elif folder.name == "list":
        weights = [1, 2]
    torch.save(weights, file)
"""


@pytest.fixture(scope="module")
def broken(
    under_test: EngineUnderTest, model: ModelRef, tmp_path_factory: pytest.TempPathFactory
) -> Mapping[str, Path]:
    """Weights that are broken in several ways."""
    out = tmp_path_factory.mktemp("broken")
    kinds = ("missing", "head", "nan", "code", "list")
    folders = {kind: copy_weights(model, out / kind) for kind in kinds}
    under_test.run(BREAK, out)
    return folders


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
    engine: RunningEngine, broken: Mapping[str, Path], kind: str, said: str
) -> None:
    """The library would print a line about them, and put random weights in their place."""
    error = engine.load_failure(own_model(broken[kind]))
    assert error.code == ErrorCode.MODEL_LOAD_FAILED
    assert said in error.message
    assert error.hint == "dalston models verify"


def test_scores_that_are_not_finite_are_an_error(
    engine: RunningEngine, broken: Mapping[str, Path], wav: Path
) -> None:
    segments = (Segment(id=0, start=0, end=1, text="words"),)
    request = engine.request(Stage.EMOTION, segments, model=own_model(broken["nan"]))
    error = engine.failure(request, wav)
    assert error.code == ErrorCode.MODEL_LOAD_FAILED
    assert "not finite" in error.message


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
    engine: RunningEngine, copy: Path, spoil: Callable[[Path], None], file: str
) -> None:
    spoil(copy)
    error = engine.load_failure(own_model(copy))
    assert error.code == ErrorCode.MODEL_LOAD_FAILED
    assert file in error.message
    assert error.hint == "dalston models verify"


def test_code_in_the_config_does_not_run(engine: RunningEngine, copy: Path, tmp_path: Path) -> None:
    """The library evaluates ``feature_encoder_spec`` as Python."""
    mark = tmp_path / "ran"
    config = (copy / "config.yaml").read_text(encoding="utf-8")
    spec = next(line for line in config.splitlines() if "feature_encoder_spec" in line)
    program = f"{spec.partition(':')[0]}: \"[(32,10,5)] + [open('{mark}', 'w')]\""
    (copy / "config.yaml").write_text(config.replace(spec, program), encoding="utf-8")

    error = engine.load_failure(own_model(copy))
    assert error.code == ErrorCode.MODEL_LOAD_FAILED
    assert "feature_encoder_spec" in error.message
    assert not mark.exists()


def test_a_missing_gpu_is_an_error_and_the_cpu_is_not_taken(under_test: EngineUnderTest) -> None:
    check_missing_gpu(under_test.start_line())


IN_PROCESS = """
import gc, logging, sys, weakref
seen = []
def watch(event, arguments):
    if event.startswith("socket.") or event in {"os.system", "subprocess.Popen", "urllib.Request"}:
        seen.append((event, str(arguments[0])))
sys.addaudithook(watch)
import torch
threads = torch.get_num_threads()
seen.clear()

import numpy as np
import loading, inference
from dalston_sdk.errors import EngineError
from dalston_sdk.wire import ModelRef
from chunks import Chunk
model = ModelRef(runtime_id="own", path=sys.argv[1])
loaded = loading.load_model(model, "cpu")
chunk = Chunk(segment_id=0, start=0, end=8000)
inference.score_chunks(loaded, np.zeros(8000, np.float32), [chunk])
assert [each for each in seen if each != ("subprocess.Popen", "ffmpeg")] == [], seen
assert torch.get_num_threads() == threads
assert logging.getLogger().handlers == []
for library in ("modelscope", "huggingface_hub", "transformers", "requests"):
    assert library not in sys.modules, library

network = weakref.ref(loaded.network)
del loaded
gc.collect()
assert network() is None, "the weights are still in memory"

try:
    loading.load_model(model, "cuda:63")
except EngineError as error:
    print(error.code.value)
"""


def test_in_one_process(under_test: EngineUnderTest, models: Models) -> None:
    """Nothing but what was asked for happens, and a missing GPU is not replaced by the CPU.

    No socket, no program but ffmpeg's version, no log handler, as many threads as before, no
    module that is not needed; dropped weights leave the memory.
    """
    assert under_test.run(IN_PROCESS, models["plain"].path or "") == "model_load_failed"


@pytest.mark.slow  # twelve swaps in a process of its own
def test_swaps_change_neither_emotions_nor_memory(
    under_test: EngineUnderTest, models: Models, tmp_path: Path
) -> None:
    wav = write_wav(tmp_path / "low.wav", band(1, 60, 900, seed=31))
    segments = (Segment(id=0, start=0, end=1, text="words"),)
    results: dict[str, EmotionResult] = {}
    sizes = []
    with under_test.running(models["plain"]) as engine:
        for _ in range(6):
            for name in ("plain", "other"):
                result = engine.detect_emotion(wav, segments, model=models[name])
                assert result == results.setdefault(name, result)
            sizes.append(engine.health().rss_mb)
    assert results["plain"].emotions[0].label == "sad"
    check_memory_settles(sizes, growth=1.05)


@pytest.mark.slow  # two minutes of audio in a process of its own
def test_a_long_segment_takes_no_more_memory_than_a_short_one(
    under_test: EngineUnderTest, models: Models, tmp_path: Path
) -> None:
    """At once, each layer's attention over 80 s would take 260 MB."""
    short_s, long_s = 20, 80
    noise = band(short_s, 60, 900, seed=32)
    sizes = []
    with under_test.running(models["plain"]) as engine:
        for seconds in (short_s, long_s):
            wav = write_wav(tmp_path / f"{seconds}.wav", *[noise] * (seconds // short_s))
            segments = (Segment(id=0, start=0, end=seconds, text="words"),)
            assert engine.detect_emotion(wav, segments).emotions[0].label == "sad"
            sizes.append(engine.health().rss_mb)
    samples_mb = (long_s - short_s) * 16_000 * 4 * 2 / 2**20
    assert sizes[1] < sizes[0] + samples_mb + 60
