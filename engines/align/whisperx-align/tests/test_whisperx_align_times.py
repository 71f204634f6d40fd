"""Times of words, compared with flite's own account of its phones."""

from pathlib import Path
from statistics import median

import msgspec
import numpy as np
import pytest
from tests.support.speech import needs_flite
from tests.support.word_times import TimedSpeech, record_words

from dalston_sdk.testing import RunningEngine
from dalston_sdk.wire import AlignResult, Segment, Word

pytestmark = needs_flite


def errors_s(result: AlignResult, recording: TimedSpeech) -> tuple[list[float], list[float]]:
    """Errors of starts and ends."""
    starts, ends = [], []
    for segment, spoken in zip(result.segments, recording.sentences, strict=True):
        assert [word.text.strip() for word in segment.words] == list(spoken.words)
        for word, (start, end) in zip(segment.words, spoken.spans, strict=True):
            starts.append(abs(word.start - start))
            ends.append(abs(word.end - end))
    return starts, ends


@pytest.mark.parametrize("loose_s", [0.0, 0.3], ids=["close", "loose"])
def test_words_begin_and_end_where_flite_says(
    engine: RunningEngine, recording: TimedSpeech, loose_s: float
) -> None:
    segments = recording.segments(loose_s=loose_s)
    result = engine.align(recording.wav, segments)

    starts, ends = errors_s(result, recording)
    assert median(starts) < 0.04
    assert np.percentile(starts, 90) < 0.1
    assert median(ends) < 0.06
    assert not result.warnings
    assert result.effective == {"batch_size": 1, "interpolate": "linear"}
    for segment, before in zip(result.segments, segments, strict=True):
        assert (segment.id, segment.text) == (before.id, before.text)
        assert (segment.start, segment.end) == (segment.words[0].start, segment.words[-1].end)
        assert not any(word.interpolated for word in segment.words)
        assert min(word.confidence or 0 for word in segment.words) > 0


def test_a_minute_in_one_segment_is_aligned_in_chunks(
    engine: RunningEngine, monologue: TimedSpeech
) -> None:
    """Chunks begin and end in the middle of words."""
    spoken = monologue.sentences
    text = " ".join(sentence.text for sentence in spoken)
    whole = Segment(id=0, start=0.0, end=monologue.duration_s, text=text)
    assert whole.end > 60

    result = engine.align(monologue.wav, (whole,))

    words = result.segments[0].words
    assert "".join(word.text for word in words) == text
    truth = [start for sentence in spoken for start, _ in sentence.spans]
    starts = [abs(word.start - start) for word, start in zip(words, truth, strict=True)]
    assert median(starts) < 0.04
    assert np.percentile(starts, 90) < 0.12


def test_a_batch_gives_the_same_times(engine: RunningEngine, recording: TimedSpeech) -> None:
    one = engine.align(recording.wav, recording.segments())
    four = engine.align(recording.wav, recording.segments(), batch_size=4)

    assert four.effective["batch_size"] == 4
    for segment, other in zip(one.segments, four.segments, strict=True):
        for word, same in zip(segment.words, other.words, strict=True):
            assert word.start == pytest.approx(same.start, abs=0.1)


def test_words_of_the_transcriber_are_kept(engine: RunningEngine, recording: TimedSpeech) -> None:
    """Their number, their text and their confidence; a word may contain a space."""
    spoken = recording.sentences[0]
    texts = [f"{spoken.words[0]} {spoken.words[1]}", *(f" {word}" for word in spoken.words[2:])]
    words = tuple(
        Word(text=text, start=spoken.start, end=spoken.end, confidence=0.25) for text in texts
    )
    segment = msgspec.structs.replace(spoken.segment(7), words=words, language="en")

    (aligned,) = engine.align(recording.wav, (segment,)).segments

    assert [word.text for word in aligned.words] == texts
    assert {word.confidence for word in aligned.words} == {0.25}
    assert (aligned.id, aligned.language) == (7, "en")
    assert aligned.words[1].start == pytest.approx(spoken.spans[2][0], abs=0.1)


def test_case_and_punctuation_do_not_matter(engine: RunningEngine, recording: TimedSpeech) -> None:
    spoken = recording.sentences[0]
    plain = spoken.segment()
    written = msgspec.structs.replace(plain, text=f"— {spoken.text.title().replace(' ', ', ')}…!")

    (first,) = engine.align(recording.wav, (plain,)).segments
    (second,) = engine.align(recording.wav, (written,)).segments

    assert "".join(word.text for word in second.words) == written.text
    assert [word.start for word in first.words] == [word.start for word in second.words[1:]]
    assert [word.interpolated for word in second.words] == [True] + [False] * len(first.words)


@pytest.mark.parametrize("interpolate", ["linear", "nearest", "ignore"])
def test_a_number_gets_time_between_its_neighbours(
    engine: RunningEngine, tmp_path: Path, interpolate: str
) -> None:
    spoken_text = "send the number seven three nine to alice please"
    recording = record_words(tmp_path / "number.wav", [spoken_text])
    spoken = recording.sentences[0]
    written = msgspec.structs.replace(spoken.segment(), text="Send the number 739 to Alice please.")

    result = engine.align(recording.wav, (written,), interpolate=interpolate)

    words = result.segments[0].words
    assert result.effective["interpolate"] == interpolate
    assert [word.interpolated for word in words] == [False, False, False, True, *[False] * 3]
    number = words[3]
    assert words[2].end <= number.start < number.end <= words[4].start
    assert words[2].start == pytest.approx(spoken.spans[2][0], abs=0.1)
    assert words[4].start == pytest.approx(spoken.spans[6][0], abs=0.1)
    assert number.confidence is None
    between = words[4].start - words[2].end
    share = {"linear": (0.99, 1.01), "nearest": (0.05, 0.8), "ignore": (0.0, 0.05)}[interpolate]
    assert share[0] * between <= number.end - number.start <= max(0.021, share[1] * between)


def test_addresses_and_money_are_interpolated(
    engine: RunningEngine, recording: TimedSpeech
) -> None:
    spoken = recording.sentences[0]
    text = " ".join([*spoken.words[:-1], "bob@example.com", "$5", "50%"])
    segment = msgspec.structs.replace(spoken.segment(), text=text)

    words = engine.align(recording.wav, (segment,)).segments[0].words

    assert [word.text.strip() for word in words if word.interpolated] == text.split()[-3:]
    assert len(words) == len(text.split())
