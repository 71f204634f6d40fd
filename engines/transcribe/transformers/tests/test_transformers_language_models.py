"""transformers' models around a language model, and MMS: languages, speakers, words to expect."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from tests.support.engine_fixtures import Models, copy_weights, own_model
from tests.support.flite import Speech
from tests.support.recordings import read_wav, write_wav
from tests.support.speech import needs_flite

from dalston_sdk.testing import RunningEngine
from dalston_sdk.wire import ErrorCode, Stage, TranscribeResult

pytestmark = [pytest.mark.slow, needs_flite]  # the library alone takes 10 s to import

RATE = 16_000


@pytest.fixture(scope="module")
def short(ctc_speech: Speech, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five seconds."""
    samples = read_wav(ctc_speech.wav)[: 5 * RATE]
    return write_wav(tmp_path_factory.mktemp("short") / "short.wav", samples)


def texts_of(result: TranscribeResult) -> list[str]:
    return [segment.text for segment in result.segments]


def test_qwen_says_the_language_unless_it_is_told(
    engine: RunningEngine, models: Models, short: Path
) -> None:
    model = models["qwen3-asr-german"]
    found = engine.transcribe(short, model=model, vad=False)
    assert (found.language, texts_of(found)) == ("de", ["send the letter"])
    assert [segment.language for segment in found.segments] == ["de"]
    told = engine.transcribe(short, model=model, language="en", vad=False)
    assert (told.language, texts_of(told)) == ("en", ["send the letter"])


def test_words_to_expect_reach_qwen_and_vibevoice(
    engine: RunningEngine, models: Models, short: Path
) -> None:
    for name in ("qwen3-asr", "vibevoice"):
        told = engine.transcribe(short, model=models[name], hotwords=("letter",))
        assert told.effective["hotwords"] == ["letter"]
    options: dict[str, Any] = {"model": models["qwen3-asr"], "language": "en", "vad": False}
    plain = engine.transcribe(short, **options)
    told = engine.transcribe(short, hotwords=("the letter", "we send"), **options)
    assert texts_of(plain) != texts_of(told)
    long = engine.transcribe(short, initial_prompt="the letter " * 400, **options)
    assert "prompt_shortened" in [notice.code for notice in long.warnings]


def test_omniasr_is_told_any_language_of_its_vocabulary_or_none(
    engine: RunningEngine, models: Models, short: Path
) -> None:
    for language in (None, "de", "kab"):
        found = engine.transcribe(short, model=models["omniasr-llm"], language=language, vad=False)
        assert found.language == found.effective["language"] == language
        assert all(texts_of(found))
        assert found.segments


def test_granite_translates(engine: RunningEngine, models: Models, short: Path) -> None:
    model = models["granite-speech"]
    into_english = engine.transcribe(short, model=model, language="de", task="translate", vad=False)
    assert (into_english.language, into_english.effective["language"]) == ("en", "de")
    plain = engine.transcribe(short, model=model, language="de", vad=False)
    assert texts_of(plain) != texts_of(into_english)


def test_mms_takes_the_adapter_of_each_language(
    engine: RunningEngine, models: Models, short: Path
) -> None:
    def text(language: str) -> str:
        found = engine.transcribe(short, model=models["mms"], language=language, vad=False)
        assert found.language == language
        return texts_of(found)[0]

    english, german, uzbek = text("en"), text("de"), text("uz")
    assert len({english, german, uzbek}) == len((english, german, uzbek))
    assert not uzbek.isascii()
    assert (text("en"), text("de")) == (english, german)


def test_an_adapter_that_is_damaged_is_named(
    engine: RunningEngine, models: Models, short: Path, tmp_path: Path
) -> None:
    folder = copy_weights(models["mms"], tmp_path / "copy")
    shutil.copy(folder / "adapter.eng.safetensors", folder / "adapter.deu.safetensors")
    (folder / "adapter.uzb-script_cyrillic.safetensors").write_bytes(b"{")
    request = engine.request(Stage.TRANSCRIBE, model=own_model(folder), language="uz")
    error = engine.failure(request, short)
    assert error.code == ErrorCode.MODEL_LOAD_FAILED
    assert "adapter.uzb-script_cyrillic" in str(error)
    assert engine.transcribe(short, model=own_model(folder), language="en").language == "en"


def test_vibevoice_reads_a_recording_as_a_whole_with_its_speakers(
    engine: RunningEngine, models: Models, short: Path
) -> None:
    found = engine.transcribe(short, model=models["vibevoice"])
    assert [(one.start, one.end, one.speaker, one.text) for one in found.segments] == [
        (0.0, 1.5, "SPEAKER_00", "please send"),
        (1.5, 5.0, "SPEAKER_01", "the letter"),
    ]
    assert (found.effective["vad"], found.effective["max_speech_s"]) == (False, 3600.0)
    assert found.warnings == ()


def test_speakers_of_several_chunks_are_no_same_ones(
    engine: RunningEngine, models: Models, short: Path
) -> None:
    found = engine.transcribe(short, model=models["vibevoice"], max_speech_s=3.0)
    assert len(found.segments) >= 4
    assert len({segment.speaker for segment in found.segments}) == len(found.segments)
    assert [notice.code for notice in found.warnings] == ["speakers_by_chunk"]
    again = engine.transcribe(short, model=models["vibevoice"])
    assert {segment.speaker for segment in again.segments} == {"SPEAKER_00", "SPEAKER_01"}
