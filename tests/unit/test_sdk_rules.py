"""The rules about results: each must notice the one thing that it is about."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dalston_sdk.testing import check_result, check_segments, check_spans
from dalston_sdk.wire import (
    ActionItem,
    AlignRequest,
    AlignResult,
    AudioEvent,
    Chapter,
    DiarizeRequest,
    DiarizeResult,
    Emotion,
    EmotionRequest,
    EmotionResult,
    EventsRequest,
    EventsResult,
    ModelRef,
    RefineRequest,
    RefineResult,
    Request,
    Result,
    Segment,
    SpeakerTurn,
    TranscribeRequest,
    TranscribeResult,
    Word,
)

MODEL = ModelRef(runtime_id="m")
TEXT = (Segment(id=0, start=0.0, end=1.0, text="hello"),)


def word(text: str, start: float, end: float, confidence: float | None = None) -> Word:
    return Word(text=text, start=start, end=end, confidence=confidence)


def segment(*words: Word, text: str = "a b", start: float = 0.0, end: float = 2.0) -> Segment:
    return Segment(id=0, start=start, end=end, text=text, words=words)


A, B = word(" a", 0.0, 1.0), word(" b", 1.0, 2.0)


@pytest.mark.parametrize(
    ("segments", "reason"),
    [
        ([segment(A, B), segment(A, B)], r"segment ids are \[0, 0\]"),
        ([segment(A, B, text="a c")], "the words give 'a b', the text is 'a c'"),
        ([segment(A, B, text=" a b")], "white space at an end"),
        ([segment(B, A, text="b a")], "word 1 starts at 0.0, before 1.0"),
        ([segment(word("a b", 1.0, 1.0))], r"word 0 starts at 1\.0 and ends at 1\.0"),
        ([segment(word("a b", 0.0, 9.0))], r"word 0 ends at 9\.0, the audio at 3\.0"),
        ([segment(word("a b", 0.0, 1.0, 1.5))], r"confidence is 1\.5"),
        ([segment(A, B, start=2.0, end=1.0)], "segment 0 starts at 2.0 and ends at 1.0"),
        ([segment(A, B, start=-1.0)], "segment 0 starts at -1.0, before 0.0"),
        ([segment(A, B, end=float("nan"))], "segment 0 starts at 0.0 and ends at nan"),
    ],
)
def test_segments_that_break_a_rule(segments: list[Segment], reason: str) -> None:
    with pytest.raises(AssertionError, match=reason):
        check_segments(segments, 3.0)


@given(st.lists(st.tuples(st.floats(0, 9), st.floats(0.01, 1)), max_size=9))
def test_spans_in_time_order_are_accepted(parts: list[tuple[float, float]]) -> None:
    spans = sorted((start, start + length) for start, length in parts)
    check_spans("span", spans, 10.0)
    if len(spans) > 1 and spans[0][0] + 0.001 < spans[-1][0]:
        with pytest.raises(AssertionError, match="span"):
            check_spans("span", spans[::-1], 10.0)


DIARIZE = DiarizeRequest(model=MODEL)
TURN = SpeakerTurn(start=0.0, end=1.0, speaker="A")
LATER = SpeakerTurn(start=0.5, end=2, speaker="B")
ALONE = SpeakerTurn(start=1, end=2, speaker="B")
EMOTION = EmotionRequest(model=MODEL, segments=TEXT)
REFINE = RefineRequest(model=MODEL, language="en", segments=TEXT)


@pytest.mark.parametrize(
    ("request_", "good", "bad", "reason"),
    [
        (
            TranscribeRequest(model=MODEL),
            TranscribeResult(language="en", segments=(segment(A, B),), language_scores={"en": 1}),
            TranscribeResult(language="en", segments=(), language_scores={"en": 2}),
            "language score is 2",
        ),
        (
            AlignRequest(model=MODEL, language="en", segments=TEXT),
            AlignResult(segments=(segment(A, B),)),
            AlignResult(segments=(segment(),)),
            "segment 0 has no words",
        ),
        (
            DIARIZE,
            DiarizeResult(turns=(TURN,), embeddings={"A": (1.0,)}),
            DiarizeResult(turns=(TURN,), embeddings={"B": (1.0,)}),
            "embeddings of {'B'}, who have no turn",
        ),
        (
            DIARIZE,
            DiarizeResult(turns=(TURN, LATER), exclusive_turns=(TURN, ALONE)),
            DiarizeResult(turns=(TURN, LATER), exclusive_turns=(TURN, LATER)),
            "the exclusive turns at 0.5 overlap",
        ),
        (
            DIARIZE,
            DiarizeResult(turns=(TURN,), exclusive_turns=(TURN,)),
            DiarizeResult(turns=(TURN,), exclusive_turns=(LATER,)),
            "{'B'} have exclusive turns only",
        ),
        (
            EventsRequest(model=MODEL),
            EventsResult(events=(AudioEvent(start=0, end=1, label="Knock", score=0.5),)),
            EventsResult(events=(AudioEvent(start=0, end=1, label="Knock", score=-1),)),
            "event score is -1",
        ),
        (
            EMOTION,
            EmotionResult(emotions={0: Emotion(label="sad", score=0.5)}),
            EmotionResult(emotions={1: Emotion(label="sad", score=0.5)}),
            "unknown segments {1}",
        ),
        (
            REFINE,
            RefineResult(texts={0: "Hello."}),
            RefineResult(texts={7: "Hello."}),
            "unknown segments {7}",
        ),
        (
            REFINE,
            RefineResult(texts={}, chapters=(Chapter(start=0.0, end=1.0, title="Hello"),)),
            RefineResult(texts={}, chapters=(Chapter(start=0.5, end=1.0, title="Hello"),)),
            "no chapter can be from 0.5 to 1.0",
        ),
        (
            REFINE,
            RefineResult(texts={}, action_items=(ActionItem(start=0.0, end=1.0, text="Wave."),)),
            RefineResult(texts={}, action_items=(ActionItem(start=0.0, end=9.0, text="Wave."),)),
            "no action item can be from 0.0 to 9.0",
        ),
        (
            DIARIZE,
            DiarizeResult(turns=()),
            RefineResult(texts={}),
            "DiarizeRequest has no segments",
        ),
    ],
    ids=[
        *("transcribe", "align", "diarize", "exclusive", "exclusive-only"),
        *("events", "emotion", "refine", "chapters", "action-items", "mixed-up"),
    ],
)
def test_results_that_keep_and_break_a_rule(
    request_: Request, good: Result, bad: Result, reason: str
) -> None:
    check_result(request_, good, 3.0)
    with pytest.raises(AssertionError, match=re.escape(reason)):
        check_result(request_, bad, 3.0)
