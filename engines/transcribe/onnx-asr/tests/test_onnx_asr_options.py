"""onnx-asr's options: in force and recorded, refused, or reported as without effect."""

from itertools import pairwise
from typing import Any

import pytest
from tests.support.engine_fixtures import Models
from tests.support.engine_under_test import EngineUnderTest
from tests.support.flite import Speech
from tests.support.speech import needs_flite

from dalston_sdk.client import EngineRequestError
from dalston_sdk.testing import RunningEngine
from dalston_sdk.wire import ErrorCode, ModelRef, Stage

pytestmark = needs_flite

EUROPEAN = "nemo-parakeet-tdt-0.6b-v3"
ENGLISH = "nemo-parakeet-tdt-0.6b-v2"


@pytest.fixture
def named(models: Models) -> Any:
    """The tiny model of a family under the name of a real one, whose languages the engine knows."""

    def make(family: str, runtime_id: str) -> ModelRef:
        return ModelRef(runtime_id=runtime_id, path=models[family].path)

    return make


@pytest.mark.parametrize(
    "options",
    [
        {"vad_threshold": 0.6, "min_speech_ms": 100, "min_silence_ms": 800, "speech_pad_ms": 200},
        {"max_speech_s": 6.0, "batch_size": 3},
        {"task": "transcribe", "word_timestamps": True, "vad": True},
        {"vad": False, "max_speech_s": 9.0},
    ],
    ids="+".join,
)
def test_accepted_options_are_in_force(
    engine: RunningEngine,
    under_test: EngineUnderTest,
    short_speech: Speech,
    options: dict[str, Any],
) -> None:
    result = engine.transcribe(short_speech.wav, **options)
    assert result.warnings == ()
    assert set(result.effective) == set(under_test.entry.stages[Stage.TRANSCRIBE].options)
    assert {name: result.effective[name] for name in options} == options


def test_vad_options_change_the_regions(engine: RunningEngine, speech: Speech) -> None:
    rules: dict[str, dict[str, Any]] = {
        "usual": {},
        "long silences": {"min_silence_ms": 5000, "max_speech_s": 60},
        "short regions": {"max_speech_s": 1.2},
        "long speech only": {"min_speech_ms": 20_000},
    }
    found = {
        name: len(engine.transcribe(speech.wav, **options).speech_regions)
        for name, options in rules.items()
    }
    assert found["usual"] == len(speech.sentences)
    assert found["long silences"] == 1
    assert found["short regions"] > found["usual"]
    assert found["long speech only"] == 0


def test_a_higher_threshold_finds_less_speech(engine: RunningEngine, speech: Speech) -> None:
    usual, certain = (
        sum(
            region.end - region.start
            for region in engine.transcribe(speech.wav, vad_threshold=threshold).speech_regions
        )
        for threshold in (0.5, 0.95)
    )
    spoken = sum(sentence.end - sentence.start for sentence in speech.sentences)
    assert usual == pytest.approx(spoken + 2 * 0.15 * len(speech.sentences), rel=0.1)
    assert certain < usual


def test_padding_never_overlaps(engine: RunningEngine, speech: Speech) -> None:
    regions = engine.transcribe(speech.wav, speech_pad_ms=3000, min_silence_ms=100).speech_regions
    assert len(regions) >= len(speech.sentences)
    for before, after in pairwise(regions):
        assert before.end <= after.start


@pytest.mark.parametrize(
    "options",
    [
        {"max_speech_s": 61.0},
        {"max_speech_s": 1.0},
        {"batch_size": 0},
        {"vad_threshold": 1.0},
        {"min_silence_ms": -1},
    ],
    ids="+".join,
)
def test_values_out_of_range_are_refused(
    engine: RunningEngine, short_speech: Speech, options: dict[str, Any]
) -> None:
    with pytest.raises(EngineRequestError, match=next(iter(options))) as caught:
        engine.transcribe(short_speech.wav, **options)
    assert caught.value.code == ErrorCode.INVALID_REQUEST


def test_what_whisper_would_throw_away_is_refused(
    engine: RunningEngine, models: Models, speech: Speech
) -> None:
    with pytest.raises(EngineRequestError, match="at most 30"):
        engine.transcribe(speech.wav, model=models["whisper"], max_speech_s=31)


@pytest.mark.parametrize("family", ["tdt", "whisper"])
def test_models_that_cannot_translate_refuse_to(
    engine: RunningEngine, models: Models, short_speech: Speech, family: str
) -> None:
    with pytest.raises(EngineRequestError, match="does not translate") as caught:
        engine.transcribe(short_speech.wav, model=models[family], task="translate")
    assert caught.value.code == ErrorCode.UNSUPPORTED_OPTION
    assert "onnx-canary-1b-v2" in (caught.value.hint or "")


@pytest.mark.parametrize("family", ["canary", "whisper"])
def test_models_without_times_refuse_to_make_words(
    engine: RunningEngine, models: Models, short_speech: Speech, family: str
) -> None:
    with pytest.raises(EngineRequestError, match="word_timestamps") as caught:
        engine.transcribe(
            short_speech.wav, model=models[family], language="en", word_timestamps=True
        )
    assert caught.value.code == ErrorCode.UNSUPPORTED_OPTION


def test_canary_translates_and_says_so(
    engine: RunningEngine, models: Models, short_speech: Speech
) -> None:
    transcribed = engine.transcribe(short_speech.wav, model=models["canary"], language="de")
    result = engine.transcribe(
        short_speech.wav, model=models["canary"], language="de", task="translate"
    )
    assert transcribed.language == "de"
    assert (result.language, result.effective["language"]) == ("en", "de")
    assert result.effective["task"] == "translate"
    assert {segment.language for segment in result.segments} == {"en"}
    # The tiny model begins what it translates with a word of its own.
    assert all(segment.text.startswith("red") for segment in result.segments)
    assert [segment.text for segment in transcribed.segments] != [
        segment.text for segment in result.segments
    ]


def test_canary_needs_a_language(
    engine: RunningEngine, models: Models, short_speech: Speech
) -> None:
    for options in ({}, {"languages": ("de", "en")}):
        with pytest.raises(EngineRequestError, match="which language is spoken") as caught:
            engine.transcribe(short_speech.wav, model=models["canary"], **options)
        assert caught.value.code == ErrorCode.INVALID_REQUEST
        assert "--language" in (caught.value.hint or "")
    assert (
        engine.transcribe(short_speech.wav, model=models["canary"], languages=("de",)).language
        == "de"
    )


@pytest.mark.parametrize(
    ("family", "runtime_id", "options"),
    [
        pytest.param("tdt", ENGLISH, {"language": "de"}, id="english-only"),
        pytest.param("tdt", EUROPEAN, {"language": "ja"}, id="not-european"),
        pytest.param("tdt", ENGLISH, {"languages": ("de", "fr")}, id="none-of-the-allowed"),
        pytest.param("canary", "nemo-canary-1b-v2", {"language": "ja"}, id="canary"),
        pytest.param("canary", "own", {"language": "ja"}, id="canary-without-the-token"),
        pytest.param("whisper", "own", {"language": "ja"}, id="whisper-without-the-token"),
        pytest.param("whisper", "own", {"languages": ("en", "tlh")}, id="whisper-allow-list"),
    ],
)
def test_a_language_the_model_does_not_know_is_refused(
    engine: RunningEngine,
    named: Any,
    short_speech: Speech,
    family: str,
    runtime_id: str,
    options: dict[str, Any],
) -> None:
    with pytest.raises(EngineRequestError, match="does not know the language") as caught:
        engine.transcribe(short_speech.wav, model=named(family, runtime_id), **options)
    assert caught.value.code == ErrorCode.INVALID_REQUEST


@pytest.mark.parametrize(
    ("runtime_id", "options", "language", "without_effect"),
    [
        pytest.param(ENGLISH, {}, "en", (), id="english-is-known"),
        pytest.param(ENGLISH, {"language": "en-gb"}, "en", (), id="english-is-confirmed"),
        pytest.param(ENGLISH, {"languages": ("de", "en")}, "en", (), id="english-is-allowed"),
        pytest.param(EUROPEAN, {}, None, (), id="unknown"),
        pytest.param(EUROPEAN, {"language": "fr"}, "fr", ("language",), id="only-a-label"),
        pytest.param(
            EUROPEAN, {"languages": ("fr", "de")}, None, ("languages",), id="cannot-be-restricted"
        ),
        pytest.param("own", {"language": "xx"}, "xx", ("language",), id="own-model"),
    ],
)
def test_models_that_do_not_take_a_language(  # noqa: PLR0913, PLR0917 - a table
    engine: RunningEngine,
    named: Any,
    short_speech: Speech,
    runtime_id: str,
    options: dict[str, Any],
    language: str | None,
    without_effect: tuple[str, ...],
) -> None:
    result = engine.transcribe(short_speech.wav, model=named("tdt", runtime_id), **options)
    assert result.language == language
    assert {segment.language for segment in result.segments} == {language}
    assert result.effective["language"] == language
    assert [warning.message.split(" has no effect")[0] for warning in result.warnings] == list(
        without_effect
    )


def test_whisper_s_vote_keeps_to_the_allow_list(
    engine: RunningEngine, models: Models, short_speech: Speech
) -> None:
    bound = engine.transcribe(short_speech.wav, model=models["whisper"], languages=("de", "fr-ca"))
    assert bound.language in {"de", "fr"}
    assert set(bound.language_scores) <= {"de", "fr"}
    assert sum(bound.language_scores.values()) == pytest.approx(1.0, abs=0.01)


@pytest.mark.parametrize(
    ("family", "options", "name"),
    [
        ("tdt", {"vad": False, "min_silence_ms": 300}, "min_silence_ms"),
        ("whisper", {"language": "en", "languages": ("en", "de")}, "languages"),
        ("canary", {"language": "en", "languages": ("en", "de")}, "languages"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_options_without_effect_are_reported(
    engine: RunningEngine,
    models: Models,
    short_speech: Speech,
    family: str,
    options: dict[str, Any],
    name: str,
) -> None:
    result = engine.transcribe(short_speech.wav, model=models[family], **options)
    (warning,) = result.warnings
    assert warning.code == "option_without_effect"
    assert warning.message.startswith(f"{name} has no effect")
