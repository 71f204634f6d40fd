"""Weights for CTranslate2: the layouts on the hub, what is missing or broken, number formats."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.support.engine_fixtures import own_model
from tests.support.engine_under_test import EngineUnderTest

from dalston_sdk.testing import RunningEngine, check_missing_gpu
from dalston_sdk.wire import ErrorCode, ModelRef, Segment

HELLO = (Segment(id=0, start=0.0, end=1.0, text="Good morning."),)
SPM = "sentencepiece.bpe.model"


def _as_text(copy: Path) -> None:
    """Write the vocabulary as older converters did."""
    file = copy / "shared_vocabulary.json"
    tokens = json.loads(file.read_text(encoding="utf-8"))
    (copy / "shared_vocabulary.txt").write_text("\n".join(tokens) + "\n", encoding="utf-8")
    file.unlink()


def _apart(copy: Path) -> None:
    """Let the tokenizer lie where the catalog puts that of another repository."""
    (copy / "tokenizer").mkdir()
    shutil.move(copy / SPM, copy / "tokenizer" / SPM)


@pytest.mark.parametrize("change", [_as_text, _apart])
def test_other_layouts(engine: RunningEngine, copy: Path, change: Callable[[Path], None]) -> None:
    change(copy)
    result = engine.translate(HELLO, model=own_model(copy), languages=("de",))
    assert result.texts == {"de": {0: "Guten Morgen."}}


@pytest.mark.parametrize("name", ["config.json", "model.bin", "shared_vocabulary.json", SPM])
def test_a_missing_file_is_named(engine: RunningEngine, copy: Path, name: str) -> None:
    (copy / name).unlink()
    error = engine.load_failure(own_model(copy))
    assert error.code == ErrorCode.MODEL_MISSING
    assert name in str(error)
    assert "the folder is your own" in (error.hint or "")


def test_no_path_is_no_model(engine: RunningEngine) -> None:
    assert engine.load_failure(ModelRef(runtime_id="none")).code == ErrorCode.MODEL_MISSING


def _cut_weights(copy: Path) -> None:
    content = (copy / "model.bin").read_bytes()
    (copy / "model.bin").write_bytes(content[: len(content) // 2])


def _spoil_vocabulary(copy: Path) -> None:
    (copy / "shared_vocabulary.json").write_text("{", encoding="utf-8")


def _odd_vocabulary(copy: Path) -> None:
    (copy / "shared_vocabulary.json").write_text('{"a": 1}', encoding="utf-8")


def _no_languages(copy: Path) -> None:
    (copy / "shared_vocabulary.json").write_text('["a", "b"]', encoding="utf-8")


def _spoil_pieces(copy: Path) -> None:
    (copy / SPM).write_bytes(b"no protobuf")


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (_cut_weights, "cannot be loaded"),
        (_spoil_vocabulary, "shared_vocabulary.json cannot be loaded"),
        (_odd_vocabulary, "is no list of tokens"),
        (_no_languages, "no languages of NLLB or MADLAD"),
        (_spoil_pieces, f"{SPM} cannot be loaded"),
    ],
)
def test_broken_weights(
    engine: RunningEngine, copy: Path, spoil: Callable[[Path], None], said: str
) -> None:
    spoil(copy)
    error = engine.load_failure(own_model(copy))
    assert error.code == ErrorCode.MODEL_LOAD_FAILED
    assert said in str(error)
    assert engine.translate(HELLO, languages=("de",)).texts == {"de": {0: "Guten Morgen."}}


def test_a_number_format_that_the_device_has_not_is_replaced(
    engine: RunningEngine, model: ModelRef
) -> None:
    odd = ModelRef(runtime_id="half", path=model.path, compute_type="float16")
    result = engine.translate(HELLO, model=odd, languages=("de",))
    assert result.texts == {"de": {0: "Guten Morgen."}}
    assert [each.code for each in result.warnings] == ["compute_type_fallback"]
    unknown = ModelRef(runtime_id="odd", path=model.path, compute_type="int3")
    assert engine.load_failure(unknown).code == ErrorCode.INVALID_REQUEST


def test_a_gpu_that_is_not_there(under_test: EngineUnderTest) -> None:
    check_missing_gpu(under_test.start_line())
