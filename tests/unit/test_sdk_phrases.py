"""Words to expect as tokens: how they are divided, and what a model cannot write."""

import pytest

from dalston_sdk.errors import EngineError
from dalston_sdk.phrases import Expected, Vocabulary, num_changes, plan_phrases
from dalston_sdk.wire import ErrorCode, TranscribeOptions

PIECES = Vocabulary(
    dict(enumerate([" al", "ice", " a", "l", "i", "c", "e", "al", " ", "a", "li", "."])),
    encode=lambda text: {"alice": [2, 10, 5, 6]}.get(text, []),
)
LETTERS = Vocabulary(dict(enumerate(" abcdefghijklmnopqrstuvwxyz'")))


def planned(vocabulary: Vocabulary | None, *words: str, **options: object) -> Expected:
    wanted = TranscribeOptions(hotwords=words or None, **options)  # type: ignore[arg-type]
    return plan_phrases(wanted, vocabulary, model_name="tiny", models="--model other")


def test_a_word_is_divided_in_every_way_that_a_model_may_take() -> None:
    first, second, *others = PIECES.divisions("alice")
    assert first == (2, 10, 5, 6), "the tokenizer's"
    assert second == (0, 1), "the fewest tokens"
    assert (2, 3, 4, 5, 6) in others, "single letters"
    assert all(
        "".join(PIECES.texts[each] for each in ids) == " alice" for ids in PIECES.divisions("alice")
    )
    assert PIECES.divisions("bob") == []


def test_words_of_several_parts_keep_their_spaces() -> None:
    (ids,) = LETTERS.divisions("ada lovelace")
    assert "".join(LETTERS.texts[each] for each in ids) == " ada lovelace"


def test_scripts_without_spaces_have_no_space_before_them() -> None:
    vocabulary = Vocabulary({0: "東", 1: "京", 2: "▁"})
    assert vocabulary.divisions("東京") == [(0, 1)]


def test_models_with_fewer_letters_get_the_nearest_spelling() -> None:
    expected = planned(LETTERS, "Zoë", "O'Neil")
    assert {each.text for each in expected.phrases} == {"zoe", "o'neil"}
    assert [each.bonus for each in expected.phrases] == [3, 5]
    assert expected.effective == {"hotwords": ("Zoë", "O'Neil"), "hotword_weights": None}
    assert expected.warnings == ()


def test_weights_multiply_the_bonus() -> None:
    expected = planned(LETTERS, "ada", "bob", hotword_weights=(2.0, 0.5))
    assert [each.bonus for each in expected.phrases] == [6, 1.5]
    assert expected.effective["hotword_weights"] == (2.0, 0.5)


def test_a_word_that_cannot_be_written_is_left_out_with_a_notice() -> None:
    expected = planned(LETTERS, "ada", "Москва", hotword_weights=(1.0, 3.0))
    assert expected.effective == {"hotwords": ("ada",), "hotword_weights": (1.0,)}
    (notice,) = expected.warnings
    assert notice.code == "hotwords_left_out"
    assert "Москва" in notice.message


def test_changes_are_counted_letter_by_letter() -> None:
    pairs = (("grace", "gracen"), ("dolston", "dalston"), ("", "ada"), ("kitten", "sitting"))
    assert [num_changes(*pair) for pair in pairs] == [1, 1, 3, 3]


def test_nothing_is_expected_unless_it_is_asked_for() -> None:
    expected = planned(None)
    assert expected.phrases == ()
    assert expected.effective == {"hotwords": None, "hotword_weights": None}


@pytest.mark.parametrize(
    ("vocabulary", "options", "code", "message"),
    [
        (None, {}, ErrorCode.UNSUPPORTED_OPTION, "cannot be told which words to expect"),
        (Vocabulary({0: "x"}), {}, ErrorCode.INVALID_REQUEST, "does not have the letters of ada"),
        (LETTERS, {"hotword_weights": (1.0, 2.0)}, ErrorCode.INVALID_REQUEST, "for each of the"),
        (LETTERS, {"hotword_weights": (0.0,)}, ErrorCode.INVALID_REQUEST, "above 0"),
    ],
    ids=["no-way", "no-letters", "too-many-weights", "no-weight"],
)
def test_what_cannot_be_done_is_refused(
    vocabulary: Vocabulary | None, options: dict[str, object], code: ErrorCode, message: str
) -> None:
    with pytest.raises(EngineError, match=message) as caught:
        planned(vocabulary, "ada", **options)
    assert caught.value.code == code
