"""faster-whisper's options: in force and recorded, refused, or reported as without effect."""

from typing import Any

import pytest
from tests.support.flite import Speech
from tests.support.speech import needs_flite

from dalston_sdk.client import EngineRequestError
from dalston_sdk.testing import RunningEngine
from dalston_sdk.wire import ErrorCode, TranscribeOptions

pytestmark = needs_flite


@pytest.mark.parametrize(
    "options",
    [
        {"beam_size": 2, "patience": 1.5, "length_penalty": 0.9},
        {"best_of": 3, "temperature": (0.0, 0.4, 0.8)},
        {"repetition_penalty": 1.1, "no_repeat_ngram_size": 3},
        {"initial_prompt": "Alice and Bob.", "condition_on_previous_text": True},
        {"condition_on_previous_text": True, "prompt_reset_on_temperature": 0.4},
        {"prefix": "Hello"},
        {"hotwords": ("Alice", "Monday")},
        {"compression_ratio_threshold": 2.0, "log_prob_threshold": -0.8},
        {"no_speech_threshold": 0.5, "hallucination_silence_threshold_s": 2.0},
        {"suppress_blank": False, "suppress_tokens": (-1, 5)},
        {"word_timestamps": False, "multilingual": True},
        {"chunk_length_s": 8},
        {"vad_threshold": 0.6, "min_speech_ms": 100, "min_silence_ms": 800, "speech_pad_ms": 200},
        {"max_speech_s": 6.0},
        {"batch_size": 3, "max_speech_s": 6.0, "chunk_length_s": 9},
    ],
    ids="+".join,
)
def test_accepted_options_are_in_force(
    engine: RunningEngine, short_speech: Speech, options: dict[str, Any]
) -> None:
    result = engine.transcribe(short_speech.wav, language="en", **options)
    assert result.warnings == ()
    # Whisper expects words without weights.
    assert set(result.effective) == {*TranscribeOptions.__struct_fields__} - {"hotword_weights"}
    for name, value in options.items():
        expected = list(value) if isinstance(value, tuple) else value
        assert result.effective[name] == expected, name


def test_a_chunk_length_applies_to_its_request_only(
    engine: RunningEngine, short_speech: Speech
) -> None:
    before = engine.transcribe(short_speech.wav, language="en")
    engine.transcribe(short_speech.wav, language="en", chunk_length_s=4)
    after = engine.transcribe(short_speech.wav, language="en")
    assert after.effective["chunk_length_s"] == 10
    assert after.segments == before.segments


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"best_of": 2}, "best_of"),
        ({"prefix": "Hello"}, "prefix"),
        ({"no_speech_threshold": 0.5}, "no_speech_threshold"),
        ({"compression_ratio_threshold": 2.0}, "compression_ratio_threshold"),
        ({"log_prob_threshold": -1.0}, "log_prob_threshold"),
        ({"hallucination_silence_threshold_s": 2.0}, "hallucination_silence_threshold_s"),
        ({"condition_on_previous_text": True}, "condition_on_previous_text"),
        ({"temperature": (0.0, 0.5)}, "temperature"),
        ({"vad": False}, "vad"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_options_that_batches_would_ignore_are_refused(
    engine: RunningEngine, short_speech: Speech, options: dict[str, Any], named: str
) -> None:
    with pytest.raises(EngineRequestError, match=named) as caught:
        engine.transcribe(short_speech.wav, language="en", batch_size=4, **options)
    assert caught.value.code == ErrorCode.UNSUPPORTED_OPTION
    assert "--batch-size 1" in (caught.value.hint or "")


@pytest.mark.parametrize(
    "options",
    [{"chunk_length_s": 2.5}, {"chunk_length_s": 31}, {"batch_size": 0}],
    ids=["part-of-a-second", "longer-than-the-encoder", "no-batch"],
)
def test_values_out_of_range_are_refused(
    engine: RunningEngine, short_speech: Speech, options: dict[str, Any]
) -> None:
    with pytest.raises(EngineRequestError, match=next(iter(options))) as caught:
        engine.transcribe(short_speech.wav, language="en", **options)
    assert caught.value.code == ErrorCode.INVALID_REQUEST


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"languages": ("en", "de")}, "languages"),
        ({"vad": False, "min_silence_ms": 300}, "min_silence_ms"),
        ({"prompt_reset_on_temperature": 0.5}, "prompt_reset_on_temperature"),
        ({"prefix": "Hello", "hotwords": ("Alice",)}, "hotwords"),
        ({"best_of": 3, "temperature": (0.0,)}, "best_of"),
        (
            {"hallucination_silence_threshold_s": 1.0, "word_timestamps": False},
            "hallucination_silence_threshold_s",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_options_without_effect_are_reported(
    engine: RunningEngine, short_speech: Speech, options: dict[str, Any], name: str
) -> None:
    result = engine.transcribe(short_speech.wav, language="en", **options)
    (warning,) = result.warnings
    assert warning.code == "option_without_effect"
    assert warning.message.startswith(f"{name} has no effect")


@pytest.mark.parametrize("batch_size", [1, 4], ids=["sequential", "batched"])
def test_prompts_without_room_for_text_are_shortened_and_the_text_is_there(
    engine: RunningEngine, short_speech: Speech, batch_size: int
) -> None:
    plain = engine.transcribe(short_speech.wav, language="en", batch_size=batch_size)
    prompts: dict[str, Any] = {
        "initial_prompt": "A talk on trains. " * 300,
        "hotwords": ("Zagreb", "Wien") * 300,
    }
    result = engine.transcribe(short_speech.wav, language="en", batch_size=batch_size, **prompts)
    assert [notice.code for notice in result.warnings][:2] == ["prompt_shortened"] * 2
    assert len(result.effective["initial_prompt"]) < len("A talk on trains. " * 300)
    assert 0 < len(result.effective["hotwords"]) < 600
    words = " ".join(segment.text for segment in result.segments).split()
    assert len(words) >= 0.7 * len(" ".join(each.text for each in plain.segments).split())
    assert not {"trains.", "Zagreb", "Wien"} & set(words)
