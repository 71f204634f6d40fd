"""nemo, the real library in its own environment: right words at the right times."""

from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import jiwer
import numpy as np
import pytest
from tests.support.asked_engine import AskedEngine, EngineUnderTest
from tests.support.recordings import write_wav
from tests.support.speech import needs_flite

from dalston_sdk.testing import check_engine
from dalston_sdk.wire import (
    ModelRef,
    Partial,
    Segment,
    Stage,
    TranscribeOptions,
    TranscribeRequest,
    TranscribeResult,
    Word,
)

pytestmark = [pytest.mark.slow, needs_flite]

KINDS = ("ctc", "rnnt", "tdt", "hybrid")
RATE = 16_000


def asked(model: ModelRef, **options: Any) -> TranscribeRequest:
    return TranscribeRequest(model=model, options=TranscribeOptions(**options))


def words_of(segments: tuple[Segment, ...]) -> list[Word]:
    return [word for segment in segments for word in segment.words]


def text_of(result: TranscribeResult) -> str:
    return " ".join(segment.text for segment in result.segments)


def test_nemo_conforms(nemo: EngineUnderTest, models: Mapping[str, ModelRef], speech: Any) -> None:
    check_engine(
        nemo.subject(
            models["tdt"],
            speech.wav,
            other_model=models["ctc"],
            stage_models={Stage.DIARIZE: models["sortformer-v2"]},
        )
    )


@pytest.mark.parametrize("batch_size", [1, 4], ids=["one-by-one", "batched"])
@pytest.mark.parametrize("kind", KINDS)
def test_words_and_times_are_right(
    engine: AskedEngine,
    models: Mapping[str, ModelRef],
    speech: Any,
    kind: str,
    batch_size: int,
) -> None:
    """CTC's own times in the library are those of the token before; a transducer has no ends."""
    request = asked(models[kind], batch_size=batch_size)
    result = engine.result(request, speech.wav, TranscribeResult)

    assert jiwer.wer(speech.text, text_of(result)) <= 0.05
    words = words_of(result.segments)
    assert all(type(word.start) is float and type(word.end) is float for word in words)
    assert all(word.start < word.end for word in words)
    assert all(before.end <= after.start for before, after in pairwise(words))
    assert all(0 < (word.confidence or 0) <= 1 for word in words)
    assert len(result.segments) == len(speech.sentences)
    for segment, sentence in zip(result.segments, speech.sentences, strict=True):
        assert len(segment.words) == pytest.approx(len(sentence.text.split()), abs=1)
        assert abs(segment.start - sentence.start) < 0.12
        assert abs(segment.end - sentence.end) < 0.4


def test_a_short_stretch_is_not_moved(
    engine: AskedEngine, models: Mapping[str, ModelRef], speech: Any, tmp_path: Path
) -> None:
    """The library pads what is shorter than a second at both ends, and tells times in that."""
    first = speech.sentences[0]
    whole = np.frombuffer(speech.wav.read_bytes()[44:], np.int16)
    short = write_wav(
        tmp_path / "short.wav", whole[int(first.start * RATE) : int((first.start + 0.45) * RATE)]
    )
    result = engine.result(asked(models["rnnt"], vad=False), short, TranscribeResult)

    word = words_of(result.segments)[0]
    assert word.text.startswith(" please")  # the cut may sound like something more
    assert word.start < 0.1


def test_without_vad_all_of_the_recording_is_heard(
    engine: AskedEngine, models: Mapping[str, ModelRef], speech: Any
) -> None:
    request = asked(models["tdt"], vad=False, max_speech_s=12)
    result = engine.result(request, speech.wav, TranscribeResult)

    assert result.speech_regions == ()
    assert jiwer.wer(speech.text, text_of(result)) <= 0.1


def test_segments_come_as_they_are_found(
    engine: AskedEngine, models: Mapping[str, ModelRef], speech: Any
) -> None:
    messages = engine.messages(asked(models["ctc"], batch_size=2), speech.wav)

    partial = [each for each in messages if isinstance(each, Partial)]
    assert len(partial) == 3
    assert [each.id for part in partial for each in part.segments] == list(range(6))


def test_without_words_segments_still_have_the_words_times(
    engine: AskedEngine, models: Mapping[str, ModelRef], speech: Any
) -> None:
    plain = engine.result(asked(models["ctc"]), speech.wav, TranscribeResult)
    result = engine.result(
        asked(models["ctc"], word_timestamps=False), speech.wav, TranscribeResult
    )
    assert words_of(result.segments) == []
    assert [(each.start, each.end) for each in result.segments] == [
        (each.start, each.end) for each in plain.segments
    ]


@pytest.mark.parametrize("kind", ["ctc", "tdt", "canary"])
def test_silence_gives_nothing(
    engine: AskedEngine, models: Mapping[str, ModelRef], tmp_path: Path, kind: str
) -> None:
    wav = write_wav(tmp_path / "silence.wav", np.zeros(RATE, np.int16))
    result = engine.result(asked(models[kind], language="en"), wav, TranscribeResult)
    assert result.segments == ()
    assert result.speech_regions == ()


@pytest.mark.parametrize("kind", [*KINDS, "canary", "conformer"])
def test_a_hundredth_of_a_second_is_no_trouble(
    engine: AskedEngine, models: Mapping[str, ModelRef], tmp_path: Path, kind: str
) -> None:
    wav = write_wav(tmp_path / "short.wav", np.full(RATE // 100, 99, np.int16))
    request = asked(models[kind], vad=False, language="en")
    result = engine.result(request, wav, TranscribeResult)
    assert all(segment.end <= 0.01 for segment in result.segments)


def test_canary_says_when_its_words_are_said(
    engine: AskedEngine, models: Mapping[str, ModelRef], speech: Any, tmp_path: Path
) -> None:
    """A second network in its file finds the words in the sound."""
    first = speech.sentences[0]
    whole = np.frombuffer(speech.wav.read_bytes()[44:], np.int16)
    wav = write_wav(tmp_path / "first.wav", whole[: int((first.end + 0.5) * RATE)])
    result = engine.result(asked(models["canary"], language="en"), wav, TranscribeResult)

    assert text_of(result) == first.text
    words = words_of(result.segments)
    assert abs(words[0].start - first.start) < 0.12
    assert abs(words[-1].end - first.end) < 0.4
    heard = engine.result(asked(models["rnnt"]), wav, TranscribeResult)
    for word, other in zip(words, words_of(heard.segments), strict=True):
        assert abs(word.start - other.start) < 0.1


def test_canary_is_told_what_is_spoken_and_what_to_write(
    engine: AskedEngine, models: Mapping[str, ModelRef], speech: Any
) -> None:
    """Its first word is another one where the language it writes is German."""

    def first_word(**options: Any) -> str:
        request = asked(models["canary"], max_speech_s=30, **options)
        result = engine.result(request, speech.wav, TranscribeResult)
        assert result.language == ("en" if options.get("task") else options["language"])
        return result.segments[0].text.split()[0]

    assert first_word(language="en") == "please"
    assert first_word(language="de") == "red"
    assert first_word(language="fr-CA"[:2]) == "blu"
    assert first_word(language="de", task="translate") == "please"
