"""Phrases in a transducer's search: tried where they are nearly as likely, and taken back."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from dalston_sdk.phrases import Vocabulary, plan_phrases
from dalston_sdk.transducer_phrases import Emitted, TransducerPhrases
from dalston_sdk.wire import TranscribeOptions

LETTERS = " abcdefghijklmnopqrstuvwxyz'."
BLANK = len(LETTERS)
PIECES = [" dal", " dol", "ston", " st", "ation", " ", *"adlnostei", "en", " al", "ice", " an"]


class Said:
    """A transducer that writes each token in a frame of its own, an empty frame behind it.

    Args:
        tokens: As the model writes them.
        unsure: What it takes for nearly as likely, by token.
        duration: What it says of every token and blank, as TDT does; 0 where it says nothing.
    """

    def __init__(
        self, pieces: Sequence[str], tokens: Sequence[str], duration: int = 0, **unsure: str
    ) -> None:
        self._ids = {piece: number for number, piece in enumerate(pieces)}
        self.blank = len(pieces)
        self._tokens = tokens
        self._unsure = unsure
        self._duration = duration
        self.num_frames = 2 * len(tokens)
        self.asked = 0

    def step(
        self, _: Sequence[int], state: Any, frame: int
    ) -> tuple[NDArray[np.float32], int, int]:
        self.asked += 1
        values = np.full(self.blank + 1, 1e-5, np.float32)
        if frame % 2 or state == frame:
            values[self.blank] = 0.9
        else:
            token = self._tokens[frame // 2]
            values[self._ids[token]] = 0.8
            if other := self._unsure.get(token.strip()):
                near = f" {other}" if token.startswith(" ") and len(token) > 1 else other
                values[self._ids[near]] = 0.1
        return np.log(values), self._duration, frame


def found(
    said: Said, pieces: Sequence[str], *words: str, **options: Any
) -> tuple[str, list[Emitted]]:
    vocabulary = Vocabulary(dict(enumerate(pieces)))
    wanted = TranscribeOptions(hotwords=words, **options)
    phrases = plan_phrases(wanted, vocabulary, model_name="tiny", models="").phrases
    search = TransducerPhrases(phrases, vocabulary, blank=said.blank, most_in_frame=3)
    emitted = search.decode(said.step, None, said.num_frames)
    return "".join(pieces[each.token_id] for each in emitted).strip(), emitted


@pytest.mark.parametrize(
    ("spoken", "words", "expected"),
    [
        pytest.param("at dolston station", ("dalston",), "at dalston station", id="found"),
        pytest.param("dolston", ("dalston",), "dalston", id="at-the-start-and-end"),
        pytest.param("see dolston.", ("dalston",), "see dalston.", id="before-a-full-stop"),
        pytest.param("dolston's", ("dalston",), "dalston's", id="before-an-apostrophe"),
        pytest.param("doll house", ("dalston",), "doll house", id="breaks-off"),
        pytest.param("dolston", ("dalstonia",), "dolston", id="does-not-come-to-its-end"),
        pytest.param("ont onta ont", ("ant",), "ant onta ant", id="only-whole-words"),
        pytest.param("grays hopper", ("grace hopper", "grace"), "grace hopper", id="two-words"),
        pytest.param("gracehopper", ("grace hopper",), "gracehopper", id="no-space-is-put-in"),
        pytest.param("ona bob ont", ("ana bob ana", "ant"), "ona bob ant", id="goes-back-far"),
        pytest.param("dolston", ("dolores", "dalston"), "dalston", id="another-begins-alike"),
        pytest.param("dolores", ("dolston", "dalston"), "dolores", id="none-of-those-alike"),
        pytest.param("we all stand up", ("dalston",), "we all stand up", id="unlike"),
        pytest.param("dolston dolston", ("dalston",), "dalston dalston", id="twice"),
    ],
)
def test_phrases_take_the_place_of_whole_words(
    spoken: str, words: tuple[str, ...], expected: str
) -> None:
    said = Said(LETTERS, spoken, o="a", y="c", s="e")
    assert found(said, LETTERS, *words)[0] == expected


def test_a_weight_decides_how_near_it_has_to_be() -> None:
    said = Said(LETTERS, "at dolston", o="a")
    assert found(said, LETTERS, "dalston", hotword_weights=(0.1,))[0] == "at dolston"
    assert found(said, LETTERS, "dalston", hotword_weights=(1.0,))[0] == "at dalston"


def test_frames_durations_and_posteriors_are_those_of_the_path_taken() -> None:
    said = Said(PIECES, [" dol", "ston", " st", "ation"], duration=2, dol="dal")
    text, emitted = found(said, PIECES, "dalston")
    assert text == "dalston station"
    assert [(each.frame, each.duration) for each in emitted] == [(0, 2), (2, 2), (4, 2), (6, 2)]
    assert np.exp(emitted[0].logprob) == pytest.approx(0.11, abs=0.01)
    assert np.exp(emitted[1].logprob) == pytest.approx(1.0, abs=0.01)


def test_without_a_phrase_near_the_text_is_that_of_the_greedy_search() -> None:
    spoken = "she had your dark suit in greasy wash water all year"
    said = Said(LETTERS, spoken, a="e", o="a", e="i", i="e", u="a")
    names = ("aylin", "jorge", "nadia", "otis", "priya", "quentin", "rosa", "sven", "uma", "wren")
    text, emitted = found(said, LETTERS, *names)
    assert text == spoken
    assert [each.frame for each in emitted] == list(range(0, 2 * len(spoken), 2))


def test_within_a_phrase_a_token_may_take_the_place_of_a_blank() -> None:
    class Gapped(Said):
        """Its second token is a little less likely than a blank, most of all in frame 4."""

        def step(
            self, tokens: Sequence[int], state: Any, frame: int
        ) -> tuple[NDArray[np.float32], int, int]:
            logits, duration, after = super().step(tokens, state, frame)
            if 2 <= frame <= 5:
                values = np.full_like(logits, 1e-5)
                values[self.blank] = 0.8
                values[PIECES.index("ston")] = 0.15 if frame == 4 else 0.01
                logits = np.log(values)
            return logits, duration, after

    said = Gapped(PIECES, [" dal", "ston", "ston", " st", "ation"])
    assert found(said, PIECES, "alice")[0] == "dal station"
    text, emitted = found(said, PIECES, "dalston")
    assert text == "dalston station"
    assert [each.frame for each in emitted] == [0, 4, 6, 8]
    assert found(said, PIECES, "dalston", hotword_weights=(0.1,))[0] == "dal station"
    assert found(said, PIECES, "dalston ice")[0] == "dal station"


def test_trying_costs_a_bounded_number_of_steps() -> None:
    said = Said(LETTERS, "aaaa " * 20, a="b")
    found(said, LETTERS, *(f"{first}{second}zzzz" for first in "abcdefgh" for second in "bcdef"))
    assert said.asked < 30 * said.num_frames
