"""Statistics: by hand for small conversations, and against pyannote.core for any."""

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyannote.core import Annotation, Timeline
from pyannote.core import Segment as Span
from tests.support.transcripts import recording, segment, transcript

from dalston_cli.statistics.floor import floor_of
from dalston_cli.statistics.intervals import (
    Interval,
    common,
    covered_twice,
    merged,
    total_s,
    without,
)
from dalston_cli.statistics.measure import UNNAMED, measure
from dalston_cli.statistics.rows import rows_of
from dalston_cli.statistics.sums import Sums
from dalston_cli.statistics.words import Words, words_in
from dalston_sdk.wire import AudioEvent, Emotion, SpeakerTurn, Transcript, Word

SPEECH = {
    "A": [(0.0, 4.0), (6.0, 10.0), (16.0, 18.0)],
    "B": [(3.5, 5.0), (7.0, 7.5), (11.0, 15.0)],
}
"""
A ####..####......##   B interrupts A at 3.5, by 0.5 s; what B says at 7 is a backchannel.
B ...##..=...####...   B answers A after 1 s, at 11; A answers B after 1 s, twice.
"""


def conversation() -> Transcript:
    said = [
        segment("one two three four", 0.0, 4.0, speaker="A"),
        segment("five six", 3.5, 5.0, number=1, speaker="B"),
        segment("seven eight nine ten eleven twelve", 6.0, 10.0, number=2, speaker="A"),
        segment("yes", 7.0, 7.5, number=3, speaker="B"),
        segment("a b c", 11.0, 15.0, number=4, speaker="B"),
        segment("bye", 16.0, 18.0, number=5, speaker="A"),
    ]
    felt = ("happy", "happy", "sad", None, "sad", None)
    said = [
        msgspec.structs.replace(each, emotion=Emotion(label=label, score=1.0) if label else None)
        for each, label in zip(said, felt, strict=True)
    ]
    return msgspec.structs.replace(
        transcript(said, duration_s=20.0),
        turns=tuple(
            SpeakerTurn(start=start, end=end, speaker=speaker)
            for speaker, spans in SPEECH.items()
            for start, end in spans
        ),
        events=(
            AudioEvent(start=1.0, end=2.5, label="Applause", score=0.5),
            AudioEvent(start=5.0, end=6.0, label="Applause", score=0.5),
        ),
    )


EXPECTED = {
    # talk_s, talk_share, overlap_s, turns, turn_mean_s, turn_longest_s, words, words_per_minute,
    # interruptions, backchannels, answers, latency_mean_s
    "A": (10.0, 10 / 16, 1.0, 3, 10 / 3, 4.0, 11, 66.0, 0, 0, 2, 1.0),
    "B": (6.0, 6 / 16, 1.0, 2, 2.75, 4.0, 6, 60.0, 1, 1, 2, 0.25),
}


@pytest.mark.parametrize("speaker", EXPECTED)
def test_a_speaker_by_hand(speaker: str) -> None:
    sums = measure(conversation()).speakers[speaker]

    assert (
        sums.talk_s,
        sums.talk_share,
        sums.overlap_s,
        sums.turns,
        sums.turn_mean_s,
        sums.turn_longest_s,
        sums.words.total,
        sums.words_per_minute,
        sums.interruptions,
        sums.backchannels,
        sums.answers,
        sums.latency_mean_s,
    ) == pytest.approx(EXPECTED[speaker])


def test_a_recording_by_hand() -> None:
    measures = measure(conversation())
    whole = measures.whole

    assert (whole.recordings, whole.speakers, whole.duration_s) == (1, 2, 20.0)
    assert whole.talk_s == 5.0 + 4.0 + 4.0 + 2.0
    assert whole.silence_s == 20.0 - 15.0
    assert whole.silence_share == 0.25
    assert whole.overlap_s == 1.0
    assert (whole.turns, whole.interruptions, whole.backchannels) == (5, 1, 1)
    assert (whole.answers, whole.latency_mean_s) == (4, (-0.5 + 1 + 1 + 1) / 4)
    assert measures.latency_median_s == 1.0
    assert measures.latency_medians_s == {"A": 1.0, "B": 0.25}
    assert whole.words == Words(words=17)
    assert (whole.events, whole.event_s) == ({"Applause": 2}, {"Applause": 2.5})
    # 4 and 1.5 s happy, 4 and 4 s sad
    assert whole.emotion_shares == pytest.approx({"happy": 5.5 / 13.5, "sad": 8 / 13.5})
    assert measures.speakers["A"].emotion_shares == pytest.approx({"happy": 0.5, "sad": 0.5})


def test_a_batch_is_the_sum_of_its_recordings() -> None:
    batch = Sums()
    batch.add(measure(conversation()).whole)
    batch.add(measure(transcript([segment("so", 0.0, 1.0)], duration_s=80.0)).whole)

    assert (batch.recordings, batch.speakers, batch.duration_s) == (2, 3, 100.0)
    assert batch.silence_share == (5.0 + 79.0) / 100.0
    assert batch.words_per_minute == pytest.approx(60 * 18 / 17)
    assert batch.turn_longest_s == 4.0


def test_without_turns_segments_are_the_speech_and_without_speakers_one_speaks() -> None:
    said = [segment("a b", 1.0, 2.0), segment("c", 2.0, 4.0, number=1)]

    measures = measure(transcript(said, duration_s=10.0))

    assert [*measures.speakers] == [UNNAMED]
    assert (measures.whole.talk_s, measures.whole.silence_s) == (3.0, 7.0)
    assert measures.speakers[UNNAMED].turns == 1


def test_what_was_left_out_is_no_silence() -> None:
    info = msgspec.structs.replace(
        recording(duration_s=20.0), clip_start=10.0, clip_end=30.0, left_out=((12.0, 22.0),)
    )
    one = msgspec.structs.replace(transcript([segment("a", 22.0, 26.0)]), recording=info)

    whole = measure(one).whole

    assert (whole.duration_s, whole.talk_s, whole.silence_s) == (10.0, 4.0, 6.0)


def test_words_count_for_who_said_them() -> None:
    words = (
        Word(text=" me", start=0.0, end=0.5, speaker="A"),
        Word(text=" and you", start=0.5, end=1.0, speaker="B"),
    )
    one = msgspec.structs.replace(segment("me and you", 0.0, 1.0, speaker="A"), words=words)
    turns = tuple(SpeakerTurn(start=0.0, end=1.0, speaker=each) for each in "AB")

    speakers = measure(msgspec.structs.replace(transcript([one]), turns=turns)).speakers

    assert {name: sums.words.total for name, sums in speakers.items()} == {"A": 1, "B": 2}


@pytest.mark.parametrize(
    ("text", "words", "unit"),
    [
        ("It doesn't cost 3.50, does it?", (6, 0), "word"),
        ("- well... !", (1, 0), "word"),
        ("我们明天去北京。", (0, 7), "letter"),
        ("用Python 3写程序", (2, 4), "mixed"),
        ("हम हिन्दी बोलते हैं", (4, 0), "word"),
        ("", (0, 0), None),
    ],
)
def test_words_are_counted_as_each_script_has_them(
    text: str, words: tuple[int, int], unit: str | None
) -> None:
    assert words_in(text) == Words(*words)
    assert words_in(text).unit == unit


@pytest.mark.parametrize(
    ("speech", "turns", "latencies", "interruptions", "backchannels"),
    [
        ({"A": [(0, 1), (1.1, 2), (5, 6)]}, ["A 0-6"], [], 0, 0),
        ({"A": [(0, 2)], "B": [(2, 3)]}, ["A 0-2", "B 2-3"], [0], 0, 0),
        ({"A": [(0, 2)], "B": [(1.9, 3)]}, ["A 0-2", "B 1.9-3"], [-0.1], 0, 0),
        ({"A": [(0, 2)], "B": [(1.8, 3)]}, ["A 0-2", "B 1.8-3"], [-0.2], 1, 0),
        ({"A": [(0, 4), (5, 6)], "B": [(1, 3)]}, ["A 0-6"], [], 0, 1),
        ({"A": [(0, 2)], "B": [(0, 2)]}, ["A 0-2"], [], 0, 1),
        (
            {"A": [(0, 3)], "B": [(1, 4)], "C": [(2, 5)]},
            ["A 0-3", "B 1-4", "C 2-5"],
            [-2, -2],
            2,
            0,
        ),
        ({}, [], [], 0, 0),
    ],
    ids=["pauses", "at-once", "early", "interrupts", "within", "same", "three", "nobody"],
)
def test_the_floor(
    speech: dict[str, list[tuple[float, float]]],
    turns: list[str],
    latencies: list[float],
    interruptions: int,
    backchannels: int,
) -> None:
    floor = floor_of({name: [Interval(*each) for each in spans] for name, spans in speech.items()})

    assert [f"{turn.speaker} {turn.start:g}-{turn.end:g}" for turn in floor.turns] == turns
    assert [each.latency_s for each in floor.changes] == pytest.approx(latencies)
    assert sum(each.is_interruption for each in floor.changes) == interruptions
    assert len(floor.backchannels) == backchannels


TIMES = st.tuples(st.integers(0, 400), st.integers(1, 80)).map(
    lambda pair: Interval(pair[0] / 8, (pair[0] + pair[1]) / 8)
)
SPEAKERS = st.dictionaries(st.sampled_from("ABCD"), st.lists(TIMES, min_size=1, max_size=8))


@given(SPEAKERS)
def test_times_are_those_of_pyannote(speech: dict[str, list[Interval]]) -> None:
    oracle = Annotation()
    for speaker, spans in speech.items():
        for number, each in enumerate(spans):
            oracle[Span(each.start, each.end), f"{speaker}{number}"] = speaker
    turns = tuple(
        SpeakerTurn(start=each.start, end=each.end, speaker=speaker)
        for speaker, spans in speech.items()
        for each in spans
    )

    measures = measure(msgspec.structs.replace(transcript([], duration_s=100.0), turns=turns))

    talk = oracle.get_timeline().support().duration()
    assert measures.whole.talk_s == pytest.approx(talk)
    assert measures.whole.silence_s == pytest.approx(100.0 - talk)
    for speaker in speech:
        united = oracle.label_timeline(speaker).support()
        assert measures.speakers[speaker].talk_s == pytest.approx(united.duration())
    distinct = Annotation()
    for speaker in speech:
        for each in oracle.label_timeline(speaker).support():
            distinct[each, speaker] = speaker
    overlap = distinct.get_overlap().support().duration()
    assert measures.whole.overlap_s == pytest.approx(overlap)


@given(st.lists(TIMES, max_size=8), st.lists(TIMES, max_size=8))
def test_sets_of_intervals_are_those_of_pyannote(
    first: list[Interval], second: list[Interval]
) -> None:
    one, other = merged(first), merged(second)
    left = Timeline([Span(*each) for each in one]).support()
    right = Timeline([Span(*each) for each in other]).support()

    shared = total_s(common(one, other))
    assert shared == pytest.approx(left.crop(right).support().duration())
    assert total_s(covered_twice([one, other])) == pytest.approx(shared)
    assert total_s(without(one, other)) == pytest.approx(left.duration() - shared)


def test_rows_have_units_in_their_names_and_the_manifests_columns() -> None:
    one = conversation()
    columns = {"agent": "Jo", "team": 7, "words": "ours"}
    info = msgspec.structs.replace(one.recording, columns=columns)
    one = msgspec.structs.replace(one, recording=info)

    first, second, whole = rows_of(Path("calls/a.json"), one, measure(one))

    assert (first["scope"], first["speaker"], second["speaker"]) == ("speaker", "A", "B")
    assert (whole["scope"], whole["transcript"], whole["language"]) == (
        "recording",
        "calls/a.json",
        "en",
    )
    assert {"agent": "Jo", "team": 7, "manifest.words": "ours"}.items() <= first.items()
    assert (whole["words"], whole["word_unit"], whole["emotion_share.sad"]) == (17, "word", 0.5926)
    assert (whole["event_count.Applause"], whole["event_s.Applause"]) == (2, 2.5)
    assert (first["silence_s"], whole["silence_s"], whole["latency_median_s"]) == (None, 5.0, 1.0)
