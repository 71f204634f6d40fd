"""Corrections on another transcript of the same recording: by words, and nothing is lost."""

import msgspec
import pytest
from tests.support.transcripts import segment, transcript

from dalston_cli.review.corrected import machine_digest, revised_of
from dalston_cli.review.edits import (
    CheckEdit,
    Edit,
    MergeEdit,
    RenameEdit,
    SpeakerEdit,
    SplitEdit,
    TextEdit,
    UndoEdit,
)
from dalston_cli.review.log import Corrections, Entry, Subject
from dalston_cli.review.replay import corrected
from dalston_sdk.wire import Transcript

Spoken = tuple[str, float, float, str | None]

FIRST: tuple[Spoken, ...] = (
    ("we will meat at the station", 0.0, 6.0, "SPEAKER_00"),
    ("bring an umbrella", 6.0, 9.0, "SPEAKER_01"),
    ("it is going to rain", 10.0, 14.0, "SPEAKER_00"),
)


def said(*spoken: Spoken) -> Transcript:
    return transcript(
        [
            segment(text, start, end, number=at, speaker=speaker)
            for at, (text, start, end, speaker) in enumerate(spoken)
        ]
    )


def corrections(machine: Transcript, *edits: Edit) -> Corrections:
    """A file of these edits, as the server writes it."""
    revised, entries = revised_of(machine), []
    seen: set[str] = set()
    for number, one in enumerate(edits, start=1):
        step = revised.step(one, number)
        assert step is not None
        before = [piece for splice in step.splices for piece in splice.before]
        roots = {} if isinstance(one, RenameEdit | UndoEdit) else {each.root for each in before}
        was = {root: machine.segments[int(root[1:])] for root in roots if root not in seen}
        spans = [(each.segment.start, each.segment.end) for each in before]
        seen |= was.keys()
        entries.append(
            Entry(
                revision=number,
                at="2026-01-01T00:00:00Z",
                edit=one,
                was=was,
                spans=tuple(spans) if isinstance(one, RenameEdit) else (),
            )
        )
        revised.do(one, step)
    subject = Subject(version=1, transcript=machine_digest(machine), recording="talk.wav")
    return Corrections(subject=subject, entries=tuple(entries))


def carried(edits: tuple[Edit, ...], *now: Spoken) -> Transcript:
    return corrected(said(*now), corrections(said(*FIRST), *edits))


def texts(changed: Transcript) -> list[str]:
    return [each.text for each in changed.segments]


MEET = TextEdit("s0", "we will meet at the station")


@pytest.mark.parametrize(
    ("edits", "now", "expected"),
    [
        pytest.param(
            (MEET,),
            (("We will meat at a station.", 0.1, 6.1, None), *FIRST[1:]),
            "We will meet at a station.",
            id="another-word-elsewhere",
        ),
        pytest.param(
            (MEET,),
            (
                ("so we will meat at the station bring", 0.0, 6.5, None),
                ("an umbrella", 6.5, 9, None),
            ),
            "so we will meet at the station bring",
            id="other-bounds",
        ),
        pytest.param(
            (MEET,),
            (("we will meed at the station", 0, 6, None),),
            "we will meet at the station",
            id="a-third-spelling",
        ),
        pytest.param(
            (MEET,),
            (("we will meet at the station", 0, 6, None),),
            "we will meet at the station",
            id="the-machine-has-it-now",
        ),
        pytest.param(
            (TextEdit("s0", "we will not meat at the station"),),
            (("we will meat by the station", 0, 6, None),),
            "we will not meat by the station",
            id="a-word-more",
        ),
        pytest.param(
            (TextEdit("s0", "will meat at the station"),),
            (("we will meat at the train station", 0, 6, None),),
            "will meat at the train station",
            id="a-word-less",
        ),
        pytest.param(
            (TextEdit("s0", "we will meat at the harbour"),),
            (("we will meat at the station tonight", 0, 6, None),),
            "we will meat at the harbour tonight",
            id="the-last-word",
        ),
    ],
)
def test_words_go_where_the_words_around_them_are(
    edits: tuple[Edit, ...], now: tuple[Spoken, ...], expected: str
) -> None:
    changed = carried(edits, *now)
    assert texts(changed)[0] == expected
    assert not changed.warnings
    if expected != now[0][0]:
        assert changed.segments[0].human


def test_a_word_that_is_said_often_is_corrected_where_it_was_said() -> None:
    said_often = " ".join(["meat and then"] * 8)
    machine = said((said_often, 0.0, 24.0, None), ("we meat", 24.0, 26.0, None))
    found = corrections(machine, TextEdit("s1", "we meet"))
    now = said((f"well {said_often} we meat", 0.1, 26.1, None))
    assert texts(corrected(now, found)) == [f"well {said_often} we meet"]


def test_words_without_a_place_are_listed() -> None:
    changed = carried((MEET,), ("entirely different things were heard", 0, 6, None))
    assert texts(changed) == ["entirely different things were heard"]
    [notice] = changed.warnings
    assert notice.code == "correction_left_out"
    assert (
        "at 00:00:01 a correction is left out: words of a person ('we will meet at the station')"
        in notice.message
    )


def test_words_of_silence_now_are_listed() -> None:
    changed = carried((MEET,), ("it is going to rain", 10.0, 14.0, None))
    assert texts(changed) == ["it is going to rain"]
    assert len(changed.warnings) == 1


def test_what_was_taken_back_is_not_carried() -> None:
    changed = carried((MEET, UndoEdit()), ("we will meat at a station", 0, 6, None))
    assert texts(changed) == ["we will meat at a station"]
    assert not changed.warnings


def test_bounds_are_carried() -> None:
    edits = (SplitEdit("s2", 2), MergeEdit("s0"))
    changed = carried(
        edits,
        ("we will meat at a station", 0.0, 6.0, None),
        ("bring an umbrella", 6.0, 9.0, None),
        ("it is about to rain", 10.0, 14.0, None),
    )
    assert texts(changed) == [
        "we will meat at a station bring an umbrella",
        "it is",
        "about to rain",
    ]


def test_bounds_that_the_machine_has_now_stay() -> None:
    changed = carried(
        (SplitEdit("s2", 2),), ("it is", 10.0, 11.0, None), ("going to rain", 11.0, 14.0, None)
    )
    assert texts(changed) == ["it is", "going to rain"]
    assert not changed.warnings


def test_speakers_are_carried_by_when_they_speak() -> None:
    edits = (RenameEdit("SPEAKER_00", "Ada"), SpeakerEdit("s1", "Grace"))
    changed = carried(
        edits,
        ("we will meat at a station", 0.0, 6.0, "SPEAKER_01"),
        ("bring an umbrella", 6.0, 9.0, "SPEAKER_02"),
        ("it is going to rain", 10.0, 14.0, "SPEAKER_01"),
    )
    assert [each.speaker for each in changed.segments] == ["Ada", "Grace", "Ada"]
    assert changed.speaker_names["SPEAKER_01"] == "Ada"


def test_a_name_of_a_speaker_who_is_gone_is_listed() -> None:
    changed = carried((RenameEdit("SPEAKER_00", "Ada"),), ("a voice", 20.0, 22.0, "SPEAKER_00"))
    assert changed.segments[0].speaker == "SPEAKER_00"
    assert "the name Ada for SPEAKER_00" in changed.warnings[0].message


@pytest.mark.parametrize(
    ("now", "is_checked"),
    [("bring an umbrella", True), ("bring no umbrella", False)],
)
def test_a_mark_stays_with_the_text_that_was_checked(now: str, *, is_checked: bool) -> None:
    changed = carried((CheckEdit("s1", checked=True),), (now, 6.1, 9.1, None))
    assert changed.segments[0].checked is is_checked
    assert len(changed.warnings) == (not is_checked)


def test_a_mark_and_a_word_together() -> None:
    edits = (MEET, CheckEdit("s0", checked=True))
    changed = carried(edits, ("we will meat at the station", 0.2, 6.2, None))
    assert (texts(changed), changed.segments[0].checked) == (["we will meet at the station"], True)


def test_what_was_left_before_is_still_listed() -> None:
    found = corrections(said(*FIRST), MEET)
    once = corrected(said(("something else", 0, 6, None)), found)
    assert len(once.warnings) == 1
    assert msgspec.structs.replace(once, warnings=()) == msgspec.structs.replace(
        said(("something else", 0, 6, None)), key=None
    )
