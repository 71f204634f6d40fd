"""Edits of a transcript: each does one thing, and all can be taken back."""

from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.transcripts import meeting, monologue, segment, transcript

from dalston_cli.review.corrected import machine_digest, revised_of, with_corrections
from dalston_cli.review.edits import (
    CheckEdit,
    Edit,
    EditRefusedError,
    MergeEdit,
    RedoEdit,
    RenameEdit,
    SpeakerEdit,
    SplitEdit,
    TextEdit,
    UndoEdit,
)
from dalston_cli.review.log import Corrections, Entry, Subject
from dalston_cli.review.replay import corrected
from dalston_cli.review.revised import Revised
from dalston_sdk.wire import Origin, SpeakerTurn, Transcript

TWO = msgspec.structs.replace(
    transcript(
        [
            segment("we met at noon", 0.0, 2.0, speaker="SPEAKER_00"),
            segment("and left at one", 2.0, 4.0, number=1, speaker="SPEAKER_01"),
            segment("yes", 5.0, 6.0, number=2, speaker="SPEAKER_00"),
        ]
    ),
    turns=(
        SpeakerTurn(start=0.0, end=2.0, speaker="SPEAKER_00"),
        SpeakerTurn(start=2.0, end=4.0, speaker="SPEAKER_01"),
        SpeakerTurn(start=5.0, end=6.0, speaker="SPEAKER_00"),
    ),
)


def edit(machine: Transcript, *edits: Edit) -> tuple[Transcript, Revised]:
    revised = revised_of(machine)
    for number, one in enumerate(edits, start=1):
        step = revised.step(one, number)
        assert step is not None
        revised.do(one, step)
    return with_corrections(machine, revised), revised


def names(revised: Revised) -> list[str]:
    return [piece.name for piece in revised.pieces]


def test_another_text() -> None:
    changed, _ = edit(TWO, TextEdit("s1", "and left at ten"))
    assert [each.text for each in changed.segments] == [
        "we met at noon",
        "and left at ten",
        "yes",
    ]
    assert changed.text == "we met at noon and left at ten yes"
    assert changed.segments[0] is not None
    assert [word.human for word in changed.segments[1].words] == [False, False, False, True]
    assert [each.human for each in changed.segments] == [False, True, False]
    assert changed.provenance["text"][-1] == Origin(stage="human")
    assert (changed.key, changed.digest) == (None, None)


def test_text_that_is_taken_out_leaves_no_segment() -> None:
    changed, revised = edit(TWO, TextEdit("s2", " "))
    assert [(each.id, each.text) for each in changed.segments] == [
        (0, "we met at noon"),
        (1, "and left at one"),
    ]
    assert names(revised) == ["s0", "s1", "s2"]


def test_split_and_merge() -> None:
    changed, revised = edit(TWO, SplitEdit("s0", 2), SplitEdit("s0", 1), MergeEdit("s0+1"))
    assert names(revised) == ["s0", "s0+2", "s0+1", "s2"]
    assert [each.text for each in changed.segments] == [
        "we",
        "met",
        "at noon and left at one",
        "yes",
    ]
    first, second = TWO.segments[0].words[:2]
    assert (changed.segments[0].start, changed.segments[0].end) == (0.0, first.end)
    assert changed.segments[1].start == second.start
    assert (changed.segments[2].end, changed.segments[2].speaker) == (4.0, "SPEAKER_00")


def test_another_speaker_takes_the_turn() -> None:
    changed, _ = edit(TWO, SpeakerEdit("s1", "Ada"))
    assert changed.segments[1].speaker == "Ada"
    assert [(turn.start, turn.speaker) for turn in changed.turns] == [
        (0.0, "SPEAKER_00"),
        (2.0, "Ada"),
        (5.0, "SPEAKER_00"),
    ]
    assert changed.provenance["speaker"] == (Origin(stage="human"),)


def test_a_speaker_is_renamed_everywhere_and_two_become_one() -> None:
    changed, _ = edit(TWO, RenameEdit("SPEAKER_00", "Ada"), RenameEdit("SPEAKER_01", "Ada"))
    assert {each.speaker for each in changed.segments} == {"Ada"}
    assert {turn.speaker for turn in changed.turns} == {"Ada"}
    assert changed.speaker_names == {"SPEAKER_00": "Ada", "SPEAKER_01": "Ada"}


def test_a_mark_changes_no_text() -> None:
    changed, _ = edit(TWO, CheckEdit("s0", checked=True))
    assert changed.segments[0] == msgspec.structs.replace(TWO.segments[0], checked=True)
    assert changed.text == TWO.text
    assert "text" not in changed.provenance


def test_taking_back_and_doing_again() -> None:
    words = TextEdit("s2", "no")
    changed, _ = edit(TWO, CheckEdit("s0", checked=True), words, UndoEdit(), UndoEdit(), RedoEdit())
    assert changed.segments[0].checked
    assert changed.segments[2].text == "yes"


@pytest.mark.parametrize(
    ("refused", "message"),
    [
        (TextEdit("s9", "x"), "there is no segment s9 any more"),
        (SplitEdit("s2", 1), "segment s2 has 1 words and cannot be split before number 1"),
        (SplitEdit("s0", 0), "cannot be split before number 0"),
        (MergeEdit("s2"), "there is no segment after s2"),
        (SpeakerEdit("s2", " \n"), "a speaker's name has to have a letter"),
        (UndoEdit(), "there is nothing to undo"),
        (RedoEdit(), "there is nothing to redo"),
    ],
)
def test_what_does_not_fit_is_refused(refused: Edit, message: str) -> None:
    with pytest.raises(EditRefusedError, match=message):
        revised_of(TWO).step(refused, 1)


@pytest.mark.parametrize(
    "nothing",
    [
        TextEdit("s2", "yes "),
        SpeakerEdit("s2", "SPEAKER_00"),
        CheckEdit("s2", checked=False),
        RenameEdit("Ada", "Ada"),
    ],
)
def test_an_edit_that_changes_nothing_is_none(nothing: Edit) -> None:
    assert revised_of(TWO).step(nothing, 1) is None


TEXTS = st.text("abc 雨", max_size=12)
SPEAKERS = st.sampled_from(["SPEAKER_00", "SPEAKER_01", "Ada", "Grace"])


@st.composite
def edited(draw: st.DrawFn) -> tuple[Transcript, Revised, list[tuple[int, Edit]]]:
    """A transcript, its segments after edits that fit, and these with their numbers."""
    machine = draw(st.sampled_from([TWO, monologue(), meeting()]))
    revised, done = revised_of(machine), []
    for number in range(1, draw(st.integers(1, 15)) + 1):
        name = draw(st.sampled_from(revised.pieces)).name
        one: Edit = draw(
            st.one_of(
                st.builds(TextEdit, st.just(name), TEXTS),
                st.builds(SplitEdit, st.just(name), st.integers(0, 5)),
                st.just(MergeEdit(name)),
                st.builds(SpeakerEdit, st.just(name), SPEAKERS),
                st.builds(RenameEdit, SPEAKERS, SPEAKERS),
                st.builds(CheckEdit, st.just(name), st.booleans()),
                st.sampled_from([UndoEdit(), RedoEdit()]),
            )
        )
        try:
            step = revised.step(one, number)
        except EditRefusedError:
            continue
        if step is not None:
            revised.do(one, step)
            done.append((number, one))
    return machine, revised, done


def in_order(name: str) -> list[int]:
    first, *more = name[1:].split("+")
    return [int(first), *(-int(each) for each in more)]


@given(edited())
@settings(max_examples=60, deadline=None)
def test_any_edits_keep_times_sound_and_can_all_be_taken_back(
    made: tuple[Transcript, Revised, list[tuple[int, Edit]]],
) -> None:
    machine, revised, done = made
    changed = with_corrections(machine, revised)
    assert [each.id for each in changed.segments] == list(range(len(changed.segments)))
    for one in changed.segments:
        last = one.start
        for word in one.words:
            assert last <= word.start <= word.end <= machine.recording.duration_s
            last = word.start
        if one.words:
            assert "".join(word.text for word in one.words).strip() == one.text
    assert names(revised) == sorted(names(revised), key=in_order)

    entries = tuple(Entry(revision=at, at="2026-01-01T00:00:00Z", edit=one) for at, one in done)
    subject = Subject(version=1, transcript=machine_digest(machine), recording="talk.wav")
    encoded = msgspec.json.encode(Corrections(subject=subject, entries=entries))
    again = msgspec.json.decode(encoded, type=Corrections)
    assert corrected(machine, again) == changed

    while revised.steps:
        step = revised.step(UndoEdit(), 99)
        assert step is not None
        revised.do(UndoEdit(), step)
    assert with_corrections(machine, revised) is machine


def test_the_digest_is_of_what_is_corrected() -> None:
    others: list[Callable[[Transcript], Transcript]] = [
        lambda each: msgspec.structs.replace(each, generator="dalston 9"),
        lambda each: msgspec.structs.replace(each, title="A title"),
    ]
    for other in others:
        assert machine_digest(other(TWO)) == machine_digest(TWO)
    fewer = msgspec.structs.replace(TWO, segments=TWO.segments[:2])
    assert machine_digest(fewer) != machine_digest(TWO)
