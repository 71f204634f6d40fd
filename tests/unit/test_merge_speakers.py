"""Speakers of words in hard cases: overlap, flicker, remarks, words without times."""

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dalston_cli.stages.merge.speakers import (
    assign_speakers,
    split_by_own_speakers,
    undivided,
)
from dalston_sdk.wire import Emotion, Segment, SpeakerTurn, Word

Turns = Sequence[tuple[float, float, str]]


def turns(heard: Turns) -> list[SpeakerTurn]:
    return [SpeakerTurn(start=start, end=end, speaker=who) for start, end, who in heard]


def said(
    *words: tuple[str, float, float], computed: bool = False, emotion: Emotion | None = None
) -> Segment:
    """One segment of these words."""
    made = tuple(
        Word(text=f" {text}", start=start, end=end, interpolated=computed)
        for text, start, end in words
    )
    return Segment(
        id=0,
        start=made[0].start,
        end=made[-1].end,
        text="".join(word.text for word in made).strip(),
        words=made,
        emotion=emotion,
    )


def texts(segments: Sequence[Segment]) -> list[tuple[str | None, str]]:
    return [(segment.speaker, segment.text) for segment in segments]


STORY = said(
    ("So", 0.0, 0.4), ("we", 0.4, 0.6), ("went", 0.6, 1.0), ("home.", 1.0, 1.5),
    ("Really?", 1.7, 2.1), ("Yes", 2.4, 2.7), ("we", 2.7, 2.9), ("did.", 2.9, 3.4),
)  # fmt: skip


@pytest.mark.parametrize(
    ("heard", "expected"),
    [
        pytest.param(
            [(0, 3.4, "A"), (1.65, 2.15, "B")],
            [("A", "So we went home."), ("B", "Really?"), ("A", "Yes we did.")],
            id="a remark into somebody's speech",
        ),
        pytest.param(
            [(0, 1.5, "A"), (1.7, 2.1, "B"), (2.4, 3.4, "A")],
            [("A", "So we went home."), ("B", "Really?"), ("A", "Yes we did.")],
            id="a remark between",
        ),
        pytest.param(
            [(0, 3.4, "A"), (0.2, 3.2, "B")],
            [("A", "So we went home. Really? Yes we did.")],
            id="two at the same time all along are not torn apart",
        ),
        pytest.param(
            [(0, 0.4, "A"), (0.4, 0.6, "B"), (0.6, 3.4, "A")],
            [("A", "So we went home. Really? Yes we did.")],
            id="there and back amid a sentence",
        ),
        pytest.param(
            [(0, 2.4, "A"), (2.4, 2.65, "B"), (2.65, 3.4, "A")],
            [("A", "So we went home. Really?"), ("B", "Yes"), ("A", "we did.")],
            id="no flicker where a sentence begins",
        ),
        pytest.param(
            [(0, 2.3, "A"), (2.3, 3.4, "B")],
            [("A", "So we went home. Really?"), ("B", "Yes we did.")],
            id="a plain change",
        ),
    ],
)
def test_who_says_what(heard: Turns, expected: list[tuple[str, str]]) -> None:
    assert texts(list(assign_speakers([STORY], turns(heard)))) == expected


def test_a_short_word_between_pauses_is_a_remark() -> None:
    segment = said(("and", 0.0, 0.5), ("mhm", 0.9, 1.1), ("then", 1.5, 2.0))
    found = assign_speakers([segment], turns([(0, 0.5, "A"), (0.9, 1.1, "B"), (1.5, 2.0, "A")]))
    assert texts(list(found)) == [("A", "and"), ("B", "mhm"), ("A", "then")]


def test_times_that_were_computed_do_not_tell_who_spoke() -> None:
    """The 7 has no times of its own: it goes with the sentence, not with its place."""
    first = said(("I", 0.0, 0.4), ("have", 0.4, 1.0))
    number = said(("7.", 1.0, 1.6), computed=True)
    second = said(("Fine.", 1.6, 2.0))
    words = (*first.words, *number.words, *second.words)
    segment = Segment(id=0, start=0, end=2, text="I have 7. Fine.", words=words)
    heard = turns([(0, 1.0, "A"), (1.0, 2.0, "B")])
    assert texts(list(assign_speakers([segment], heard))) == [("A", "I have 7."), ("B", "Fine.")]
    alone = said(("7", 1.0, 1.6), computed=True)
    assert texts(list(assign_speakers([alone], heard))) == [("B", "7")]


@pytest.mark.parametrize(
    ("heard", "expected"),
    [
        pytest.param([(0, 1.6, "A"), (1.6, 3.4, "B")], ["happy", "happy"], id="half each"),
        pytest.param([(0, 2.3, "A"), (2.3, 3.4, "B")], ["happy", "happy"], id="a third"),
        pytest.param(
            [(0, 1.5, "A"), (1.7, 2.1, "B"), (2.4, 3.4, "A")],
            ["happy", None, "happy"],
            id="a remark has none, and what goes on has it",
        ),
    ],
)
def test_emotions_stay_with_who_spoke(heard: Turns, expected: list[str | None]) -> None:
    joy = Emotion(label="happy", score=0.9)
    segment = said(*((w.text.strip(), w.start, w.end) for w in STORY.words), emotion=joy)
    parts = list(assign_speakers([segment], turns(heard)))
    assert [part.emotion.label if part.emotion else None for part in parts] == expected


def test_segments_that_cannot_be_divided_are_found() -> None:
    whole = Segment(id=0, start=0.0, end=4.0, text="How are you? Fine.")
    both, one = turns([(0, 2, "A"), (2, 4, "B")]), turns([(0, 3.5, "A"), (3.5, 4, "B")])
    assert undivided([whole], both) == ((0.0, 4.0),)
    assert undivided([whole], one) == ()
    assert undivided([STORY], both) == ()
    assert undivided([whole], []) == ()


def test_an_engine_that_tells_speakers_apart_itself() -> None:
    words = tuple(
        Word(text=f" {text}", start=start, end=start + 1.0, speaker=who)
        for text, start, who in (("one", 0.0, "A"), ("two", 1.0, None), ("three", 2.0, "B"))
    )
    segment = Segment(id=0, start=0, end=3, text="one two three", words=words, speaker="A")
    assert texts(list(split_by_own_speakers([segment]))) == [("A", "one two"), ("B", "three")]
    assert list(split_by_own_speakers([STORY])) == [STORY]


@st.composite
def speech(draw: st.DrawFn) -> list[Segment]:
    """Segments in order, with words in order, some of them computed."""
    clock, segments = 0.0, []
    for number in range(draw(st.integers(1, 5))):
        words = []
        for _ in range(draw(st.integers(1, 8))):
            clock += draw(st.sampled_from([0.0, 0.1, 0.5]))
            length = draw(st.sampled_from([0.05, 0.2, 0.5, 1.0]))
            text = draw(st.sampled_from([" a", " b.", " c?", "本"]))
            words.append(
                Word(text=text, start=clock, end=clock + length, interpolated=draw(st.booleans()))
            )
            clock += length
        made = tuple(words)
        text = "".join(word.text for word in made).strip()
        segments.append(
            Segment(id=number, start=made[0].start, end=made[-1].end, text=text, words=made)
        )
    return segments


@given(
    segments=speech(),
    heard=st.lists(
        st.tuples(st.floats(0, 20), st.floats(0.05, 8), st.sampled_from("ABC")), max_size=8
    ),
)
def test_every_word_is_said_once_in_its_place_by_one_speaker(
    segments: list[Segment], heard: list[tuple[float, float, str]]
) -> None:
    found = turns([(start, start + length, who) for start, length, who in heard])
    parts = list(assign_speakers(segments, found))

    def plain(given: Sequence[Segment]) -> list[tuple[str, float, float]]:
        return [(word.text, word.start, word.end) for one in given for word in one.words]

    assert plain(parts) == plain(segments)
    known = {turn.speaker for turn in found}
    for part in parts:
        assert {word.speaker for word in part.words} == {part.speaker}
        assert part.speaker is None or part.speaker in known
        assert (part.start, part.end) == (part.words[0].start, part.words[-1].end)
    for segment in segments:
        mine = [part.speaker for part in parts if part.id == segment.id]
        assert None not in mine or mine == [None], "who is known for a part is known for all"
        assert all(one != other for one, other in pairwise(mine))
