"""Long recordings in chunks, and speakers that are linked from one chunk to the next."""

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.engine_under_test import EngineUnderTest

from dalston_sdk.recording_chunks import split_recording

LINKING = """
import json, sys
import numpy as np
from dalston_sdk.recording_chunks import Chunk
from dalston_sdk.speaker_linking import ChunkTurns, SpeakerLinker, Turn
answers = []
for case in json.load(sys.stdin):
    linker = SpeakerLinker(0.8, case.get("most"))
    for chunk, turns, embeddings in case["chunks"]:
        turns = tuple(Turn(start=s, end=e, speaker=w) for s, e, w in turns)
        start, end, kept_from, kept_to = chunk
        linker.add(
            Chunk(start=start, end=end, kept_from=kept_from, kept_to=kept_to),
            ChunkTurns(
                turns=turns,
                exclusive_turns=turns,
                embeddings={name: np.array(vec, float) for name, vec in embeddings.items()},
            ),
        )
    found = linker.result(case["chunks"][-1][0][1])
    answers.append({
        "turns": [(turn.start, turn.end, turn.speaker) for turn in found.turns],
        "exclusive": [(turn.start, turn.end, turn.speaker) for turn in found.exclusive_turns],
        "embeddings": found.embeddings,
    })
print(json.dumps(answers))
"""

FIRST, SECOND = (0, 60, 0, 50), (40, 100, 50, 100)
ANNA, BEN, CARL = [1, 0, 0], [0, 1, 0], [0, 0, 1]


@settings(deadline=None)  # a busy machine is not an error
@given(
    duration_s=st.floats(min_value=0.01, max_value=9_000),
    max_chunk_s=st.floats(min_value=30, max_value=4000),
)
def test_chunks_cover_a_recording_once(duration_s: float, max_chunk_s: float) -> None:
    made = split_recording(duration_s, max_chunk_s)
    assert (made[0].kept_from, made[-1].kept_to) == (0, duration_s)
    assert made[0].start == 0
    assert made[-1].end == pytest.approx(duration_s)
    for chunk in made:
        assert chunk.duration_s <= max_chunk_s + 1e-6 or len(made) == 1
        assert chunk.start <= chunk.kept_from < chunk.kept_to <= chunk.end + 1e-6
    for before, after in pairwise(made):
        assert before.kept_to == after.kept_from
        overlap = before.end - after.start
        assert overlap == pytest.approx(min(60, max_chunk_s / 4))
        assert before.kept_to - after.start == pytest.approx(overlap / 2)


def test_a_short_recording_is_one_chunk_and_an_empty_one_none() -> None:
    assert len(split_recording(1800, 1800)) == 1
    assert len(split_recording(1801, 1800)) == 2
    assert split_recording(0, 1800) == []


@pytest.fixture(scope="module")
def linked(under_test: EngineUnderTest) -> list[Any]:
    cases = [
        # Turns in the overlap link, though labels are swapped and there are no embeddings.
        {
            "chunks": [
                (FIRST, [(0, 45, "a"), (45, 55, "b")], {}),
                (SECOND, [(0, 5, "b"), (5, 16, "a"), (20, 30, "b")], {}),
            ]
        },
        # No turns in the overlap: embeddings link; the third speaker is new.
        {
            "chunks": [
                (FIRST, [(0, 10, "x"), (10, 20, "y")], {"x": ANNA, "y": BEN}),
                (
                    SECOND,
                    [(25, 30, "p"), (30, 40, "q"), (40, 50, "r")],
                    {"p": [0.1, 1, 0], "q": CARL, "r": [1, 0, 0.1]},
                ),
            ]
        },
        # Turns in the overlap count more than similar embeddings.
        {
            "chunks": [
                (FIRST, [(41, 47, "x"), (50, 58, "y")], {"x": ANNA, "y": BEN}),
                (SECOND, [(1, 7, "q"), (10, 18, "p")], {"p": ANNA, "q": BEN}),
            ]
        },
        # No more than two speakers: the third is linked to the most similar one.
        {
            "most": 2,
            "chunks": [
                (FIRST, [(0, 10, "x"), (10, 20, "y")], {"x": ANNA, "y": BEN}),
                (SECOND, [(25, 30, "p")], {"p": [0.2, 0.6, 0.8]}),
            ],
        },
        # A turn across the edge is one turn; a speaker may have no embedding.
        {"chunks": [(FIRST, [(30, 58, "x")], {}), (SECOND, [(0, 30, "z")], {"z": ANNA})]},
        # A speaker only in the part that is kept from the other chunk has no turn.
        {"chunks": [(FIRST, [(0, 5, "x"), (55, 56, "y")], {"y": BEN}), (SECOND, [], {})]},
    ]
    answers: list[Any] = json.loads(under_test.run(LINKING, text=json.dumps(cases)))
    return answers


def test_turns_in_the_overlap_link_speakers(linked: list[Any]) -> None:
    assert linked[0]["turns"] == [
        [0, 45, "SPEAKER_00"],
        [45, 56, "SPEAKER_01"],
        [60, 70, "SPEAKER_00"],
    ]
    assert linked[0]["exclusive"] == linked[0]["turns"]


def test_embeddings_link_speakers_without_turns_in_the_overlap(linked: list[Any]) -> None:
    assert [speaker for *_, speaker in linked[1]["turns"]] == [
        *("SPEAKER_00", "SPEAKER_01"),
        *("SPEAKER_01", "SPEAKER_02", "SPEAKER_00"),
    ]
    # Chunks are weighted by seconds: ten and five, ten and ten.
    assert linked[1]["embeddings"]["SPEAKER_01"] == pytest.approx([0.1 / 3, 1, 0])
    assert linked[1]["embeddings"]["SPEAKER_00"] == pytest.approx([1, 0, 0.05])


def test_turns_in_the_overlap_count_more_than_embeddings(linked: list[Any]) -> None:
    assert linked[2]["turns"] == [[41, 47, "SPEAKER_00"], [50, 58, "SPEAKER_01"]]


def test_there_are_never_more_speakers_than_there_may_be(linked: list[Any]) -> None:
    assert [speaker for *_, speaker in linked[3]["turns"]] == [
        *("SPEAKER_00", "SPEAKER_01", "SPEAKER_01"),
    ]


def test_a_turn_across_the_edge_is_one_turn(linked: list[Any]) -> None:
    assert linked[4]["turns"] == [[30, 70, "SPEAKER_00"]]
    assert linked[4]["embeddings"] == {"SPEAKER_00": [1, 0, 0]}


def test_a_speaker_outside_the_kept_part_has_no_turn(linked: list[Any]) -> None:
    assert linked[5] == {
        "turns": [[0, 5, "SPEAKER_00"]],
        "exclusive": [[0, 5, "SPEAKER_00"]],
        "embeddings": {},
    }
