"""Long recordings in stretches, and speakers that are found again from one to the next."""

import importlib
import json
import sys
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.asked_engine import EngineUnderTest

FOLDER = Path(__file__).resolve().parents[1]

LINKING = """
import json, sys
import numpy as np
from heard import Heard, Spoken
from linking import Linker
from stretches import Stretch
answers = []
for case in json.load(sys.stdin):
    linker = Linker(0.8, case.get("most"))
    for stretch, turns, voices in case["stretches"]:
        spoken = tuple(Spoken(start=s, end=e, speaker=w) for s, e, w in turns)
        start, end, kept_from, kept_to = stretch
        linker.add(
            Stretch(start=start, end=end, kept_from=kept_from, kept_to=kept_to),
            Heard(turns=spoken, exclusive=spoken,
                  voices={name: np.array(vector, float) for name, vector in voices.items()}),
        )
    found = linker.found(case["stretches"][-1][0][1])
    answers.append({
        "turns": [(turn.start, turn.end, turn.speaker) for turn in found.turns],
        "exclusive": [(turn.start, turn.end, turn.speaker) for turn in found.exclusive_turns],
        "embeddings": found.embeddings,
    })
print(json.dumps(answers))
"""

FIRST, SECOND = (0, 60, 0, 50), (40, 100, 50, 100)
ANNA, BEN, CARL = [1, 0, 0], [0, 1, 0], [0, 0, 1]


@pytest.fixture(scope="module")
def stretches() -> ModuleType:
    sys.path.insert(0, str(FOLDER))
    try:
        return importlib.import_module("stretches")
    finally:
        sys.path.remove(str(FOLDER))


@settings(deadline=None)  # a busy machine is no mistake of the stretches
@given(
    duration_s=st.floats(min_value=0.01, max_value=9_000),
    most_s=st.floats(min_value=30, max_value=4000),
)
def test_stretches_cover_a_recording_once(
    stretches: ModuleType, duration_s: float, most_s: float
) -> None:
    made = stretches.stretches_of(duration_s, most_s)
    assert (made[0].kept_from, made[-1].kept_to) == (0, duration_s)
    assert made[0].start == 0
    assert made[-1].end == pytest.approx(duration_s)
    for stretch in made:
        assert stretch.duration_s <= most_s + 1e-6 or len(made) == 1
        assert stretch.start <= stretch.kept_from < stretch.kept_to <= stretch.end + 1e-6
    for before, after in pairwise(made):
        assert before.kept_to == after.kept_from
        overlap = before.end - after.start
        assert overlap == pytest.approx(min(60, most_s / 4))
        assert before.kept_to - after.start == pytest.approx(overlap / 2)


def test_what_fits_is_one_stretch_and_nothing_is_none(stretches: ModuleType) -> None:
    assert len(stretches.stretches_of(1800, 1800)) == 1
    assert len(stretches.stretches_of(1801, 1800)) == 2
    assert stretches.stretches_of(0, 1800) == []


@pytest.fixture(scope="module")
def linked(under_test: EngineUnderTest) -> list[Any]:
    cases = [
        # The overlap tells, though names are swapped and voices say nothing.
        {
            "stretches": [
                (FIRST, [(0, 45, "a"), (45, 55, "b")], {}),
                (SECOND, [(0, 5, "b"), (5, 16, "a"), (20, 30, "b")], {}),
            ]
        },
        # Nobody speaks in the overlap: voices tell; the third is new.
        {
            "stretches": [
                (FIRST, [(0, 10, "x"), (10, 20, "y")], {"x": ANNA, "y": BEN}),
                (
                    SECOND,
                    [(25, 30, "p"), (30, 40, "q"), (40, 50, "r")],
                    {"p": [0.1, 1, 0], "q": CARL, "r": [1, 0, 0.1]},
                ),
            ]
        },
        # The overlap knows better than voices that seem alike.
        {
            "stretches": [
                (FIRST, [(41, 47, "x"), (50, 58, "y")], {"x": ANNA, "y": BEN}),
                (SECOND, [(1, 7, "q"), (10, 18, "p")], {"p": ANNA, "q": BEN}),
            ]
        },
        # No more than two: the third voice goes to the one that it is most like.
        {
            "most": 2,
            "stretches": [
                (FIRST, [(0, 10, "x"), (10, 20, "y")], {"x": ANNA, "y": BEN}),
                (SECOND, [(25, 30, "p")], {"p": [0.2, 0.6, 0.8]}),
            ],
        },
        # A turn across the seam is one turn; of a speaker without a voice there is no embedding.
        {"stretches": [(FIRST, [(30, 58, "x")], {}), (SECOND, [(0, 30, "z")], {"z": ANNA})]},
        # Somebody who is heard only in the part that is left to the other stretch says nothing.
        {"stretches": [(FIRST, [(0, 5, "x"), (55, 56, "y")], {"y": BEN}), (SECOND, [], {})]},
    ]
    answers: list[Any] = json.loads(under_test.run(LINKING, text=json.dumps(cases)))
    return answers


def test_who_speaks_in_the_overlap_is_the_same(linked: list[Any]) -> None:
    assert linked[0]["turns"] == [
        [0, 45, "SPEAKER_00"],
        [45, 56, "SPEAKER_01"],
        [60, 70, "SPEAKER_00"],
    ]
    assert linked[0]["exclusive"] == linked[0]["turns"]


def test_voices_tell_where_the_overlap_does_not(linked: list[Any]) -> None:
    assert [speaker for *_, speaker in linked[1]["turns"]] == [
        *("SPEAKER_00", "SPEAKER_01"),
        *("SPEAKER_01", "SPEAKER_02", "SPEAKER_00"),
    ]
    # Each stretch counts by its seconds: ten and five, ten and ten.
    assert linked[1]["embeddings"]["SPEAKER_01"] == pytest.approx([0.1 / 3, 1, 0])
    assert linked[1]["embeddings"]["SPEAKER_00"] == pytest.approx([1, 0, 0.05])


def test_the_overlap_is_believed_before_voices(linked: list[Any]) -> None:
    assert linked[2]["turns"] == [[41, 47, "SPEAKER_00"], [50, 58, "SPEAKER_01"]]


def test_there_are_never_more_speakers_than_there_may_be(linked: list[Any]) -> None:
    assert [speaker for *_, speaker in linked[3]["turns"]] == [
        *("SPEAKER_00", "SPEAKER_01", "SPEAKER_01"),
    ]


def test_a_turn_across_the_seam_is_one(linked: list[Any]) -> None:
    assert linked[4]["turns"] == [[30, 70, "SPEAKER_00"]]
    assert linked[4]["embeddings"] == {"SPEAKER_00": [1, 0, 0]}


def test_who_is_only_heard_beyond_the_seam_is_not_named(linked: list[Any]) -> None:
    assert linked[5] == {
        "turns": [[0, 5, "SPEAKER_00"]],
        "exclusive": [[0, 5, "SPEAKER_00"]],
        "embeddings": {},
    }
