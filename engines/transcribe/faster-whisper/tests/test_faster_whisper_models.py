"""faster-whisper's weights: swapped, missing, broken, and number formats that do not run."""

import asyncio
import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.support.speech import needs_flite

from dalston_sdk.client import EngineRequestError
from dalston_sdk.testing import EngineProcess, StartLine
from dalston_sdk.wire import ErrorCode, Health, LoadReply, ModelRef


@pytest.fixture
def weights(model: ModelRef, tmp_path: Path) -> Path:
    """A copy that a test may break."""
    copy = tmp_path / "weights"
    shutil.copytree(
        model.path or "", copy, ignore=shutil.ignore_patterns("training"), copy_function=shutil.copy
    )
    return copy


def load(engine: Any, model: ModelRef) -> LoadReply:
    async def ask() -> LoadReply:
        async with engine.process.client() as client:
            reply: LoadReply = await client.load(model)
            return reply

    return asyncio.run(ask())


def refusal(engine: Any, model: ModelRef) -> EngineRequestError:
    with pytest.raises(EngineRequestError) as caught:
        load(engine, model)
    return caught.value


@needs_flite
def test_five_swaps_between_two_models(
    engine: Any, model: ModelRef, weights: Path, speech: Any
) -> None:
    other = ModelRef(runtime_id="other", path=str(weights))
    expected = engine.finish(speech.wav, language="en").segments
    for _ in range(5):
        assert engine.finish(speech.wav, model=other, language="en").segments == expected
        assert engine.finish(speech.wav, model=model, language="en").segments == expected


@pytest.mark.parametrize("name", ["config.json", "model.bin", "tokenizer.json", "vocabulary.json"])
def test_a_missing_file_is_named_before_the_library_asks_the_hub(
    engine: Any, weights: Path, name: str
) -> None:
    (weights / name).unlink()
    error = refusal(engine, ModelRef(runtime_id="small", path=str(weights)))
    assert error.code == ErrorCode.MODEL_MISSING
    assert name in str(error)
    assert error.hint == "dalston models pull faster-whisper-small"


def test_no_path_is_no_model(engine: Any) -> None:
    assert refusal(engine, ModelRef(runtime_id="small")).code == ErrorCode.MODEL_MISSING


def _truncate(weights: Path) -> None:
    content = (weights / "model.bin").read_bytes()
    (weights / "model.bin").write_bytes(content[: len(content) // 2])


def _spoil_tokenizer(weights: Path) -> None:
    (weights / "tokenizer.json").write_text("{}", encoding="utf-8")


def _spoil_preprocessor(weights: Path) -> None:
    (weights / "preprocessor_config.json").write_text("{", encoding="utf-8")


def _change_mel_bands(weights: Path) -> None:
    file = weights / "preprocessor_config.json"
    content = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps({**content, "feature_size": 128}), encoding="utf-8")


@pytest.mark.parametrize(
    "spoil", [_truncate, _spoil_tokenizer, _spoil_preprocessor, _change_mel_bands]
)
def test_broken_weights_fail_to_load(
    engine: Any, weights: Path, spoil: Callable[[Path], None]
) -> None:
    spoil(weights)
    error = refusal(engine, ModelRef(runtime_id="small", path=str(weights)))
    assert error.code == ErrorCode.MODEL_LOAD_FAILED
    assert error.hint == "dalston models verify"


def test_an_unknown_number_format_is_refused(engine: Any, model: ModelRef) -> None:
    wanted = ModelRef(runtime_id="tiny", path=model.path, compute_type="int3")
    error = refusal(engine, wanted)
    assert error.code == ErrorCode.INVALID_REQUEST
    assert "int8" in (error.hint or "")


def test_a_number_format_the_device_does_not_run_is_replaced_and_said(
    engine: Any, model: ModelRef
) -> None:
    reply = load(engine, ModelRef(runtime_id="tiny", path=model.path, compute_type="float16"))
    assert reply.compute_type == "int8_float32"
    (warning,) = reply.warnings
    assert warning.code == "compute_type_fallback"
    assert "float16" in warning.message


@needs_flite
@pytest.mark.parametrize(
    ("runtime_id", "options"),
    [
        pytest.param("large-v3-turbo", {"task": "translate"}, id="turbo"),
        pytest.param("distil-large-v3", {"task": "translate"}, id="distilled"),
    ],
)
def test_models_that_cannot_translate_refuse_to(
    engine: Any, model: ModelRef, speech: Any, runtime_id: str, options: dict[str, Any]
) -> None:
    with pytest.raises(EngineRequestError, match="cannot translate") as caught:
        engine.finish(speech.wav, model=ModelRef(runtime_id=runtime_id, path=model.path), **options)
    assert caught.value.code == ErrorCode.UNSUPPORTED_OPTION


def test_a_gpu_that_is_not_there_is_said(
    python: Path, start_line: Callable[[str], StartLine]
) -> None:
    count = "import ctranslate2; print(ctranslate2.get_cuda_device_count())"
    found = subprocess.run([python, "-c", count], check=True, capture_output=True, text=True)
    index = int(found.stdout)
    with EngineProcess(start_line(f"cuda:{index}")) as process:
        health = asyncio.run(_settled(process))
    assert health.status == "failed"
    assert f"cuda:{index}" in (health.problem or "")


async def _settled(process: EngineProcess) -> Health:
    """Health once the device was checked."""
    async with process.client() as client, asyncio.timeout(30):
        while (health := await client.health()).status == "starting":
            continue
    return health


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("CUDA failed with error out of memory", True),
        ("cuBLAS failed with status CUBLAS_STATUS_ALLOC_FAILED", True),
        ("std::bad_alloc", True),
        ("Unsupported model binary version", False),
    ],
)
def test_out_of_memory_is_known_by_the_library_s_words(
    python: Path, start_line: Callable[[str], StartLine], text: str, expected: bool
) -> None:
    line = start_line("cpu")
    code = (
        f"import sys; sys.path.insert(0, {str(line.engine_dir)!r}); import loading; "
        f"print(loading.is_out_of_memory(RuntimeError({text!r})))"
    )
    answer = subprocess.run(
        [python, "-c", code], check=True, capture_output=True, text=True, env=dict(line.environment)
    )
    assert answer.stdout.strip() == str(expected)
