"""nemo, the real library in its own environment: right words at the right times."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import jiwer
import numpy as np
import pytest
from tests.support.engine_fixtures import Models
from tests.support.engine_under_test import EngineUnderTest
from tests.support.flite import RATE, Speech
from tests.support.recordings import read_wav, write_wav
from tests.support.speech import needs_flite

from dalston_sdk.testing import RunningEngine, check_engine
from dalston_sdk.wire import Partial, Segment, Stage, TranscribeResult, Word

pytestmark = [pytest.mark.slow, needs_flite]  # NeMo alone takes 10 s to import

KINDS = ("ctc", "rnnt", "tdt", "hybrid")


def words_of(segments: tuple[Segment, ...]) -> list[Word]:
    return [word for segment in segments for word in segment.words]


def text_of(result: TranscribeResult) -> str:
    return " ".join(segment.text for segment in result.segments)


def test_nemo_conforms(under_test: EngineUnderTest, models: Models, speech: Speech) -> None:
    check_engine(
        under_test.subject(
            models["tdt"],
            speech.wav,
            other_model=models["ctc"],
            stage_models={Stage.DIARIZE: models["sortformer-v2"]},
        )
    )


@pytest.mark.parametrize(
    ("kind", "batch_size"), [*((kind, 4) for kind in KINDS), ("ctc", 1), ("tdt", 1)]
)
def test_words_and_times_are_right(
    engine: RunningEngine,
    models: Models,
    speech: Speech,
    kind: str,
    batch_size: int,
) -> None:
    """The library gives CTC's tokens the time of the one before, and a transducer's no ends."""
    result = engine.transcribe(speech.wav, model=models[kind], batch_size=batch_size)

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


def test_words_of_a_short_chunk_are_not_shifted(
    engine: RunningEngine, models: Models, speech: Speech, tmp_path: Path
) -> None:
    """The library pads chunks shorter than a second at both ends, and counts time from there."""
    first = speech.sentences[0]
    whole = read_wav(speech.wav)
    short = write_wav(
        tmp_path / "short.wav", whole[int(first.start * RATE) : int((first.start + 0.45) * RATE)]
    )
    result = engine.transcribe(short, model=models["rnnt"], vad=False)

    word = words_of(result.segments)[0]
    assert word.text.startswith(" please")  # the cut may sound like something more
    assert word.start < 0.1


def test_without_vad_all_of_the_recording_is_transcribed(
    engine: RunningEngine, models: Models, speech: Speech
) -> None:
    result = engine.transcribe(speech.wav, model=models["tdt"], vad=False, max_speech_s=12)

    assert result.speech_regions == ()
    assert jiwer.wer(speech.text, text_of(result)) <= 0.1


def test_segments_come_as_they_are_found(
    engine: RunningEngine, models: Models, speech: Speech
) -> None:
    request = engine.request(Stage.TRANSCRIBE, model=models["ctc"], batch_size=2)
    messages = engine.messages(request, speech.wav)

    partial = [each for each in messages if isinstance(each, Partial)]
    assert len(partial) == 3
    assert [each.id for part in partial for each in part.segments] == list(range(6))


def test_without_words_segments_still_have_the_words_times(
    engine: RunningEngine, models: Models, speech: Speech
) -> None:
    plain = engine.transcribe(speech.wav, model=models["ctc"])
    result = engine.transcribe(speech.wav, model=models["ctc"], word_timestamps=False)
    assert words_of(result.segments) == []
    assert [(each.start, each.end) for each in result.segments] == [
        (each.start, each.end) for each in plain.segments
    ]


@pytest.mark.parametrize("kind", ["ctc", "tdt", "canary"])
def test_silence_gives_nothing(
    engine: RunningEngine, models: Models, tmp_path: Path, kind: str
) -> None:
    wav = write_wav(tmp_path / "silence.wav", np.zeros(RATE, np.int16))
    result = engine.transcribe(wav, model=models[kind], language="en")
    assert result.segments == ()
    assert result.speech_regions == ()


@pytest.mark.parametrize("kind", [*KINDS, "canary", "conformer"])
def test_a_hundredth_of_a_second_is_no_trouble(
    engine: RunningEngine, models: Models, tmp_path: Path, kind: str
) -> None:
    wav = write_wav(tmp_path / "short.wav", np.full(RATE // 100, 99, np.int16))
    result = engine.transcribe(wav, model=models[kind], vad=False, language="en")
    assert all(segment.end <= 0.01 for segment in result.segments)


def test_canary_has_times_of_words(
    engine: RunningEngine, models: Models, speech: Speech, tmp_path: Path
) -> None:
    """A second network in its file finds the words in the sound."""
    first = speech.sentences[0]
    whole = read_wav(speech.wav)
    wav = write_wav(tmp_path / "first.wav", whole[: int((first.end + 0.5) * RATE)])
    result = engine.transcribe(wav, model=models["canary"], language="en")

    assert text_of(result) == first.text
    words = words_of(result.segments)
    assert abs(words[0].start - first.start) < 0.12
    assert abs(words[-1].end - first.end) < 0.4
    expected = engine.transcribe(wav, model=models["rnnt"]).segments
    for word, other in zip(words, words_of(expected), strict=True):
        assert abs(word.start - other.start) < 0.1


def test_canary_takes_the_language_and_the_task(
    engine: RunningEngine, models: Models, speech: Speech
) -> None:
    """Its first word is another one where the language it writes is German."""

    def first_word(**options: Any) -> str:
        result = engine.transcribe(speech.wav, model=models["canary"], max_speech_s=30, **options)
        assert result.language == ("en" if options.get("task") else options["language"])
        return result.segments[0].text.split()[0]

    assert first_word(language="en") == "please"
    assert first_word(language="de") == "red"
    assert first_word(language="fr-CA"[:2]) == "blu"
    assert first_word(language="de", task="translate") == "please"
