"""Segments are never lost, keep their text and their order, and stay in their time."""

from itertools import pairwise

import msgspec
import pytest
from tests.support.speech import needs_flite
from tests.support.word_times import TimedSpeech

from dalston_sdk.testing import RunningEngine, check_segments
from dalston_sdk.wire import ErrorCode, ModelRef, Segment, Stage, Word

pytestmark = needs_flite


def test_empty_segments_and_none_at_all(engine: RunningEngine, recording: TimedSpeech) -> None:
    spoken = recording.sentences[0].segment(1)
    segments = (
        Segment(id=0, start=0.0, end=0.5, text=""),
        spoken,
        Segment(id=2, start=spoken.end, end=spoken.end, text=""),
    )

    result = engine.align(recording.wav, segments)

    assert (result.segments[0], result.segments[2]) == (segments[0], segments[2])
    assert len(result.segments[1].words) == len(spoken.text.split())
    assert not result.warnings
    assert engine.align(recording.wav, ()).segments == ()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param("Это письмо для Алисы", "its letters are not the model's", id="alphabet"),
        pytest.param("2024, 7%", "it has no word that the model can tokenise", id="numbers"),
        pytest.param("…", "it has no word that the model can tokenise", id="punctuation"),
        pytest.param("seven " * 200, "more letters than fit into its time", id="too-much"),
    ],
)
def test_a_segment_that_cannot_be_aligned_keeps_its_times(
    engine: RunningEngine, recording: TimedSpeech, text: str, reason: str
) -> None:
    first, last = recording.sentences[0].segment(), recording.sentences[2].segment(2)
    place = recording.sentences[1]
    strange = Segment(id=1, start=place.start, end=place.end, text=text.strip())

    result = engine.align(recording.wav, (first, strange, last))

    (notice,) = result.warnings
    assert (notice.code, notice.stage) == ("not_aligned", "align")
    assert reason in notice.message
    assert (notice.start, notice.end) == (strange.start, strange.end)
    kept = result.segments[1]
    assert (kept.start, kept.end, kept.text) == (strange.start, strange.end, strange.text)
    assert all(word.interpolated for word in kept.words)
    check_segments(result.segments, recording.duration_s)
    assert not any(word.interpolated for each in (0, 2) for word in result.segments[each].words)


def test_words_of_a_segment_that_cannot_be_aligned_stay(
    engine: RunningEngine, recording: TimedSpeech
) -> None:
    word = Word(text=" 1984", start=0.7, end=1.1, confidence=0.9)
    segment = Segment(id=0, start=0.7, end=1.1, text="1984", words=(word,))

    result = engine.align(recording.wav, (segment,))

    assert result.segments == (segment,)
    assert len(result.warnings) == 1


def test_times_outside_the_audio(engine: RunningEngine, recording: TimedSpeech) -> None:
    last, end = recording.sentences[-1], recording.duration_s
    segments = (
        Segment(id=0, start=last.start, end=end + 5, text=last.text),
        Segment(id=1, start=end + 10, end=end + 12, text="never said"),
    )

    result = engine.align(recording.wav, segments)

    inside, outside = result.segments
    assert inside.end <= end
    assert inside.words[0].start == pytest.approx(last.start, abs=0.1)
    assert (outside.start, outside.end, outside.text) == (end + 10, end + 12, "never said")
    assert ["outside the audio" in notice.message for notice in result.warnings] == [True]


def test_words_stay_out_of_neighbouring_segments(
    engine: RunningEngine, monologue: TimedSpeech
) -> None:
    """Also where one segment follows the other without a pause."""
    segments = list(monologue.segments())
    for index, (one, following) in enumerate(pairwise(segments)):
        segments[index] = msgspec.structs.replace(one, end=following.start)

    result = engine.align(monologue.wav, tuple(segments))

    for segment, before in zip(result.segments, segments, strict=True):
        assert before.start - 0.21 <= segment.start < segment.end <= before.end + 0.21
    for one, following in pairwise(result.segments):
        assert one.end <= following.start


def test_overlapping_segments_stay_in_order(engine: RunningEngine, recording: TimedSpeech) -> None:
    """The text of the second is spoken before that of the first."""
    one, two = recording.sentences[0], recording.sentences[1]
    segments = (
        Segment(id=0, start=one.start, end=two.end, text=two.text),
        Segment(id=1, start=one.start + 0.1, end=two.end, text=one.text),
    )

    result = engine.align(recording.wav, segments)

    check_segments(result.segments, recording.duration_s)
    assert [segment.text for segment in result.segments] == [two.text, one.text]


def test_a_very_short_segment_is_aligned(engine: RunningEngine, recording: TimedSpeech) -> None:
    """Less audio than one frame of the model needs."""
    start = recording.sentences[0].start
    shortest = Segment(id=0, start=start, end=start + 0.02, text="a")

    result = engine.align(recording.wav, (shortest,))

    check_segments(result.segments, recording.duration_s)
    assert result.segments[0].words


def test_characters_are_words_where_no_spaces_are_written(
    engine: RunningEngine, recording: TimedSpeech
) -> None:
    place = recording.sentences[0]
    text = "你好,世界。abc 12"
    segment = Segment(id=0, start=place.start, end=place.end, text=text)

    words = engine.align(recording.wav, (segment,), language="zh").segments[0].words

    assert [word.text for word in words] == ["你", "好,", "世", "界。", "abc", " 12"]


def test_options_out_of_range_are_refused(engine: RunningEngine, recording: TimedSpeech) -> None:
    request = engine.request(Stage.ALIGN, recording.segments(), language="en", batch_size=0)
    failure = engine.failure(request, recording.wav)

    assert failure.code is ErrorCode.INVALID_REQUEST
    assert "batch_size must be at least 1" in failure.message


@pytest.mark.parametrize(
    ("language", "is_for_it"), [("nl", True), ("nl-be", True), ("en", False), ("und", False)]
)
def test_a_model_knows_its_language(
    engine: RunningEngine,
    recording: TimedSpeech,
    model: ModelRef,
    language: str,
    *,
    is_for_it: bool,
) -> None:
    """From whisperX's own name of the model."""
    dutch = msgspec.structs.replace(model, runtime_id="jonatasgrosman/wav2vec2-large-xlsr-53-dutch")
    segments = recording.segments()[:2]
    if is_for_it:
        result = engine.align(recording.wav, segments, model=dutch, language=language)
        assert not result.warnings
        return
    request = engine.request(Stage.ALIGN, segments, model=dutch, language=language)

    failure = engine.failure(request, recording.wav)

    assert failure.code is ErrorCode.INVALID_REQUEST
    assert f"is for nl, and the text is {language}" in failure.message
    assert "dalston models list --stage align" in str(failure.hint)


def test_another_script_is_romanized(
    engine: RunningEngine, recording: TimedSpeech, model: ModelRef
) -> None:
    """As the multilingual model does it, with weights that know Latin letters."""
    of_many = msgspec.structs.replace(
        model, runtime_id="MahmoudAshraf/mms-300m-1130-forced-aligner"
    )
    cyrillic = str.maketrans("abdefghiklmnoprstuvyz", "абдефгхиклмнопрстувйз")
    latin = [each for each in recording.sentences if not set(each.text) & set("cjqwx")]
    assert len(latin) > 1

    for spoken in latin:
        segment = msgspec.structs.replace(spoken.segment(), text=spoken.text.translate(cyrillic))
        result = engine.align(recording.wav, (segment,), model=of_many, language="ru")

        assert not result.warnings
        words = result.segments[0].words
        assert "".join(word.text for word in words) == segment.text
        for word, (start, _) in zip(words, spoken.spans, strict=True):
            assert word.start == pytest.approx(start, abs=0.15)
