"""Phrases in the posteriors of CTC: found where they are nearly as likely, and nowhere else."""

from itertools import product
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from dalston_sdk.ctc_phrases import CtcPhrases, _align, _Table
from dalston_sdk.phrases import Phrase, Vocabulary, plan_phrases
from dalston_sdk.wire import TranscribeOptions

LETTERS = " abcdefghijklmnopqrstuvwxyz'."
BLANK = len(LETTERS)
VOCABULARY = Vocabulary(dict(enumerate(LETTERS)))


def logprobs_of(frames: list[dict[str, float]]) -> NDArray[np.float32]:
    """Posteriors of frames, each with what its letters have; ``_`` is the blank."""
    values = np.full((len(frames), BLANK + 1), 1e-6)
    for row, frame in zip(values, frames, strict=True):
        for letter, value in frame.items():
            row[BLANK if letter == "_" else LETTERS.index(letter)] = value
    scores: NDArray[np.float32] = np.log(values / values.sum(axis=1, keepdims=True))
    return scores.astype(np.float32)


def said(text: str, **unsure: str) -> NDArray[np.float32]:
    """Each letter in a frame with a blank behind it; ``o="a"`` where an o is nearly an a."""
    frames: list[dict[str, float]] = []
    for letter in text:
        frames += [{letter: 0.8, "_": 0.1, unsure.get(letter, letter): 0.2}, {"_": 0.99}]
        frames[-2][letter] = 0.8
    return logprobs_of(frames)


def text_of(path: NDArray[np.int64]) -> str:
    starts = np.flatnonzero((path != BLANK) & (np.diff(path, prepend=BLANK) != 0))
    return "".join(LETTERS[path[each]] for each in starts)


def decoded(logprobs: NDArray[np.float32], *words: str, **options: Any) -> str:
    wanted = TranscribeOptions(hotwords=words, **options)
    phrases = plan_phrases(wanted, VOCABULARY, model_name="tiny", models="").phrases
    return text_of(CtcPhrases(phrases, VOCABULARY, blank=BLANK).best_path(logprobs))


def test_a_phrase_that_is_nearly_as_likely_is_found() -> None:
    logprobs = said("at dolston station", o="a")
    assert text_of(logprobs.argmax(axis=1)) == "at dolston station"
    assert decoded(logprobs, "dalston") == "at dalston station"
    assert decoded(logprobs, "Dalston") == "at dalston station"
    assert decoded(logprobs, "hackney") == "at dolston station"


def test_a_weight_decides_how_near_it_has_to_be() -> None:
    logprobs = said("at dolston station", o="a")
    assert decoded(logprobs, "dalston", hotword_weights=(0.1,)) == "at dolston station"
    assert decoded(logprobs, "dalstom", hotword_weights=(1.0,)) == "at dolston station"
    assert decoded(logprobs, "dalstom", hotword_weights=(5.0,)) == "at dalstom station"


@pytest.mark.parametrize(
    ("spoken", "words", "expected"),
    [
        pytest.param("grays hopper said", ("grace hopper",), "grace hopper said", id="two-words"),
        pytest.param("kings land said", ("kingsland",), "kingsland said", id="in-pieces"),
        pytest.param("dolston", ("dalston",), "dalston", id="alone"),
        pytest.param("see dolston", ("dalston",), "see dalston", id="at-the-end"),
        pytest.param("a dolston. yes", ("dalston",), "a dalston. yes", id="before-a-full-stop"),
        pytest.param("dolston's", ("dalston",), "dalston's", id="before-an-apostrophe"),
        pytest.param("dalston's", ("dalston",), "dalston's", id="is-there"),
        pytest.param("alices", ("alice",), "alices", id="is-there-with-an-ending"),
        pytest.param("ann anna", ("ann", "anna"), "ann anna", id="each-is-there"),
        pytest.param("grace", ("gracen",), "grace", id="an-ending-is-not-put-on"),
        pytest.param("banana", ("anna",), "banana", id="not-inside-of-a-word"),
        pytest.param("we all stand up", ("dalston",), "we all stand up", id="unlike"),
        pytest.param("", ("dalston",), "", id="silence"),
    ],
)
def test_phrases_take_the_place_of_whole_words(
    spoken: str, words: tuple[str, ...], expected: str
) -> None:
    logprobs = said(spoken or "_", o="a", y="c", s="e")
    assert decoded(logprobs, *words) == expected


def test_other_words_stay_as_they_are_to_the_letter() -> None:
    spoken = "she had your dark suit in greasy wash water all year"
    logprobs = said(spoken, a="e", o="a", e="i", i="e")
    names = ("aylin", "jorge", "nadia", "otis", "priya", "quentin", "rosa", "sven", "uma", "wren")
    assert decoded(logprobs, *names) == spoken


def test_nothing_is_written_where_the_model_wrote_nothing() -> None:
    quiet = logprobs_of([{"_": 0.5, "a": 0.4, "d": 0.4}] * 40)
    assert decoded(quiet, "ada", hotword_weights=(10.0,)) == ""


def test_scores_are_those_of_the_best_of_all_paths() -> None:
    rng = np.random.default_rng(5)
    costs = np.log(rng.dirichlet(np.ones(4), size=5)).astype(np.float32)
    blank, token_ids = 3, (0, 0, 1)

    def collapse(path: tuple[int, ...]) -> tuple[int, ...]:
        kept = [each for at, each in enumerate(path) if not at or path[at - 1] != each]
        return tuple(each for each in kept if each != blank)

    paths = [each for each in product(range(4), repeat=5) if collapse(each) == token_ids]
    scores = {each: sum(costs[at, token] for at, token in enumerate(each)) for each in paths}
    best = max(scores, key=lambda each: scores[each])

    assert tuple(_align(costs, token_ids, blank)) == best
    table = _Table([Phrase(text="aab", token_ids=token_ids, weight=100.0)], blank)
    ((_, gains),) = table.aligned(costs, 0, (5,))
    assert gains[0] - 300 == pytest.approx(scores[best], abs=1e-4)
