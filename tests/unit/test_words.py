"""Words from tokens: where they begin and end, what belongs to them, and how sure they are."""

import math
from itertools import pairwise

import pytest

from dalston_sdk import words
from dalston_sdk.wire import SpeechRegion

TEN_SECONDS = SpeechRegion(start=0.0, end=10.0)


def tokens(*texts: str, every_s: float = 0.2) -> list[words.Token]:
    """One token after the other, each as long as the next."""
    return [words.Token(text=text, start=index * every_s) for index, text in enumerate(texts)]


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        pytest.param((" the", " let", "ter"), (" the", " letter"), id="pieces"),
        pytest.param(("the", " end"), (" the", " end"), id="first-without-a-space"),
        pytest.param((" ", "h", "i", " ", "y", "o", "u"), (" hi", " you"), id="letters"),
        pytest.param((" Yes", ",", " no", "."), (" Yes,", " no."), id="punctuation"),
        pytest.param((" Yes", " ,", " no", " ?"), (" Yes,", " no?"), id="punctuation-with-a-space"),
        pytest.param((" hola", " ¿", "Qué", "?"), (" hola", " ¿Qué?"), id="opening-mark"),
        pytest.param((" a", " (", "b", ")", " »"), (" a", " (b)»"), id="brackets"),
        pytest.param((" R", " &", " B"), (" R", " &", " B"), id="sign-that-is-a-word"),
        pytest.param((" <unk>", " hi", "<|endoftext|>"), (" hi",), id="markup"),
        pytest.param((" don", "'", "t"), (" don't",), id="apostrophe"),
        pytest.param((), (), id="nothing"),
    ],
)
def test_what_belongs_together(texts: tuple[str, ...], expected: tuple[str, ...]) -> None:
    found = words.words_of(tokens(*texts), inside=TEN_SECONDS)
    assert tuple(word.text for word in found) == expected


def test_a_word_ends_where_the_next_begins() -> None:
    found = words.words_of(tokens(" one", " two", " three"), inside=TEN_SECONDS)
    assert [word.end for word in found[:-1]] == [word.start for word in found[1:]]


def test_a_word_before_a_pause_ends_at_the_pace_of_its_chunk() -> None:
    spoken = [
        words.Token(text=text, start=start)
        for text, start in ((" one", 0.0), (" two", 0.3), (" six", 0.6), (" ten", 5.0))
    ]
    found = words.words_of(spoken, inside=TEN_SECONDS)
    assert [word.end for word in found] == pytest.approx([0.3, 0.6, 0.9, 5.3])


def test_late_punctuation_does_not_make_a_word_longer() -> None:
    spoken = [
        words.Token(text=text, start=start)
        for text, start in ((" one", 0.0), (" two", 0.3), (" six", 0.6), (".", 3.0))
    ]
    assert words.words_of(spoken, inside=TEN_SECONDS)[-1].end == pytest.approx(0.9)


def test_words_stay_inside_their_region() -> None:
    inside = SpeechRegion(start=2.0, end=2.5)
    spoken = [words.Token(text=f" w{index}", start=1.9 + index * 0.1) for index in range(9)]
    found = words.words_of(spoken, inside=inside)
    assert found[0].start >= inside.start
    assert found[-1].end <= inside.end
    assert all(word.start < word.end for word in found)
    assert all(before.end <= after.start for before, after in pairwise(found))


@pytest.mark.parametrize(
    ("probabilities", "expected"),
    [
        pytest.param((0.9,), 0.9, id="one"),
        pytest.param((0.9, 0.4), 0.6, id="geometric-mean"),
        pytest.param((1.2, 1.2), 1.0, id="never-above-1"),
        pytest.param((0.9, None), None, id="unknown"),
        pytest.param((), None, id="none"),
    ],
)
def test_how_sure(probabilities: tuple[float | None, ...], expected: float | None) -> None:
    logprobs = [None if share is None else math.log(share) for share in probabilities]
    assert words.confidence(logprobs) == expected
