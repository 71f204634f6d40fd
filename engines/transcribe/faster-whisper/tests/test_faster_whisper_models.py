"""faster-whisper's weights: swapped, missing, broken, and number formats that do not run."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.support.engine_fixtures import own_model
from tests.support.engine_under_test import EngineUnderTest
from tests.support.flite import Speech
from tests.support.speech import needs_flite

from dalston_sdk.client import EngineRequestError
from dalston_sdk.testing import RunningEngine, check_missing_gpu
from dalston_sdk.wire import ErrorCode, ModelRef


@needs_flite
def test_swaps_do_not_change_results(
    engine: RunningEngine, copy: Path, short_speech: Speech
) -> None:
    expected = engine.transcribe(short_speech.wav, language="en").segments
    for model in (own_model(copy), engine.model) * 3:
        result = engine.transcribe(short_speech.wav, model=model, language="en")
        assert result.segments == expected


@pytest.mark.parametrize("name", ["config.json", "model.bin", "tokenizer.json", "vocabulary.json"])
def test_a_missing_file_is_named_before_the_library_asks_the_hub(
    engine: RunningEngine, copy: Path, name: str
) -> None:
    (copy / name).unlink()
    error = engine.load_failure(ModelRef(runtime_id="small", path=str(copy)))
    assert error.code == ErrorCode.MODEL_MISSING
    assert name in str(error)
    assert "the folder is your own" in (error.hint or "")


def test_no_path_is_no_model(engine: RunningEngine) -> None:
    assert engine.load_failure(ModelRef(runtime_id="small")).code == ErrorCode.MODEL_MISSING


def _truncate(copy: Path) -> None:
    content = (copy / "model.bin").read_bytes()
    (copy / "model.bin").write_bytes(content[: len(content) // 2])


def _spoil_tokenizer(copy: Path) -> None:
    (copy / "tokenizer.json").write_text("{}", encoding="utf-8")


def _spoil_preprocessor(copy: Path) -> None:
    (copy / "preprocessor_config.json").write_text("{", encoding="utf-8")


def _change_mel_bands(copy: Path) -> None:
    file = copy / "preprocessor_config.json"
    content = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps({**content, "feature_size": 128}), encoding="utf-8")


@pytest.mark.parametrize(
    "spoil", [_truncate, _spoil_tokenizer, _spoil_preprocessor, _change_mel_bands]
)
def test_broken_weights_fail_to_load(
    engine: RunningEngine, copy: Path, spoil: Callable[[Path], None]
) -> None:
    spoil(copy)
    error = engine.load_failure(ModelRef(runtime_id="small", path=str(copy)))
    assert error.code == ErrorCode.MODEL_LOAD_FAILED
    assert error.hint == "dalston models verify"


def test_an_unknown_number_format_is_refused(engine: RunningEngine, model: ModelRef) -> None:
    wanted = ModelRef(runtime_id="tiny", path=model.path, compute_type="int3")
    error = engine.load_failure(wanted)
    assert error.code == ErrorCode.INVALID_REQUEST
    assert "int8" in (error.hint or "")


def test_an_unsupported_number_format_is_replaced_with_a_notice(
    engine: RunningEngine, model: ModelRef
) -> None:
    reply = engine.load(ModelRef(runtime_id="tiny", path=model.path, compute_type="float16"))
    assert reply.compute_type == "int8_float32"
    (warning,) = reply.warnings
    assert warning.code == "compute_type_fallback"
    assert "float16" in warning.message


@needs_flite
@pytest.mark.parametrize("runtime_id", ["large-v3-turbo", "distil-large-v3"])
def test_models_that_cannot_translate_refuse_to(
    engine: RunningEngine, model: ModelRef, short_speech: Speech, runtime_id: str
) -> None:
    named = ModelRef(runtime_id=runtime_id, path=model.path)
    with pytest.raises(EngineRequestError, match="cannot translate") as caught:
        engine.transcribe(short_speech.wav, model=named, task="translate")
    assert caught.value.code == ErrorCode.UNSUPPORTED_OPTION


def test_a_missing_gpu_is_an_error(under_test: EngineUnderTest) -> None:
    check_missing_gpu(under_test.start_line())


def test_out_of_memory_is_recognised_by_the_library_s_messages(under_test: EngineUnderTest) -> None:
    program = """
import sys, loading
for line in sys.stdin:
    print(loading.is_out_of_memory(RuntimeError(line.strip())))
"""
    messages = (
        "CUDA failed with error out of memory",
        "cuBLAS failed with status CUBLAS_STATUS_ALLOC_FAILED",
        "std::bad_alloc",
        "Unsupported model binary version",
    )
    answers = under_test.run(program, text="\n".join(messages)).split()
    assert answers == ["True", "True", "True", "False"]
