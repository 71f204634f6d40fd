"""Who spoke when, in a transcript of which people said who speaks in some segments."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from tests.support.calls import calls_of
from tests.support.transcripts import segment, transcript

from dalston_cli.review.corrected import revised_of, with_corrections
from dalston_cli.review.edits import Edit, RenameEdit, SpeakerEdit
from dalston_cli.review.revised import Revised
from dalston_sdk.wire import Segment, SpeakerTurn, Transcript

LAST_S = 12
SPANS = st.tuples(st.integers(0, LAST_S - 1), st.integers(1, 5)).map(
    lambda pair: (pair[0], min(LAST_S, sum(pair)))
)
SPOKEN = st.lists(st.tuples(SPANS, st.sampled_from("AB")), min_size=1, max_size=8)


def of(turns: list[tuple[tuple[int, int], str]], said: list[Segment]) -> Transcript:
    made = tuple(
        SpeakerTurn(start=start, end=end, speaker=speaker) for (start, end), speaker in turns
    )
    return msgspec.structs.replace(transcript(said), turns=made)


def given_to(machine: Transcript, speakers: dict[int, str]) -> tuple[Transcript, Revised]:
    """Give segments to speakers, and call A by another name."""
    revised = revised_of(machine)
    edits: list[Edit] = [SpeakerEdit(f"s{number}", name) for number, name in speakers.items()]
    for revision, one in enumerate([*edits, RenameEdit("A", "Ada")], start=1):
        if (step := revised.step(one, revision)) is not None:
            revised.do(one, step)
    return with_corrections(machine, revised), revised


def speaking(turns: tuple[SpeakerTurn, ...], at_s: float) -> set[str]:
    return {turn.speaker for turn in turns if turn.start <= at_s < turn.end}


@given(SPOKEN, st.lists(SPANS, min_size=1, max_size=6), st.data())
def test_what_a_person_said_hides_what_was_found(
    turns: list[tuple[tuple[int, int], str]], spans: list[tuple[int, int]], data: st.DataObject
) -> None:
    said = [
        segment("word", start, end, number=number, speaker="A")
        for number, (start, end) in enumerate(sorted(spans))
    ]
    placed = data.draw(st.dictionaries(st.integers(0, len(said) - 1), st.sampled_from("CD")))
    changed, revised = given_to(of(turns, said), placed)

    for at_s in range(LAST_S):
        last = [
            piece.segment.speaker
            for piece in revised.pieces
            if piece.placed and piece.segment.start <= at_s < piece.segment.end
        ][-1:]
        found = {speaker for (start, end), speaker in turns if start <= at_s < end}
        expected = set(last) or {"Ada" if speaker == "A" else speaker for speaker in found}
        assert speaking(changed.turns, at_s) == expected
    assert [each.start for each in changed.turns] == sorted(each.start for each in changed.turns)
    assert all(each.start < each.end for each in changed.turns)


def test_many_turns_take_a_time_each() -> None:
    def work(number: int) -> int:
        said = [segment("word", at, at + 1.0, number=at, speaker="A") for at in range(number)]
        machine = of([((at, at + 1), "A") for at in range(number)], said)
        revised = revised_of(machine)
        for at in range(0, number, 2):
            one = SpeakerEdit(f"s{at}", "B")
            step = revised.step(one, at + 1)
            assert step is not None
            revised.do(one, step)
        return calls_of(lambda: with_corrections(machine, revised))

    assert work(400) < 6 * work(100)
