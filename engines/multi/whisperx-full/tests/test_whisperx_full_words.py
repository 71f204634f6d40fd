"""Alignment: every word gets a time, and words with letters the right one."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from statistics import median

import numpy as np
import pytest
from tests.support.flite import Speech
from tests.support.speech import needs_flite

from dalston_sdk.testing import RunningEngine
from dalston_sdk.wire import AlignResult, ErrorCode, Finished, Progress, Segment, Stage, Word

pytestmark = needs_flite


def words_of(result: AlignResult) -> list[Word]:
    return [word for segment in result.segments for word in segment.words]


def known(speech: Speech, **texts: str) -> list[Segment]:
    """The recording's sentences as segments with a margin; some with another text."""
    return [
        Segment(
            id=number,
            start=sentence.start - 0.2,
            end=sentence.end + 0.2,
            text=texts.get(f"text_{number}", sentence.text),
            language="en",
            confidence=0.9,
        )
        for number, sentence in enumerate(speech.sentences)
    ]


def test_words_have_the_times_of_their_sentences(engine: RunningEngine, speech: Speech) -> None:
    transcribed = engine.transcribe(speech.wav)

    result = engine.align(speech.wav, transcribed.segments)

    words = words_of(result)
    assert [each.text for each in result.segments] == [each.text for each in transcribed.segments]
    assert [word.text.strip() for word in words] == speech.text.split()
    assert all(before.end <= after.start for before, after in pairwise(words))
    starts = np.array([word.start for word in words])
    errors = [float(np.abs(starts - sentence.start).min()) for sentence in speech.sentences]
    assert median(errors) < 0.1
    assert max(errors) < 0.3
    inside = [
        any(
            each.start - 0.1 <= word.start and word.end <= each.end + 0.1
            for each in speech.sentences
        )
        for word in words
    ]
    assert sum(inside) / len(inside) > 0.9
    assert not any(word.interpolated for word in words)
    assert median(word.confidence or 0 for word in words) > 0.3


def test_segments_keep_all_but_their_words_and_edges(engine: RunningEngine, speech: Speech) -> None:
    result = engine.align(speech.wav, known(speech))

    for segment, sentence in zip(result.segments, speech.sentences, strict=True):
        assert (segment.text, segment.language, segment.confidence) == (sentence.text, "en", 0.9)
        assert (segment.start, segment.end) == (segment.words[0].start, segment.words[-1].end)
        assert segment.start == pytest.approx(sentence.start, abs=0.2)
        assert segment.end == pytest.approx(sentence.end, abs=0.3)


def test_words_without_known_letters_are_interpolated(
    engine: RunningEngine, speech: Speech
) -> None:
    """A number, a sign and a foreign letter; the other words keep their times."""
    plain = engine.align(speech.wav, known(speech))

    result = engine.align(speech.wav, known(speech, text_5="Alice will call you at 30 € 木."))

    *spoken, number, sign, letter = result.segments[5].words
    assert [word.interpolated for word in (number, sign, letter)] == [True] * 3
    assert not any(word.interpolated for word in spoken)
    assert number.confidence is None
    assert [word.start for word in spoken] == pytest.approx(
        [word.start for word in plain.segments[5].words[:5]], abs=0.1
    )
    assert spoken[-1].end <= number.start < number.end <= sign.start < sign.end <= letter.start
    assert letter.end <= speech.sentences[5].end + 0.21


@pytest.mark.parametrize(
    "text", ["12 34 56", "…", "木", "mail bob@example.com now", "a\nline  and\ta tab"]
)
def test_every_word_gets_a_time_and_the_text_stays(
    engine: RunningEngine, speech: Speech, text: str
) -> None:
    result = engine.align(speech.wav, known(speech, text_3=text))

    words = result.segments[3].words
    assert "".join(word.text for word in words) == text
    assert len(words) == len(text.split())
    assert all(word.start < word.end for word in words)


def test_text_that_does_not_fit_gets_even_times_and_a_notice(
    engine: RunningEngine, speech: Speech
) -> None:
    """More letters than frames: the library finds no path."""
    text = " ".join(["much too long for so short a while"] * 3)

    result = engine.align(speech.wav, [Segment(id=0, start=1.0, end=1.3, text=text)])

    [notice] = result.warnings
    assert (notice.code, notice.stage, notice.start) == ("not_aligned", "align", 1.0)
    assert all(word.interpolated for word in words_of(result))
    assert all(1.0 <= word.start < word.end <= 1.301 for word in words_of(result))


def test_a_segment_that_is_too_long_gets_even_times(
    engine: RunningEngine, silence: Callable[[float], Path]
) -> None:
    segment = Segment(id=0, start=0.0, end=130.0, text="two words")

    result = engine.align(silence(130.0), [segment])

    assert "longer than 120 s" in result.warnings[0].message
    assert [word.interpolated for word in words_of(result)] == [True, True]


def test_words_of_a_language_without_spaces_are_its_characters(
    engine: RunningEngine, speech: Speech
) -> None:
    """Words only: the model for Japanese has random weights."""
    segment = known(speech, text_0="あいう、え お")[0]

    result = engine.align(speech.wav, [segment], language="ja")

    assert [word.text for word in words_of(result)] == ["あ", "い", "う", "、", "え", " お"]
    assert all(word.start < word.end for word in words_of(result))


def test_a_language_without_an_aligner_is_refused_by_name(
    engine: RunningEngine, speech: Speech
) -> None:
    request = engine.request(Stage.ALIGN, known(speech), language="el")

    error = engine.failure(request, speech.wav)

    assert error.code is ErrorCode.INVALID_REQUEST
    assert "el; it has one for en, ja" in str(error)
    assert "--align-model" in (error.hint or "")


def test_progress_grows_to_the_end(engine: RunningEngine, speech: Speech) -> None:
    request = engine.request(Stage.ALIGN, known(speech), language="en-gb")

    messages = engine.messages(request, speech.wav)

    done = [each.done_s for each in messages if isinstance(each, Progress) and each.phase == "run"]
    assert isinstance(messages[-1], Finished)
    assert done == sorted(done)
    assert done[-1] == pytest.approx(speech.duration_s, abs=0.01)


def test_no_text_no_words(engine: RunningEngine, speech: Speech) -> None:
    assert engine.align(speech.wav, []).segments == ()
    empty = Segment(id=0, start=0.0, end=1.0, text="")
    assert engine.align(speech.wav, [empty]).segments == (empty,)
