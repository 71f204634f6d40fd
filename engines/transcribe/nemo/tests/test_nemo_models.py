"""nemo's weights: swapped, missing, broken, of the wrong kind, without a GPU; memory."""

import tarfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.support.asked_engine import AskedEngine, EngineUnderTest
from tests.support.recordings import read_wav, write_wav
from tests.support.speech import needs_flite

from dalston_sdk.wire import (
    DiarizeRequest,
    DiarizeResult,
    ErrorCode,
    ModelRef,
    TranscribeOptions,
    TranscribeRequest,
    TranscribeResult,
)

pytestmark = [pytest.mark.slow, needs_flite]

RATE = 16_000
TEN_MINUTES_S = 600


def asked(model: ModelRef, **options: Any) -> TranscribeRequest:
    return TranscribeRequest(model=model, options=TranscribeOptions(**options))


def _nothing(file: Path) -> None:
    file.unlink()


def _two(file: Path) -> None:
    file.with_name("other.nemo").write_bytes(file.read_bytes())


@pytest.mark.parametrize("spoil", [_nothing, _two])
def test_a_folder_holds_one_file(
    engine: AskedEngine, tmp_path: Path, spoil: Callable[[Path], None]
) -> None:
    file = tmp_path / "tiny" / "tiny.nemo"
    file.parent.mkdir()
    file.write_bytes(b"anything")
    spoil(file)
    error = engine.load_failure(ModelRef(runtime_id="own", path=str(file.parent)))
    assert error.code == ErrorCode.MODEL_MISSING
    assert error.hint == "dalston models pull tiny"


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
    engine: AskedEngine,
    models: Mapping[str, ModelRef],
    tmp_path: Path,
    spoil: Callable[[Path], None],
) -> None:
    file = tmp_path / "tiny" / "ctc.nemo"
    file.parent.mkdir()
    file.write_bytes(next(Path(models["ctc"].path or "").glob("*.nemo")).read_bytes())
    spoil(file)
    error = engine.load_failure(ModelRef(runtime_id="own", path=str(file)))
    assert error.code == ErrorCode.MODEL_LOAD_FAILED
    assert str(file) in str(error)
    assert error.hint == "dalston models verify tiny"


def test_the_other_kind_of_model_is_refused(
    engine: AskedEngine, models: Mapping[str, ModelRef], speech: Any
) -> None:
    speakers = engine.failure(asked(models["sortformer-v1"]), speech.wav)
    assert speakers.code == ErrorCode.INVALID_REQUEST
    assert "does not transcribe" in str(speakers)
    words = engine.failure(DiarizeRequest(model=models["ctc"]), speech.wav)
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
    engine: AskedEngine,
    models: Mapping[str, ModelRef],
    speech: Any,
    name: str,
    options: dict[str, Any],
    refusal: tuple[ErrorCode, str],
) -> None:
    error = engine.failure(asked(models[name], **options), speech.wav)
    assert error.code == refusal[0]
    assert refusal[1] in str(error)


def test_an_english_model_refuses_another_language(
    engine: AskedEngine, models: Mapping[str, ModelRef], speech: Any
) -> None:
    model = ModelRef(runtime_id="nvidia/parakeet-tdt-0.6b-v2", path=models["tdt"].path)
    error = engine.failure(asked(model, language="de"), speech.wav)
    assert error.code == ErrorCode.INVALID_REQUEST
    assert engine.result(asked(model), speech.wav, TranscribeResult).language == "en"


def test_half_precision_is_used_where_asked_for(
    engine: AskedEngine, models: Mapping[str, ModelRef], speech: Any
) -> None:
    model = ModelRef(runtime_id="own", path=models["ctc"].path, compute_type="bfloat16")
    result = engine.result(asked(model), speech.wav, TranscribeResult)
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
"""What Python 3.11.2 lacks, which Debian 12 has."""


def test_weights_are_unpacked_by_a_python_without_filters_for_archives(
    nemo: EngineUnderTest, models: Mapping[str, ModelRef]
) -> None:
    said = nemo.run(OLD_PYTHON, str(models["tdt"].path))
    assert said.splitlines()[-1] == "EncDecRNNTBPEModel"


def test_a_gpu_that_is_not_there_is_said_and_the_cpu_not_taken(nemo: EngineUnderTest) -> None:
    with nemo.asked("cuda:63") as asked_engine:
        health = asked_engine.health()
        while health.status == "starting":
            health = asked_engine.health()
    assert health.status == "failed"
    assert "cuda:63" in (health.problem or "")


def test_swaps_leave_text_and_memory_as_they_were(
    engine: AskedEngine, models: Mapping[str, ModelRef], speech: Any, tmp_path: Path
) -> None:
    samples = read_wav(speech.wav)[: int((speech.sentences[0].end + 0.5) * RATE)]
    wav = write_wav(tmp_path / "first.wav", samples)
    sizes = []
    for _ in range(16):
        heard = engine.result(asked(models["ctc"]), wav, TranscribeResult)
        assert [segment.text for segment in heard.segments] == [speech.sentences[0].text]
        engine.result(DiarizeRequest(model=models["sortformer-v2"]), wav, DiarizeResult)
        sizes.append(engine.health().rss_mb)
    # What the runtime and the allocator keep has settled by then; a leak would go on.
    assert max(sizes[12:]) < 1.02 * max(sizes[:10])


@pytest.mark.parametrize(
    ("options", "codes"),
    [({"vad": False}, []), ({"vad": False, "max_speech_s": 600.0}, ["local_attention"])],
    ids=["in-stretches", "at-once"],
)
def test_ten_minutes_do_not_take_memory_by_the_square(
    engine: AskedEngine,
    models: Mapping[str, ModelRef],
    tmp_path: Path,
    options: dict[str, Any],
    codes: list[str],
) -> None:
    """Attention to everything takes 7 GB here, with a network of two tiny layers."""
    noise = np.random.default_rng(1).normal(0, 2000, TEN_MINUTES_S * RATE).astype(np.int16)
    wav = write_wav(tmp_path / "long.wav", noise)
    short = write_wav(tmp_path / "short.wav", noise[: 10 * RATE])
    engine.result(asked(models["conformer"], vad=False), short, TranscribeResult)
    before_mb = engine.health().rss_mb
    status = Path(f"/proc/{engine.process.process.pid}")
    (status / "clear_refs").write_text("5", encoding="ascii")  # forget the peak until now
    result = engine.result(asked(models["conformer"], **options), wav, TranscribeResult)
    peak_kb = next(
        int(line.split()[1])
        for line in (status / "status").read_text(encoding="ascii").splitlines()
        if line.startswith("VmHWM")
    )
    assert [notice.code for notice in result.warnings] == codes
    assert peak_kb / 1024 < before_mb + 1500
