"""What the page shows of a transcript."""

from typing import Any

import msgspec
import pytest
from tests.support.transcripts import dialogue, meeting, monologue, segment, transcript

from dalston_cli.formats.page.document import (
    overlaps,
    page_document,
    page_segment,
    page_speakers,
)
from dalston_sdk.wire import Emotion, SpeakerTurn


def turn(start: float, end: float, speaker: str) -> SpeakerTurn:
    return SpeakerTurn(start=start, end=end, speaker=speaker)


@pytest.mark.parametrize(
    ("turns", "expected"),
    [
        pytest.param([], [], id="none"),
        pytest.param([turn(0, 2, "A"), turn(2, 3, "B")], [], id="one-after-the-other"),
        pytest.param([turn(0, 2, "A"), turn(1, 3, "B")], [[1, 2]], id="two"),
        pytest.param([turn(0, 2, "A"), turn(1, 3, "A")], [], id="the-same-speaker"),
        pytest.param(
            [turn(0, 9, "A"), turn(1, 3, "B"), turn(2, 4, "C"), turn(8, 9, "B")],
            [[1, 4], [8, 9]],
            id="three",
        ),
        pytest.param([turn(1, 3, "B"), turn(0, 2, "A")], [[1, 2]], id="in-any-order"),
    ],
)
def test_overlaps(turns: list[SpeakerTurn], expected: list[list[float]]) -> None:
    assert list(overlaps(turns)) == expected


def test_a_document_has_all_that_the_page_shows() -> None:
    found = page_document(meeting(), audio="./meeting.wav", revision=7, editable=True)
    source = meeting()
    assert [found[key] for key in ("version", "revision", "editable", "times")] == [
        1,
        7,
        True,
        True,
    ]
    assert found["audio"] == "./meeting.wav"
    assert found["title"] == source.title
    assert found["duration"] == source.recording.duration_s
    assert [each["id"] for each in found["segments"]] == [
        f"s{index}" for index in range(len(source.segments))
    ]
    assert [each["title"] for each in found["chapters"]] == [
        chapter.title for chapter in source.chapters
    ]
    assert [each["text"] for each in found["action_items"]] == [
        item.text for item in source.action_items
    ]
    assert found["summary"] == source.summary


def test_words_keep_the_space_before_them_and_their_probabilities() -> None:
    [first, *_] = page_document(monologue())["segments"]
    words = first["words"]
    assert "".join(word["text"] for word in words).strip() == first["text"]
    assert words[0] == {
        "start": 0.5,
        "end": pytest.approx(words[1]["start"]),
        "text": " It",
        "probability": 0.875,
        "human": False,
    }


def test_speakers_are_counted_in_the_order_in_which_they_speak() -> None:
    found = dialogue()
    assert page_speakers(found.segments[::-1]) == [
        {"id": "SPEAKER_01", "name": "SPEAKER_01", "color_index": 0},
        {"id": "SPEAKER_00", "name": "SPEAKER_00", "color_index": 1},
    ]


@pytest.mark.parametrize(
    ("human", "expected"),
    [(True, [True, True]), (False, [False, False]), ([False, True], [False, True])],
)
def test_a_segment_says_which_words_a_person_wrote(human: Any, expected: list[bool]) -> None:
    found = page_segment(segment("two words", 0.0, 1.0), "s4+7", checked=True, human=human)
    assert [word["human"] for word in found["words"]] == expected
    assert (found["id"], found["checked"], found["human"]) == ("s4+7", True, any(expected))


@pytest.mark.parametrize(("label", "shown"), [("happy", "happy"), ("unknown", None)])
def test_emotions_that_are_unclear_are_not_shown(label: str, shown: str | None) -> None:
    felt = msgspec.structs.replace(segment("a", 0, 1), emotion=Emotion(label=label, score=0.9))
    assert page_document(transcript([felt]))["segments"][0]["emotion"] == shown


def test_control_characters_of_a_model_are_left_out() -> None:
    found = page_document(transcript([segment("a\x1b[31mb\x00", 0.0, 1.0)]))["segments"][0]
    assert found["text"] == "a[31mb"
    assert [word["text"] for word in found["words"]] == [" a[31mb"]
