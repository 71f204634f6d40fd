"""transformers' weights: what is refused before or while they are loaded; options; memory."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.support.engine_fixtures import Models, own_model
from tests.support.engine_under_test import EngineUnderTest
from tests.support.flite import Speech
from tests.support.speech import needs_flite

from dalston_sdk.testing import RunningEngine, check_memory_settles, check_missing_gpu
from dalston_sdk.wire import ErrorCode, ModelRef, Stage

pytestmark = [pytest.mark.slow, needs_flite]  # the library alone takes 10 s to import

UNSUPPORTED, INVALID = ErrorCode.UNSUPPORTED_OPTION, ErrorCode.INVALID_REQUEST


def _changed(folder: Path, **changes: object) -> None:
    file = folder / "config.json"
    config = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps(config | changes), encoding="utf-8")


def _without_config(folder: Path) -> None:
    (folder / "config.json").unlink()


def _pickled(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")


def _other_class(folder: Path) -> None:
    _changed(folder, architectures=["BertForMaskedLM"])


def _no_json(folder: Path) -> None:
    (folder / "config.json").write_text("{", encoding="utf-8")


def _cut(folder: Path) -> None:
    file = folder / "model.safetensors"
    file.write_bytes(file.read_bytes()[:5000])


def _without_a_part(folder: Path) -> None:
    file = folder / "model.safetensors"
    content = file.read_bytes()
    assert b'"lm_head.weight"' in content
    file.write_bytes(content.replace(b'"lm_head.weight"', b'"my_head.weight"'))


def _with_adapters(folder: Path) -> None:
    _changed(folder, adapter_attn_dim=16)


def _with_lora(folder: Path) -> None:
    _changed(folder, architectures=["GraniteSpeechForConditionalGeneration"], has_lora_adapter=True)


@pytest.mark.parametrize(
    ("spoil", "code", "problem"),
    [
        (_without_config, ErrorCode.MODEL_MISSING, "has no config.json"),
        (_pickled, ErrorCode.MODEL_MISSING, "no *.safetensors"),
        (_other_class, ErrorCode.MODEL_LOAD_FAILED, "names BertForMaskedLM"),
        (_no_json, ErrorCode.MODEL_LOAD_FAILED, "no JSON"),
        (_cut, ErrorCode.MODEL_LOAD_FAILED, "cannot be loaded"),
        (_without_a_part, ErrorCode.MODEL_LOAD_FAILED, "lm_head"),
        (_with_adapters, ErrorCode.MODEL_MISSING, "one for each language"),
        (_with_lora, ErrorCode.MODEL_LOAD_FAILED, "weights of the kind LoRA"),
    ],
)
def test_weights_that_cannot_be_used_are_refused(
    engine: RunningEngine,
    copy: Path,
    spoil: Callable[[Path], None],
    code: ErrorCode,
    problem: str,
) -> None:
    spoil(copy)
    error = engine.load_failure(own_model(copy))
    assert error.code == code
    assert problem in str(error)


def test_code_in_a_folder_is_not_run(engine: RunningEngine, copy: Path, tmp_path: Path) -> None:
    mark = tmp_path / "was-run"
    (copy / "own.py").write_text(f"open({str(mark)!r}, 'w')\nclass Own: ...\n", encoding="utf-8")
    _changed(copy, auto_map={"AutoConfig": "own.Own", "AutoModelForCTC": "own.Own"})
    engine.load(own_model(copy))
    assert not mark.exists()


@pytest.mark.parametrize(
    ("name", "options", "refusal"),
    [
        ("wav2vec2", {"task": "translate"}, (UNSUPPORTED, "does not translate")),
        ("canary", {"language": "en", "hotwords": ["on"]}, (UNSUPPORTED, "which words to expect")),
        ("wav2vec2", {"initial_prompt": "Ada"}, (UNSUPPORTED, "text from before")),
        ("wav2vec2", {"hotwords": ["Москва"]}, (INVALID, "does not have the letters")),
        (
            "whisper",
            {"hotwords": ["Ada"], "hotword_weights": [2.0]},
            (UNSUPPORTED, "without weights"),
        ),
        ("moonshine", {"word_timestamps": True}, (UNSUPPORTED, "no times for its words")),
        ("canary", {}, (INVALID, "which language is spoken")),
        ("cohere", {"language": "ru"}, (INVALID, "language ru")),
        ("cohere", {"language": "en", "max_speech_s": 31}, (INVALID, "at most 30")),
        ("whisper", {"language": "ru"}, (INVALID, "language ru")),
        ("whisper", {"languages": ["ru", "pl"]}, (INVALID, "language ru")),
        ("whisper", {"batch_size": 0}, (INVALID, "batch_size")),
        ("qwen3-asr", {"language": "sw"}, (INVALID, "language sw")),
        ("qwen3-asr", {"task": "translate"}, (UNSUPPORTED, "does not translate")),
        ("granite-speech", {"language": "it"}, (INVALID, "language it")),
        ("granite-speech", {"hotwords": ["Ada"]}, (UNSUPPORTED, "which words to expect")),
        ("omniasr-llm", {"language": "fr"}, (INVALID, "language fr")),
        ("omniasr-llm", {"max_speech_s": 41}, (INVALID, "at most 40")),
        ("mms", {}, (INVALID, "which language is spoken")),
        ("mms", {"language": "fr"}, (INVALID, "language fr")),
        ("vibevoice", {"word_timestamps": True}, (UNSUPPORTED, "no times for its words")),
        ("voxtral", {"language": "ja"}, (INVALID, "language ja")),
    ],
)
def test_what_a_model_cannot_do_is_refused(
    engine: RunningEngine,
    models: Models,
    ctc_speech: Speech,
    name: str,
    options: dict[str, Any],
    refusal: tuple[ErrorCode, str],
) -> None:
    request = engine.request(Stage.TRANSCRIBE, model=models[name], **options)
    error = engine.failure(request, ctc_speech.wav)
    assert error.code == refusal[0]
    assert refusal[1] in str(error)


def test_words_to_expect_reach_whisper_as_far_as_there_is_room(
    engine: RunningEngine, models: Models, whisper_speech: Speech
) -> None:
    options: dict[str, Any] = {"model": models["whisper"], "language": "en"}
    told = engine.transcribe(whisper_speech.wav, hotwords=("letter",), **options)
    assert told.effective["hotwords"] == ["letter"]
    plain = engine.transcribe(whisper_speech.wav, **options)
    assert plain.effective["hotwords"] is None
    long = engine.transcribe(whisper_speech.wav, initial_prompt="the letter " * 400, **options)
    assert "prompt_shortened" in [notice.code for notice in long.warnings]


def test_half_precision_is_used_where_asked_for(
    engine: RunningEngine, models: Models, ctc_speech: Speech
) -> None:
    model = ModelRef(runtime_id="own", path=models["wav2vec2"].path, compute_type="bfloat16")
    result = engine.transcribe(ctc_speech.wav, model=model)
    assert result.compute_type == "bfloat16"
    assert result.segments
    other = ModelRef(runtime_id="own", path=models["wav2vec2"].path, compute_type="int8")
    assert engine.load_failure(other).code == ErrorCode.INVALID_REQUEST


def test_a_missing_gpu_is_an_error_and_the_cpu_is_not_taken(under_test: EngineUnderTest) -> None:
    check_missing_gpu(under_test.start_line())


def test_swaps_change_neither_text_nor_memory(
    engine: RunningEngine, models: Models, ctc_speech: Speech
) -> None:
    texts, sizes = set(), []
    for _ in range(8):
        result = engine.transcribe(ctc_speech.wav, model=models["wav2vec2"])
        texts.add(" ".join(segment.text for segment in result.segments))
        for name in ("moonshine", "qwen3-asr-german", "vibevoice"):
            engine.transcribe(ctc_speech.wav, model=models[name])
        sizes.append(engine.health().rss_mb)
    assert len(texts) == 1
    check_memory_settles(sizes, growth=1.05)
