"""Words of corrected texts: what keeps its time, and what gets which."""

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.support.transcripts import segment

from dalston_cli.review.words import with_own_words, with_text
from dalston_sdk.wire import Segment, Word

WORDS = segment("one two three four", 0.0, 8.0).words


def spoken(*words: tuple[str, float, float]) -> Segment:
    made = tuple(Word(text=text, start=start, end=end) for text, start, end in words)
    text = "".join(word.text for word in made).strip()
    return Segment(id=0, start=made[0].start, end=made[-1].end, text=text, words=made)


GAPS = spoken((" I", 0.0, 0.2), (" am", 1.0, 1.4), (" here.", 1.4, 2.0))
JAPANESE = spoken(("今日", 0.0, 0.5), ("は", 0.5, 0.7), ("雨", 0.7, 1.0), ("です", 1.0, 1.6))


def times(changed: Segment) -> list[tuple[str, float, float]]:
    return [(word.text, word.start, word.end) for word in changed.words if word.human]


@pytest.mark.parametrize(
    ("before", "text", "new"),
    [
        pytest.param(GAPS, "I are here.", [(" are", 1.0, 1.4)], id="another-word"),
        pytest.param(GAPS, "I really am here.", [(" really", 0.2, 1.0)], id="one-more-in-a-gap"),
        pytest.param(
            GAPS, "I am not here.", [(" not", 1.2, 1.4)], id="one-more-where-there-is-no-gap"
        ),
        pytest.param(GAPS, "So I am here.", [(" So", 0.0, 0.1)], id="before-the-first"),
        pytest.param(GAPS, "I am here. Yes", [(" Yes", 1.7, 2.0)], id="behind-the-last"),
        pytest.param(
            GAPS, "I ab cdef here.", [(" ab", 1.0, 1.133), (" cdef", 1.133, 1.4)], id="two-for-one"
        ),
        pytest.param(GAPS, "I here.", [], id="one-less"),
        pytest.param(GAPS, "", [], id="none-left"),
        pytest.param(JAPANESE, "今日は雪です", [("雪", 0.7, 1.0)], id="no-spaces"),
        pytest.param(JAPANESE, "今日は大雨です", [("大", 0.6, 0.7)], id="no-spaces-one-more"),
        pytest.param(JAPANESE, "今日は です", [], id="no-spaces-one-less"),
    ],
)
def test_words_of_a_person(before: Segment, text: str, new: list[tuple[str, float, float]]) -> None:
    changed = with_text(before, text)
    assert "".join(word.text for word in changed.words).strip() == changed.text == text
    assert times(changed) == [pytest.approx(one) for one in new]
    assert changed.human
    assert all(word.confidence is None for word in changed.words if word.human)


def test_other_words_stay_as_they_are() -> None:
    changed = with_text(GAPS, "I  am\nthere. ")
    assert changed.words[:2] == GAPS.words[:2]
    assert changed.text == "I am there."


def test_a_segment_without_words_gets_none() -> None:
    bare = Segment(id=0, start=0, end=1, text="teh")
    assert with_text(bare, "the") == msgspec.structs.replace(bare, text="the", human=True)


def test_refined_text_has_words_of_its_own_that_no_person_wrote() -> None:
    refined = msgspec.structs.replace(GAPS, text="I'm here.", raw_text=GAPS.text)
    words = with_own_words(refined).words
    assert [(word.text, word.start, word.end, word.human) for word in words] == [
        (" I'm", 0.0, 1.4, False),
        (" here.", 1.4, 2.0, False),
    ]


@st.composite
def segments(draw: st.DrawFn) -> Segment:
    clock, words = 0.0, []
    spaced = draw(st.booleans())
    for text in draw(st.lists(st.text("abcü雨.", min_size=1, max_size=4), min_size=1, max_size=8)):
        start = round(clock + draw(st.sampled_from([0.0, 0.0, 0.3])), 3)
        clock = round(start + draw(st.sampled_from([0.001, 0.2, 1.0])), 3)
        words.append((f" {text}" if spaced or draw(st.booleans()) else text, start, clock))
    return spoken(*words)


@example(spoken(("a", 0.0, 0.001)), ". a a")
@example(spoken(("a", 0.0, 0.001)), "a a a")
@given(segments(), st.text("abcü雨. ", max_size=30))
def test_any_text_gets_times_in_order_inside_the_segment(before: Segment, text: str) -> None:
    changed = with_text(before, text)
    assert "".join(word.text for word in changed.words).strip() == " ".join(text.split())
    edge, last = before.start, before.start
    for word in changed.words:
        assert before.start <= word.start <= word.end <= before.end
        assert word.start >= edge
        assert word.end >= last
        edge, last = word.start, word.end
    kept = [word for word in changed.words if not word.human]
    assert {(word.start, word.end) for word in kept} <= {(w.start, w.end) for w in before.words}
