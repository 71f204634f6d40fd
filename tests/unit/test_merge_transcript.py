"""Merging: results in, one transcript out, sound in time, with every word once."""

from collections.abc import Sequence
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.run_options import channel_results
from tests.support.transcripts import recording, segment

from dalston_cli.stages.base import Found
from dalston_cli.stages.merge.assemble import merge
from dalston_cli.stages.merge.model import ChannelResults, MergeInput
from dalston_cli.stages.merge.times import Window
from dalston_cli.stages.refine import REFINE
from dalston_sdk.wire import (
    AlignResult,
    AudioEvent,
    Chapter,
    DiarizeResult,
    Emotion,
    EmotionResult,
    EventsResult,
    Notice,
    Origin,
    RefineResult,
    Segment,
    SpeakerTurn,
    SpeechRegion,
    StageRecord,
    TranscribeResult,
    Transcript,
    Word,
)


def mix(*segments: Segment, duration_s: float = 30.0, **results: object) -> ChannelResults:
    """One channel with these segments, in English, and other stages' results."""
    values = {
        "channel": None,
        "duration_s": duration_s,
        "transcribe": TranscribeResult(language="en", segments=segments),
    }
    return channel_results(**(values | results))  # type: ignore[arg-type] # by name


def merged(*channels: ChannelResults, clip_start: float | None = None) -> Transcript:
    info = msgspec.structs.replace(recording(duration_s=30.0), clip_start=clip_start)
    return merge(MergeInput(recording=info, channels=channels))


def texts(transcript: Transcript) -> list[tuple[str | None, str]]:
    return [(item.speaker, item.text) for item in transcript.segments]


def turns(*heard: tuple[float, float, str]) -> DiarizeResult:
    return DiarizeResult(
        turns=tuple(SpeakerTurn(start=start, end=end, speaker=who) for start, end, who in heard)
    )


def test_one_channel_keeps_what_the_engine_said() -> None:
    result = merged(mix(segment("Hello there.", 1, 2), segment("Bye.", 3, 4, number=7)))
    assert result.text == "Hello there. Bye."
    assert [item.id for item in result.segments] == [0, 1]
    assert (result.language, result.status, result.turns) == ("en", "complete", ())
    assert result.segments[0].words == segment("Hello there.", 1, 2).words
    assert str(result.generator).startswith("dalston ")


def test_aligned_words_replace_the_recognisers() -> None:
    heard = msgspec.structs.replace(segment("one two", 1.0, 2.0), confidence=0.5)
    aligned = AlignResult(segments=(segment("one two", 1.5, 2.5),))
    found = merged(mix(heard, align=aligned)).segments[0]
    assert (found.start, found.end, found.confidence) == (1.5, 2.5, 0.5)
    assert found.words == aligned.segments[0].words


def test_a_segment_that_alignment_left_out_stays() -> None:
    aligned = AlignResult(segments=(segment("one", 1.5, 2.5),))
    result = merged(mix(segment("one", 1, 2), segment("two", 3, 4, number=1), align=aligned))
    assert [item.text for item in result.segments] == ["one", "two"]


def test_speakers_are_named_in_the_order_they_speak_in() -> None:
    channel = mix(
        segment("First.", 1, 2),
        segment("Second.", 3, 4, number=1),
        diarize=turns((3, 4, "A"), (1, 2, "Z"), (9, 9.5, "silent")),
    )
    result = merged(channel)
    assert texts(result) == [("SPEAKER_00", "First."), ("SPEAKER_01", "Second.")]
    assert [(turn.start, turn.speaker) for turn in result.turns] == [
        (1, "SPEAKER_00"),
        (3, "SPEAKER_01"),
        (9, "SPEAKER_02"),
    ]


@pytest.mark.parametrize(
    ("heard", "expected"),
    [
        pytest.param(
            [(0, 2, "A"), (2, 4, "B")],
            ["How are you?", "Fine, thanks."],
            id="change between two words",
        ),
        pytest.param(
            [(0, 2.3, "A"), (2.3, 4, "B")],
            ["How are you?", "Fine, thanks."],
            id="change inside a word goes to the sentence's end",
        ),
        pytest.param(
            [(0, 1.7, "A"), (1.7, 4, "B")],
            ["How are you?", "Fine, thanks."],
            id="change inside the last word of a sentence",
        ),
        pytest.param(
            [(0, 0.6, "A"), (3.6, 4, "B")],
            ["How are you?", "Fine, thanks."],
            id="a hole in which nobody is heard",
        ),
        pytest.param([(0, 4, "A"), (1.0, 1.2, "B")], ["How are you? Fine, thanks."], id="a cough"),
        pytest.param([], ["How are you? Fine, thanks."], id="nobody was found"),
        pytest.param([(20, 25, "A")], ["How are you? Fine, thanks."], id="somebody far away"),
        pytest.param([(4.5, 9, "A")], ["How are you? Fine, thanks."], id="somebody near"),
    ],
)
def test_segments_are_split_where_the_speaker_changes(
    heard: list[tuple[float, float, str]], expected: list[str]
) -> None:
    result = merged(mix(segment("How are you? Fine, thanks.", 0, 4), diarize=turns(*heard)))
    assert [item.text for item in result.segments] == expected
    assert all(word.speaker == item.speaker for item in result.segments for word in item.words)


def test_words_go_by_exclusive_turns_where_there_are_any() -> None:
    both = turns((0, 4, "A"), (0, 4, "B"))
    alone = turns((0, 2.1, "A"), (2.1, 4, "B")).turns
    told = DiarizeResult(turns=both.turns, exclusive_turns=alone)
    result = merged(mix(segment("How are you? Fine, thanks.", 0, 4), diarize=told))
    assert [item.text for item in result.segments] == ["How are you?", "Fine, thanks."]
    assert [(turn.start, turn.end) for turn in result.turns] == [(0, 4), (0, 4)]


def test_a_segment_without_words_goes_to_whoever_is_heard_longest() -> None:
    whole = Segment(id=0, start=0, end=4, text="How are you? Fine.")
    result = merged(mix(whole, diarize=turns((0, 1, "A"), (1, 4, "B"))))
    assert texts(result) == [("SPEAKER_00", whole.text)]
    assert result.turns[1].speaker == result.segments[0].speaker


def test_both_parts_of_a_split_segment_have_its_emotion() -> None:
    joy = Emotion(label="happy", score=0.9)
    channel = mix(
        segment("How are you? Fine, thanks.", 0, 4, number=3),
        diarize=turns((0, 2, "A"), (2, 4, "B")),
        emotion=EmotionResult(emotions={3: joy}),
    )
    assert [item.emotion for item in merged(channel).segments] == [joy, joy]


def test_split_channels_are_one_speaker_each_on_one_clock() -> None:
    left = mix(segment("Hello?", 1, 2), segment("Who is it?", 2.2, 3, number=1), channel=0)
    right = mix(segment("It is me.", 1.5, 2.5), channel=1)
    result = merged(left, right)
    assert texts(result) == [
        ("SPEAKER_00", "Hello?"),
        ("SPEAKER_01", "It is me."),
        ("SPEAKER_00", "Who is it?"),
    ]
    assert [item.channel for item in result.segments] == [0, 1, 0]
    assert [(turn.start, turn.end, turn.speaker) for turn in result.turns] == [
        (1, 3, "SPEAKER_00"),
        (1.5, 2.5, "SPEAKER_01"),
    ]


def test_a_channel_keeps_its_label_whoever_speaks_first() -> None:
    left = mix(segment("Hello?", 3, 4), channel=0)
    right = mix(segment("Yes?", 1, 2), channel=1)
    assert texts(merged(left, right)) == [("SPEAKER_01", "Yes?"), ("SPEAKER_00", "Hello?")]
    assert texts(merged(mix(channel=0), right)) == [("SPEAKER_01", "Yes?")]


def test_a_channels_turn_ends_with_a_pause() -> None:
    left = mix(segment("Hello?", 1, 2), segment("Anyone?", 5, 6, number=1), channel=0)
    right = mix(segment("Yes.", 8, 9), channel=1, diarize=turns((8, 9, "A")))
    assert [(turn.start, turn.end, turn.speaker) for turn in merged(left, right).turns] == [
        (1, 2, "SPEAKER_00"),
        (5, 6, "SPEAKER_00"),
        (8, 9, "SPEAKER_01"),
    ]


def test_diarized_channels_keep_their_speakers_apart() -> None:
    left = mix(segment("Hello?", 1, 2), channel=0, diarize=turns((1, 2, "A")))
    right = mix(segment("Yes.", 3, 4), channel=1, diarize=turns((3, 4, "A")))
    assert texts(merged(left, right)) == [("SPEAKER_00", "Hello?"), ("SPEAKER_01", "Yes.")]


def test_times_of_a_clip_count_from_the_start_of_the_recording() -> None:
    channel = mix(
        segment("Hello there.", 1, 2),
        duration_s=5.0,
        transcribe=TranscribeResult(
            language="en",
            segments=(segment("Hello there.", 1, 2),),
            speech_regions=(SpeechRegion(start=0.5, end=9.0),),
            warnings=(Notice(code="slow", message="slow", start=1.0),),
        ),
        diarize=turns((1, 2, "A")),
        events=EventsResult(events=(AudioEvent(start=0, end=1, label="Bell", score=0.5),)),
    )
    result = merged(channel, clip_start=100.0)
    assert (result.segments[0].start, result.segments[0].words[-1].end) == (101.0, 102.0)
    assert (result.turns[0].start, result.events[0].end) == (101.0, 101.0)
    assert result.speech_regions == (SpeechRegion(start=100.5, end=105.0),)
    assert (result.warnings[0].stage, result.warnings[0].start) == ("transcribe", 101.0)


def test_languages_and_scores_are_carried_to_the_end() -> None:
    def channel(number: int, language: str, text: str, score: float) -> ChannelResults:
        return mix(
            channel=number,
            transcribe=TranscribeResult(
                language=language,
                segments=(segment(text, 1, 2),),
                language_scores={language: score},
            ),
        )

    result = merged(channel(0, "de", "Ja.", 0.5), channel(1, "ja", "a longer text", 0.75))
    assert result.language == "ja"
    assert [item.language for item in result.segments] == ["de", "ja"]
    assert result.language_scores == {"de": 0.25, "ja": 0.375}


def test_text_in_a_script_without_spaces_gets_none() -> None:
    words = (Word(text="こん", start=0, end=1), Word(text="にちは", start=1, end=2))
    first = Segment(id=0, start=0, end=2, text="こんにちは", words=words)
    second = Segment(id=1, start=3, end=4, text="世界")
    assert merged(mix(first, second)).text == "こんにちは世界"


def test_a_failed_stage_makes_the_transcript_partial() -> None:
    records = (
        StageRecord(stage="transcribe", status="done"),
        StageRecord(stage="align", status="skipped", reason="word times are good"),
        StageRecord(stage="diarize", status="failed", reason="out of memory"),
    )
    for count, status in ((2, "complete"), (3, "partial")):
        given_records = records[:count]
        result = merge(MergeInput(recording=recording(), channels=(mix(),), stages=given_records))
        assert (result.status, result.stages) == (status, given_records)


def test_words_that_do_not_say_the_text_are_noticed() -> None:
    odd = msgspec.structs.replace(segment("one two", 1, 2), text="one two three")
    result = merged(mix(odd))
    assert result.text == "one two"
    assert [notice.code for notice in result.warnings] == ["words_differ_from_text"]


def test_a_warning_is_told_once() -> None:
    notice = Notice(code="slow", message="slow", stage="transcribe")
    channel = mix(
        transcribe=TranscribeResult(
            language="en", segments=(segment("Hi.", 1, 2),), warnings=(notice, notice)
        )
    )
    result = merge(MergeInput(recording=recording(), channels=(channel,), warnings=(notice,)))
    assert result.warnings.count(notice) == 1


TIMES = st.floats(-2.0, 40.0, allow_nan=False)
TEXTS = st.text(st.sampled_from("ab.? \t本"), max_size=4)


@st.composite
def engine_segments(draw: st.DrawFn) -> tuple[Segment, ...]:
    """Generate segments of a careless engine: any times, empty words, words out of order."""
    found = []
    for number in range(draw(st.integers(0, 6))):
        words = tuple(
            Word(
                text=draw(TEXTS),
                start=draw(TIMES),
                end=draw(TIMES),
                interpolated=draw(st.booleans()),
                speaker=draw(st.sampled_from([None, None, "x", "y"])),
            )
            for _ in range(draw(st.integers(0, 8)))
        )
        text = "".join(word.text for word in words).strip() if words else draw(TEXTS)
        found.append(Segment(id=number, start=draw(TIMES), end=draw(TIMES), text=text, words=words))
    return tuple(found)


SOME_TURNS = st.lists(
    st.builds(SpeakerTurn, start=TIMES, end=TIMES, speaker=st.sampled_from("ABC")), max_size=8
)


def spoken(segments: Sequence[Segment]) -> list[str]:
    """The words that say something, or the text where there are none, in any order."""
    return sorted(
        text.strip()
        for item in segments
        for text in ([word.text for word in item.words] or [item.text])
        if text.strip()
    )


EMOTIONS = st.dictionaries(
    st.integers(0, 6), st.builds(Emotion, label=st.sampled_from("ab"), score=st.just(0.5))
)
EVENTS = st.lists(
    st.builds(AudioEvent, start=TIMES, end=TIMES, label=st.sampled_from("ab"), score=st.just(0.5)),
    max_size=4,
)


@given(
    parts=st.lists(st.tuples(engine_segments(), st.none() | SOME_TURNS), min_size=1, max_size=2),
    emotions=EMOTIONS,
    events=EVENTS,
    clip_start=st.none() | st.floats(0.0, 1000.0),
    duration_s=st.floats(0.01, 40.0),
)
def test_any_results_become_a_sound_transcript(
    parts: list[tuple[tuple[Segment, ...], list[SpeakerTurn] | None]],
    emotions: dict[int, Emotion],
    events: list[AudioEvent],
    clip_start: float | None,
    duration_s: float,
) -> None:
    channels = tuple(
        mix(
            *segments,
            channel=index,
            duration_s=duration_s,
            diarize=None if found is None else DiarizeResult(turns=tuple(found)),
            emotion=EmotionResult(emotions=emotions),
            events=EventsResult(events=tuple(events)),
        )
        for index, (segments, found) in enumerate(parts)
    )
    result = merged(*channels, clip_start=clip_start)
    low, high = (clip_start or 0.0) - 0.001, (clip_start or 0.0) + duration_s + 0.01
    assert spoken(result.segments) == spoken([item for part in parts for item in part[0]])
    assert [item.id for item in result.segments] == list(range(len(result.segments)))
    assert all(a.start <= b.start for a, b in pairwise(result.segments))
    spans = [(item.start, item.end) for item in result.segments]
    spans += [(turn.start, turn.end) for turn in result.turns]
    spans += [(event.start, event.end) for event in result.events]
    assert all(a.start <= b.start for a, b in pairwise(result.events))
    assert {event.label for event in result.events} == {event.label for event in events}
    if len(parts) == 1:
        with_turns = {turn.speaker for turn in result.turns}
        assert {item.speaker for item in result.segments if item.speaker} <= with_turns
    assert all(low <= start < end <= high for start, end in spans)
    for item in result.segments:
        assert item.text == item.text.strip()
        assert item.text
        if item.words:
            assert item.text == "".join(word.text for word in item.words).strip()
            assert (item.start, item.end) == (item.words[0].start, item.words[-1].end)
            assert {word.speaker for word in item.words} == {item.speaker} or (
                len(parts) > 1 and {word.speaker for word in item.words} == {None}
            )
        assert all(word.start < word.end for word in item.words)
        assert all(a.end <= b.start for a, b in pairwise(item.words))
    assert msgspec.json.decode(msgspec.json.encode(result), type=Transcript) == result


@pytest.mark.parametrize(
    ("clip_start", "expected"),
    [
        (None, [(0.0, 10.0), (10.0, 30.0)]),
        (5.0, [(5.0, 10.0), (10.0, 35.0)]),
        (50.0, [(50.0, 80.0)]),
    ],
)
def test_a_files_chapters_are_cut_to_what_was_transcribed(
    clip_start: float | None, expected: list[tuple[float, float]]
) -> None:
    chapters = (Chapter(start=0, end=10, title="A"), Chapter(start=10, end=1e6, title="B"))
    info = msgspec.structs.replace(
        recording(duration_s=30.0), clip_start=clip_start, chapters=chapters
    )
    found = merge(MergeInput(recording=info, channels=(mix(segment("Hi.", 1, 2)),)))

    assert [(each.start, each.end) for each in found.chapters] == expected
    assert found.provenance["chapters"] == (Origin(stage="prepare"),)


def test_chapters_that_were_asked_for_take_precedence() -> None:
    own = (Chapter(start=0, end=10, title="The file's"),)
    info = msgspec.structs.replace(recording(duration_s=30.0), chapters=own)
    before = merge(MergeInput(recording=info, channels=(mix(segment("Hi.", 1, 2)),)))
    written = RefineResult(texts={}, chapters=(Chapter(start=1, end=2, title="A model's"),))
    window = Window(start=0, end=30)

    after = REFINE.contribute(before, [Found(result=written, window=window)])
    kept = REFINE.contribute(before, [Found(result=RefineResult(texts={}), window=window)])

    assert [each.title for each in after.chapters] == ["A model's"]
    assert [each.stage for each in after.provenance["chapters"]] == ["prepare", "refine"]
    assert after.recording.chapters == own
    assert kept.chapters == before.chapters
