"""Alignment of long rows of words: as jiwer has it, in any order of errors, and hours long."""

import itertools
import random
import tracemalloc

import jiwer
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.known_texts import WORD_S, recognised, text_of

from dalston_cli.known_text.matching import NONE, match
from dalston_cli.known_text.placing import place
from dalston_cli.known_text.tokens import Vocabulary

VOCABULARY = tuple(map("".join, itertools.product("bdgkmnprst", "aeiou", "bdgkmnprstlfvz")))


def drawn(rng: random.Random, count: int) -> list[str]:
    weights = [1 / (at + 3) for at in range(len(VOCABULARY))]
    return rng.choices(VOCABULARY, weights, k=count)


def misheard(rng: random.Random, words: list[str], share: float) -> list[str]:
    heard: list[str] = []
    for word in words:
        chance = rng.random()
        if chance < share * 0.6:
            heard.append(rng.choice(VOCABULARY))
        elif chance >= share * 0.8:
            heard += [word] if chance >= share else [word, rng.choice(VOCABULARY)]
    return heard


def sure_pairs(known: list[str], spoken: list[str]) -> list[tuple[int, int]]:
    vocabulary = Vocabulary()
    matched = match(vocabulary.tokens(known), vocabulary.tokens(spoken))
    return [(at, one) for at, one in enumerate(matched.places) if one != NONE and matched.sure[at]]


@pytest.mark.parametrize("share", [0.0, 0.1, 0.3])
def test_as_many_words_are_found_as_the_best_alignment_has(share: float) -> None:
    rng = random.Random(7)
    known = drawn(rng, 1500)
    spoken = misheard(rng, known, share)
    pairs = sure_pairs(known, spoken)
    equal = sum(known[at] == spoken[place] for at, place in pairs)
    best = jiwer.process_words(" ".join(known), " ".join(spoken)).hits
    assert equal >= 0.95 * best


@given(
    st.lists(st.sampled_from("abcdefgh"), max_size=40),
    st.lists(st.sampled_from("abcdefgh"), max_size=40),
)
def test_places_are_in_order_whatever_is_said(known: list[str], spoken: list[str]) -> None:
    vocabulary = Vocabulary()
    matched = match(vocabulary.tokens(known), vocabulary.tokens(spoken))
    found = [place for place in matched.places if place != NONE]
    assert found == sorted(set(found))
    assert all(0 <= place < len(spoken) for place in found)
    if known == spoken:
        assert found == [*range(len(known))]


def hours(number: float, share: float) -> tuple[list[str], list[str], int, int]:
    """Return a text, what is recognised, and where words are left out of it, and added."""
    rng = random.Random(3)
    known = drawn(rng, round(number * 9000))
    lack, add = len(known) // 3, 2 * len(known) // 3
    spoken = [
        *misheard(rng, known[:lack], share),
        *misheard(rng, known[lack + 150 : add], share),
        *drawn(rng, 120),
        *misheard(rng, known[add:], share),
    ]
    return known, spoken, lack, add


def peak_mb(number: float) -> float:
    known, spoken, _, _ = hours(number, 0.2)
    source = text_of(*(" ".join(known[at : at + 15]) for at in range(0, len(known), 15)))
    result = recognised([*spoken])
    tracemalloc.start()
    place(source, result, len(spoken) * WORD_S)
    peak = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    return peak


def test_ten_hours_are_aligned_and_what_is_missing_in_them_is_found() -> None:
    known, spoken, lack, _ = hours(10, 0.2)
    source = text_of(*(" ".join(known[at : at + 15]) for at in range(0, len(known), 15)))
    found = place(source, recognised([*spoken]), len(spoken) * WORD_S)
    [left_out] = [each for each in found.left_out if each.num_words > 100]
    [added] = [each for each in found.added if each.num_words > 100]
    assert left_out.num_words == pytest.approx(150, abs=10)
    assert left_out.text.split()[20] in known[lack + 10 : lack + 32]
    assert added.num_words == pytest.approx(120, abs=10)
    words = sum(len(segment.words) for segment in found.result.segments)
    assert words >= 0.985 * (len(known) - 150)
    exact = sum(word.timing == "recognised" for one in found.result.segments for word in one.words)
    assert exact >= 0.8 * words


def test_memory_grows_with_the_length_and_not_with_its_square() -> None:
    assert peak_mb(0.8) < 5.5 * peak_mb(0.2)
