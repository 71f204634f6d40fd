"""onnx-asr's weights: swapped, missing, broken, in several number formats, and without a GPU."""

import asyncio
import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import jiwer
import pytest
from tests.support.onnx_models.families import make_ctc
from tests.support.speech import needs_flite, say

from dalston_sdk.client import EngineRequestError
from dalston_sdk.testing import EngineProcess, StartLine
from dalston_sdk.wire import ErrorCode, Health, LoadReply, ModelRef

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
def copy_of(models: Mapping[str, ModelRef], tmp_path: Path) -> Callable[[str], Path]:
    """A copy of a family's weights that a test may break."""

    def make(family: str) -> Path:
        copy = tmp_path / "copy"
        shutil.copytree(models[family].path or "", copy)
        return copy

    return make


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


@pytest.mark.parametrize(
    ("family", "name"), [(family, name) for family, names in FILES.items() for name in names]
)
def test_a_missing_file_is_named(
    engine: Any, copy_of: Callable[[str], Path], family: str, name: str
) -> None:
    folder = copy_of(family)
    (folder / name).unlink()
    error = refusal(engine, ModelRef(runtime_id="own", path=str(folder)))
    assert error.code == ErrorCode.MODEL_MISSING
    assert Path(name).name.replace("v2_", "v?_") in str(error)  # the library takes any version
    assert error.hint == "dalston models pull copy"


def test_a_config_may_not_be_missing_though_the_model_is_known(
    engine: Any, copy_of: Callable[[str], Path]
) -> None:
    """The library would take the features of another version of the model, and hear noise."""
    folder = copy_of("gigaam")
    (folder / "config.json").unlink()
    error = refusal(engine, ModelRef(runtime_id="gigaam-v2-ctc", path=str(folder)))
    assert error.code == ErrorCode.MODEL_MISSING
    assert "config.json" in str(error)


def test_vosk_has_no_config(engine: Any, copy_of: Callable[[str], Path]) -> None:
    folder = copy_of("vosk")
    (folder / "config.json").unlink()
    model = ModelRef(runtime_id="alphacep/vosk-model-small-ru", path=str(folder))
    assert load(engine, model).loaded == model


def test_no_path_is_no_model(engine: Any) -> None:
    error = refusal(engine, ModelRef(runtime_id="nemo-parakeet-tdt-0.6b-v3"))
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
    engine: Any, copy_of: Callable[[str], Path], spoil: Callable[[Path], None]
) -> None:
    folder = copy_of("ctc")
    spoil(folder)
    error = refusal(engine, ModelRef(runtime_id="own", path=str(folder)))
    assert error.code == ErrorCode.MODEL_LOAD_FAILED
    assert error.hint == "dalston models verify copy"


def test_a_whisper_with_its_search_in_the_graph_is_refused(
    engine: Any, copy_of: Callable[[str], Path]
) -> None:
    model = ModelRef(runtime_id="whisper-ort", path=str(copy_of("whisper")))
    error = refusal(engine, model)
    assert error.code == ErrorCode.MODEL_LOAD_FAILED
    assert "onnx-community" in (error.hint or "")


@needs_flite
def test_weights_of_8_bits_are_taken_on_a_cpu(
    engine: Any, copy_of: Callable[[str], Path], speech: Any
) -> None:
    folder = make_ctc(copy_of("ctc"), int8=True)

    result = engine.finish(speech.wav, model=ModelRef(runtime_id="own", path=str(folder)))
    assert result.compute_type == "int8"
    heard = " ".join(segment.text for segment in result.segments)
    assert jiwer.wer(speech.text, heard) <= 0.05

    as_asked = ModelRef(runtime_id="own", path=str(folder), compute_type="float32")
    assert load(engine, as_asked).compute_type == "float32"


@pytest.mark.parametrize(
    ("wanted", "code", "hint"),
    [
        ("int3", ErrorCode.INVALID_REQUEST, "int8"),
        ("int8", ErrorCode.MODEL_MISSING, "--compute-type float32"),
        ("float16", ErrorCode.MODEL_MISSING, "--compute-type float32"),
    ],
)
def test_a_number_format_that_is_not_there_is_refused(
    engine: Any, model: ModelRef, wanted: str, code: ErrorCode, hint: str
) -> None:
    error = refusal(engine, ModelRef(runtime_id="own", path=model.path, compute_type=wanted))
    assert error.code == code
    assert wanted in str(error)
    assert hint in (error.hint or "")


@needs_flite
def test_swaps_leave_text_and_memory_as_they_were(
    start_line: Callable[[str], StartLine],
    models: Mapping[str, ModelRef],
    running: Callable[[EngineProcess, ModelRef], Any],
    tmp_path: Path,
) -> None:
    wav = say("please send the letter to alice", tmp_path / "said.wav")
    expected: dict[str, str] = {}
    sizes = []
    with EngineProcess(start_line("cpu")) as process:
        for _ in range(20):
            for family in ("tdt", "whisper"):
                engine = running(process, models[family])
                heard = " ".join(each.text for each in engine.finish(wav, language="en").segments)
                assert heard == expected.setdefault(family, heard)
            sizes.append(asyncio.run(_health(process)).rss_mb)
    assert expected["tdt"] == "please send the letter to alice"
    # What the runtime and the allocator keep has settled by then; a leak would go on.
    assert max(sizes[10:]) < 1.1 * max(sizes[:10])


async def _health(process: EngineProcess) -> Health:
    async with process.client() as client:
        return await client.health()


def test_a_gpu_that_is_not_there_is_said_and_the_cpu_not_taken(
    start_line: Callable[[str], StartLine], model: ModelRef
) -> None:
    device = "cuda:63"
    with EngineProcess(start_line(device)) as process:
        health = asyncio.run(_settled(process))
        assert health.status == "failed"
        assert device in (health.problem or "")


def test_loading_onto_a_gpu_that_is_not_there_fails(
    ask_engine: Callable[..., str], model: ModelRef
) -> None:
    """The library itself would only warn, and go on on the CPU."""
    answer = ask_engine(
        "import loading; from dalston_sdk.wire import ModelRef; "
        "from dalston_sdk.errors import EngineError\n"
        f"own = ModelRef(runtime_id='own', path={model.path!r})\n"
        "try: loading.load_recogniser(own, 'cuda:63')\n"
        "except EngineError as error: print(error.code.value)",
    )
    assert answer == "device_lost"


async def _settled(process: EngineProcess) -> Health:
    """Health once the device was checked."""
    async with process.client() as client, asyncio.timeout(30):
        while (health := await client.health()).status == "starting":
            continue
    return health


def test_telemetry_is_off_and_nothing_here_could_download(ask_engine: Callable[..., str]) -> None:
    answer = ask_engine(
        "import importlib.util, os, engine; os.environ.pop('ORT_DISABLE_TELEMETRY', None); "
        "engine.OnnxAsrEngine(); print(os.environ['ORT_DISABLE_TELEMETRY'], "
        "importlib.util.find_spec('huggingface_hub'))",
    )
    assert answer == "1 None"


@pytest.mark.parametrize(
    ("text", "memory", "device"),
    [
        ("Failed to allocate memory for requested buffer of size 9", True, False),
        ("CUDA failure 2: out of memory", True, False),
        ("std::bad_alloc", True, False),
        ("CUDA failure 719: unspecified launch failure", False, True),
        ("Invalid rank for input: x", False, False),
    ],
)
def test_what_went_wrong_is_known_by_the_library_s_words(
    ask_engine: Callable[..., str], text: str, memory: bool, device: bool
) -> None:
    answer = ask_engine(
        f"import loading; error = RuntimeError({text!r}); "
        "print(loading.is_out_of_memory(error), loading.is_device_lost(error))",
    )
    assert answer == f"{memory} {device}"
