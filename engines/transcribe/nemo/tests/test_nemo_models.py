"""nemo's weights: swapped, missing, broken, of the wrong kind, without a GPU; memory."""

import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.support.engine_fixtures import Models, own_model
from tests.support.engine_under_test import EngineUnderTest
from tests.support.flite import RATE, Speech
from tests.support.recordings import read_wav, write_wav
from tests.support.speech import needs_flite

from dalston_sdk.testing import RunningEngine, check_memory_settles, check_missing_gpu
from dalston_sdk.wire import ErrorCode, ModelRef, Stage

pytestmark = [pytest.mark.slow, needs_flite]  # NeMo alone takes 10 s to import

TEN_MINUTES_S = 600


def _nothing(file: Path) -> None:
    file.unlink()


def _two(file: Path) -> None:
    file.with_name("other.nemo").write_bytes(file.read_bytes())


@pytest.mark.parametrize("spoil", [_nothing, _two])
def test_a_folder_holds_one_file(
    engine: RunningEngine, tmp_path: Path, spoil: Callable[[Path], None]
) -> None:
    file = tmp_path / "tiny" / "tiny.nemo"
    file.parent.mkdir()
    file.write_bytes(b"anything")
    spoil(file)
    error = engine.load_failure(own_model(file.parent))
    assert error.code == ErrorCode.MODEL_MISSING
    assert "the folder is your own" in (error.hint or "")


def _garbage(file: Path) -> None:
    file.write_bytes(b"junk" * 500)


def _cut(file: Path) -> None:
    content = file.read_bytes()
    file.write_bytes(content[: len(content) // 2])


def _without_config(file: Path) -> None:
    with tarfile.open(file, "w") as archive:
        archive.add(__file__, arcname="model_weights.ckpt")


def _other_class(file: Path) -> None:
    config = file.with_name("model_config.yaml")
    config.write_text("target: os.system\n", encoding="utf-8")
    with tarfile.open(file, "w") as archive:
        archive.add(config, arcname="model_config.yaml")


@pytest.mark.parametrize("spoil", [_garbage, _cut, _without_config, _other_class])
def test_broken_weights_fail_to_load(
    engine: RunningEngine,
    models: Models,
    tmp_path: Path,
    spoil: Callable[[Path], None],
) -> None:
    file = tmp_path / "tiny" / "ctc.nemo"
    file.parent.mkdir()
    file.write_bytes(next(Path(models["ctc"].path or "").glob("*.nemo")).read_bytes())
    spoil(file)
    error = engine.load_failure(own_model(file))
    assert error.code == ErrorCode.MODEL_LOAD_FAILED
    assert str(file) in str(error)
    assert error.hint == "dalston models verify"


def test_the_other_kind_of_model_is_refused(
    engine: RunningEngine, models: Models, speech: Speech
) -> None:
    request = engine.request(Stage.TRANSCRIBE, model=models["sortformer-v1"])
    speakers = engine.failure(request, speech.wav)
    assert speakers.code == ErrorCode.INVALID_REQUEST
    assert "does not transcribe" in str(speakers)
    words = engine.failure(engine.request(Stage.DIARIZE, model=models["ctc"]), speech.wav)
    assert "does not tell speakers apart" in str(words)


UNSUPPORTED, INVALID = ErrorCode.UNSUPPORTED_OPTION, ErrorCode.INVALID_REQUEST
TIMED_TRANSLATION = {"language": "de", "task": "translate", "word_timestamps": True}


@pytest.mark.parametrize(
    ("name", "options", "refusal"),
    [
        ("tdt", {"task": "translate"}, (UNSUPPORTED, "does not translate")),
        ("canary", {}, (INVALID, "which language is spoken")),
        ("canary", {"language": "ru"}, (INVALID, "language ru")),
        ("canary", TIMED_TRANSLATION, (UNSUPPORTED, "of a translation")),
        ("ctc", {"max_speech_s": 61}, (INVALID, "at most 60")),
        ("ctc", {"batch_size": 0}, (INVALID, "batch_size")),
        ("ctc", {"vad_threshold": 1.0}, (INVALID, "vad_threshold")),
    ],
)
def test_what_a_model_cannot_do_is_refused(
    engine: RunningEngine,
    models: Models,
    speech: Speech,
    name: str,
    options: dict[str, Any],
    refusal: tuple[ErrorCode, str],
) -> None:
    request = engine.request(Stage.TRANSCRIBE, model=models[name], **options)
    error = engine.failure(request, speech.wav)
    assert error.code == refusal[0]
    assert refusal[1] in str(error)


def test_an_english_model_refuses_another_language(
    engine: RunningEngine, models: Models, speech: Speech
) -> None:
    model = ModelRef(runtime_id="nvidia/parakeet-tdt-0.6b-v2", path=models["tdt"].path)
    request = engine.request(Stage.TRANSCRIBE, model=model, language="de")
    error = engine.failure(request, speech.wav)
    assert error.code == ErrorCode.INVALID_REQUEST
    assert engine.transcribe(speech.wav, model=model).language == "en"


def test_half_precision_is_used_where_asked_for(
    engine: RunningEngine, models: Models, speech: Speech
) -> None:
    model = ModelRef(runtime_id="own", path=models["ctc"].path, compute_type="bfloat16")
    result = engine.transcribe(speech.wav, model=model)
    assert result.compute_type == "bfloat16"
    assert result.segments
    other = ModelRef(runtime_id="own", path=models["ctc"].path, compute_type="int8")
    assert engine.load_failure(other).code == ErrorCode.INVALID_REQUEST


OLD_PYTHON = """
import sys, tarfile
extract_with_filters = tarfile.TarFile.extract
def extract(self, member, path="", set_attrs=True, *, numeric_owner=False):
    return extract_with_filters(self, member, path, set_attrs, numeric_owner=numeric_owner)
tarfile.TarFile.extract = extract
del tarfile.data_filter

from loading import load_model
from dalston_sdk.wire import ModelRef
print(type(load_model(ModelRef(runtime_id="own", path=sys.argv[1]), "cpu").network).__name__)
"""
"""Python 3.11.2, which Debian 12 has, lacks the filters."""


def test_weights_are_unpacked_by_a_python_without_filters_for_archives(
    under_test: EngineUnderTest, models: Models
) -> None:
    said = under_test.run(OLD_PYTHON, str(models["tdt"].path))
    assert said.splitlines()[-1] == "EncDecRNNTBPEModel"


def test_a_missing_gpu_is_an_error_and_the_cpu_is_not_taken(under_test: EngineUnderTest) -> None:
    check_missing_gpu(under_test.start_line())


def test_swaps_change_neither_text_nor_memory(
    engine: RunningEngine, models: Models, speech: Speech, tmp_path: Path
) -> None:
    samples = read_wav(speech.wav)[: int((speech.sentences[0].end + 0.5) * RATE)]
    wav = write_wav(tmp_path / "first.wav", samples)
    sizes = []
    for _ in range(9):
        result = engine.transcribe(wav, model=models["ctc"])
        assert [segment.text for segment in result.segments] == [speech.sentences[0].text]
        engine.diarize(wav, model=models["sortformer-v2"])
        sizes.append(engine.health().rss_mb)
    check_memory_settles(sizes, growth=1.05)


@pytest.mark.parametrize(
    ("options", "codes"),
    [({"vad": False}, []), ({"vad": False, "max_speech_s": 600.0}, ["local_attention"])],
    ids=["in-chunks", "at-once"],
)
def test_memory_does_not_grow_with_the_square_of_the_length(
    engine: RunningEngine,
    models: Models,
    tmp_path: Path,
    options: dict[str, Any],
    codes: list[str],
) -> None:
    """Attention to everything takes 7 GB here, with a network of two tiny layers."""
    noise = np.random.default_rng(1).normal(0, 2000, TEN_MINUTES_S * RATE).astype(np.int16)
    wav = write_wav(tmp_path / "long.wav", noise)
    short = write_wav(tmp_path / "short.wav", noise[: 10 * RATE])
    engine.transcribe(short, model=models["conformer"], vad=False)
    before_mb = engine.health().rss_mb
    status = Path(f"/proc/{engine.process.process.pid}")
    (status / "clear_refs").write_text("5", encoding="ascii")  # forget the peak until now
    result = engine.transcribe(wav, model=models["conformer"], **options)
    peak_kb = next(
        int(line.split()[1])
        for line in (status / "status").read_text(encoding="ascii").splitlines()
        if line.startswith("VmHWM")
    )
    assert [notice.code for notice in result.warnings] == codes
    assert peak_kb / 1024 < before_mb + 1500
