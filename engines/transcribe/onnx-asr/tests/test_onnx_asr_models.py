"""onnx-asr's weights: swapped, missing, broken, in several number formats, and without a GPU."""

import json
from collections.abc import Callable
from pathlib import Path

import jiwer
import pytest
from tests.support.engine_fixtures import Models, copy_weights, own_model
from tests.support.engine_under_test import EngineUnderTest
from tests.support.flite import Speech
from tests.support.onnx_models.families import make_ctc
from tests.support.speech import needs_flite, say

from dalston_sdk.testing import RunningEngine, check_memory_settles, check_missing_gpu
from dalston_sdk.wire import ErrorCode, ModelRef

FILES = {
    "ctc": ["config.json", "model.onnx", "vocab.txt"],
    "tdt": ["encoder-model.onnx", "decoder_joint-model.onnx", "vocab.txt"],
    "canary": ["encoder-model.onnx", "decoder-model.onnx", "vocab.txt"],
    "vosk": ["am/encoder.onnx", "am/decoder.onnx", "am/joiner.onnx", "lang/tokens.txt"],
    "gigaam": ["v2_ctc.onnx", "v2_vocab.txt"],
    "whisper": [
        "onnx/encoder_model.onnx",
        "onnx/decoder_model_merged.onnx",
        "vocab.json",
        "added_tokens.json",
    ],
}


@pytest.fixture
def copy_of(models: Models, tmp_path: Path) -> Callable[[str], Path]:
    """A copy of a family's weights that a test may break."""

    def make(family: str) -> Path:
        return copy_weights(models[family], tmp_path / "copy")

    return make


@pytest.mark.parametrize(
    ("family", "name"), [(family, name) for family, names in FILES.items() for name in names]
)
def test_a_missing_file_is_named(
    engine: RunningEngine, copy_of: Callable[[str], Path], family: str, name: str
) -> None:
    folder = copy_of(family)
    (folder / name).unlink()
    error = engine.load_failure(own_model(folder))
    assert error.code == ErrorCode.MODEL_MISSING
    assert Path(name).name.replace("v2_", "v?_") in str(error)  # the library takes any version
    assert "the folder is your own" in (error.hint or "")


def test_a_config_may_not_be_missing_though_the_model_is_known(
    engine: RunningEngine, copy_of: Callable[[str], Path]
) -> None:
    """The library would take the features of another version of the model."""
    folder = copy_of("gigaam")
    (folder / "config.json").unlink()
    error = engine.load_failure(ModelRef(runtime_id="gigaam-v2-ctc", path=str(folder)))
    assert error.code == ErrorCode.MODEL_MISSING
    assert "config.json" in str(error)


def test_vosk_has_no_config(engine: RunningEngine, copy_of: Callable[[str], Path]) -> None:
    folder = copy_of("vosk")
    (folder / "config.json").unlink()
    model = ModelRef(runtime_id="alphacep/vosk-model-small-ru", path=str(folder))
    assert engine.load(model).loaded == model


def test_no_path_is_no_model(engine: RunningEngine) -> None:
    error = engine.load_failure(ModelRef(runtime_id="nemo-parakeet-tdt-0.6b-v3"))
    assert error.code == ErrorCode.MODEL_MISSING
    assert "dalston models list" in (error.hint or "")


def _truncate(folder: Path) -> None:
    content = (folder / "model.onnx").read_bytes()
    (folder / "model.onnx").write_bytes(content[: len(content) // 2])


def _spoil_model(folder: Path) -> None:
    (folder / "model.onnx").write_bytes(b"junk" * 99)


def _spoil_config(folder: Path) -> None:
    (folder / "config.json").write_text("{", encoding="utf-8")


def _forget_the_kind(folder: Path) -> None:
    (folder / "config.json").write_text("{}", encoding="utf-8")


def _name_another_kind(folder: Path) -> None:
    config = json.dumps({"model_type": "nemo-diarizer"})
    (folder / "config.json").write_text(config, encoding="utf-8")


def _spoil_vocabulary(folder: Path) -> None:
    (folder / "vocab.txt").write_text("one two three\n", encoding="utf-8")


def _change_mel_bands(folder: Path) -> None:
    file = folder / "config.json"
    content = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps({**content, "features_size": 128}), encoding="utf-8")


@pytest.mark.parametrize(
    "spoil",
    [
        _truncate,
        _spoil_model,
        _spoil_config,
        _forget_the_kind,
        _name_another_kind,
        _spoil_vocabulary,
        _change_mel_bands,
    ],
)
def test_broken_weights_fail_to_load(
    engine: RunningEngine, copy_of: Callable[[str], Path], spoil: Callable[[Path], None]
) -> None:
    folder = copy_of("ctc")
    spoil(folder)
    error = engine.load_failure(own_model(folder))
    assert error.code == ErrorCode.MODEL_LOAD_FAILED
    assert error.hint == "dalston models verify"


def test_a_whisper_with_its_search_in_the_graph_is_refused(
    engine: RunningEngine, copy_of: Callable[[str], Path]
) -> None:
    model = ModelRef(runtime_id="whisper-ort", path=str(copy_of("whisper")))
    error = engine.load_failure(model)
    assert error.code == ErrorCode.MODEL_LOAD_FAILED
    assert "onnx-community" in (error.hint or "")


@needs_flite
def test_weights_of_8_bits_are_taken_on_a_cpu(
    engine: RunningEngine, copy_of: Callable[[str], Path], speech: Speech
) -> None:
    folder = make_ctc(copy_of("ctc"), int8=True)

    result = engine.transcribe(speech.wav, model=own_model(folder))
    assert result.compute_type == "int8"
    text = " ".join(segment.text for segment in result.segments)
    assert jiwer.wer(speech.text, text) <= 0.05

    as_asked = ModelRef(runtime_id="own", path=str(folder), compute_type="float32")
    assert engine.load(as_asked).compute_type == "float32"


@pytest.mark.parametrize(
    ("wanted", "code", "hint"),
    [
        ("int3", ErrorCode.INVALID_REQUEST, "int8"),
        ("int8", ErrorCode.MODEL_MISSING, "--compute-type float32"),
        ("float16", ErrorCode.MODEL_MISSING, "--compute-type float32"),
    ],
)
def test_a_number_format_that_is_not_there_is_refused(
    engine: RunningEngine, model: ModelRef, wanted: str, code: ErrorCode, hint: str
) -> None:
    error = engine.load_failure(ModelRef(runtime_id="own", path=model.path, compute_type=wanted))
    assert error.code == code
    assert wanted in str(error)
    assert hint in (error.hint or "")


@needs_flite
@pytest.mark.slow  # 24 swaps in a process of its own
def test_swaps_change_neither_text_nor_memory(
    under_test: EngineUnderTest, models: Models, tmp_path: Path
) -> None:
    wav = say("please send the letter to alice", tmp_path / "said.wav")
    expected: dict[str, str] = {}
    sizes = []
    with under_test.running(models["tdt"]) as engine:
        for _ in range(12):
            for family in ("tdt", "whisper"):
                result = engine.transcribe(wav, model=models[family], language="en")
                text = " ".join(each.text for each in result.segments)
                assert text == expected.setdefault(family, text)
            sizes.append(engine.health().rss_mb)
    assert expected["tdt"] == "please send the letter to alice"
    check_memory_settles(sizes)


def test_a_missing_gpu_is_an_error_and_the_cpu_is_not_taken(under_test: EngineUnderTest) -> None:
    check_missing_gpu(under_test.start_line())


IN_PROCESS = """
import gc, importlib.util, json, os, sys, weakref
import engine, loading
from dalston_sdk.errors import EngineError
from dalston_sdk.wire import ModelRef

os.environ.pop("ORT_DISABLE_TELEMETRY", None)
served = engine.OnnxAsrEngine()
model = ModelRef(runtime_id="own", path=sys.argv[1])
served.load(model)
recogniser = weakref.ref(served._recogniser)
served.unload()
gc.collect()
try:
    loading.load_recogniser(model, "cuda:63")
except EngineError as error:
    code = error.code.value
print(json.dumps({
    "telemetry": os.environ["ORT_DISABLE_TELEMETRY"],
    "hub": importlib.util.find_spec("huggingface_hub"),
    "left": recogniser() is not None,
    "missing gpu": code,
    "kinds": [
        [loading.is_out_of_memory(error), loading.is_device_lost(error)]
        for error in map(RuntimeError, sys.argv[2:])
    ],
}))
"""


def test_in_one_process(under_test: EngineUnderTest, model: ModelRef) -> None:
    """Telemetry is off, nothing could download, weights are dropped, and errors are told apart.

    For a missing GPU the library itself would only warn, and take the CPU.
    """
    kinds = {
        "Failed to allocate memory for requested buffer of size 9": [True, False],
        "CUDA failure 2: out of memory": [True, False],
        "std::bad_alloc": [True, False],
        "CUDA failure 719: unspecified launch failure": [False, True],
        "Invalid rank for input: x": [False, False],
    }
    printed = under_test.run(IN_PROCESS, model.path or "", *kinds)
    assert json.loads(printed.splitlines()[-1]) == {
        "telemetry": "1",
        "hub": None,
        "left": False,
        "missing gpu": "device_lost",
        "kinds": list(kinds.values()),
    }
