"""A known text is found in what was recognised: its times, what was left out, what was added."""

import msgspec
import pytest
from tests.support.known_texts import WORD_S, numbered, recognised, text_of

from dalston_cli.known_text.placing import Placed, TextNotFoundError, aligned, place
from dalston_cli.known_text.source import KnownTextSource
from dalston_sdk.wire import AlignResult, TranscribeResult, Word

A, B, FOREIGN = numbered("a", 40), numbered("o", 40), numbered("u", 40)


def placed(source: KnownTextSource, result: TranscribeResult) -> Placed:
    end = max(segment.end for segment in result.segments)
    return place(source, result, end)


def words_of(found: Placed) -> list[Word]:
    return [word for segment in found.result.segments for word in segment.words]


def sentence(words: list[str]) -> str:
    return " ".join(words).capitalize() + "."


def test_the_text_is_as_it_is_written_with_the_times_of_what_was_said() -> None:
    source = text_of("The sea\u2014the SEA!", "\u201cIt\u2019s cold,\u201d he said.")
    found = placed(source, recognised(["the", "sea", "the", "sea", "its", "cold", "he", "said"]))
    segments = found.result.segments
    assert [segment.text for segment in segments] == [unit.text for unit in source.units]
    assert [word.text for word in segments[1].words] == [
        "\u201cIt\u2019s",
        " cold,\u201d",
        " he",
        " said.",
    ]
    assert [segment.start / WORD_S for segment in segments] == pytest.approx([0, 4])
    assert [segment.end / WORD_S for segment in segments] == pytest.approx([3.75, 7.75])
    assert {word.timing for word in words_of(found)} == {"recognised"}
    assert (found.left_out, found.added) == ((), ())
    assert [segment.paragraph for segment in segments] == [0, 0]


def test_a_word_that_is_misheard_has_the_time_between_its_neighbours() -> None:
    said = ["he", "walked", "slowly", "to", "the", "harbour", "with", "his", "brother"]
    heard = [*said[:2], "xylophone", *said[3:]]
    words = words_of(placed(text_of(" ".join(said)), recognised(heard)))
    assert [word.text.strip() for word in words] == said
    assert [word.timing for word in words] == [
        *["recognised"] * 2,
        "interpolated",
        *["recognised"] * 6,
    ]
    assert words[2].interpolated
    assert [words[2].start, words[2].end] == pytest.approx([2 * WORD_S, 2.75 * WORD_S])


def test_a_passage_that_is_not_read_is_left_out_and_told() -> None:
    source = text_of(sentence(A[:20]), sentence(B[:12]), sentence(A[20:]))
    found = placed(source, recognised(A))
    assert [segment.text for segment in found.result.segments] == [
        source.units[0].text,
        source.units[2].text,
    ]
    [passage] = found.left_out
    assert passage.text == source.units[1].text
    assert passage.num_words == 12
    assert passage.start == passage.end == pytest.approx(19.75 * WORD_S)
    assert found.added == ()


def test_words_beside_a_passage_that_are_misheard_stay_with_their_sentences() -> None:
    source = text_of(sentence(A[:20]), sentence(B[:12]), sentence(A[20:]))
    heard = [*A[:18], None, None, None, *A[21:]]
    found = placed(source, recognised(heard))
    assert [passage.text for passage in found.left_out] == [source.units[1].text]
    assert [segment.text for segment in found.result.segments] == [
        source.units[0].text,
        source.units[2].text,
    ]


def test_a_passage_that_is_not_in_the_text_is_told_and_not_written() -> None:
    source = text_of(sentence(A[:20]), sentence(A[20:]))
    found = placed(source, recognised([*A[:20], *FOREIGN[:12], *A[20:]]))
    assert [segment.text for segment in found.result.segments] == [
        unit.text for unit in source.units
    ]
    [passage] = found.added
    assert (passage.num_words, passage.text) == (12, " ".join(FOREIGN[:12]))
    assert [passage.start, passage.end] == pytest.approx([20 * WORD_S, 31.75 * WORD_S])
    assert found.left_out == ()
    assert found.result.segments[1].start == pytest.approx(32 * WORD_S)


def test_a_passage_in_the_place_of_another_is_both() -> None:
    source = text_of(sentence(A[:20]), sentence(B), sentence(A[20:]))
    found = placed(source, recognised([*A[:20], *FOREIGN, *A[20:]]))
    assert [passage.num_words for passage in found.left_out] == [40]
    assert [passage.num_words for passage in found.added] == [40]
    assert len(found.result.segments) == 2


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(B, [], id="before"),
        pytest.param([], B, id="after"),
        pytest.param(B[:20], B[20:], id="both"),
    ],
)
def test_a_text_may_be_longer_than_the_recording(before: list[str], after: list[str]) -> None:
    source = text_of(*(sentence(part) for part in (before, A, after) if part))
    found = placed(source, recognised(A))
    assert [segment.text for segment in found.result.segments] == [sentence(A)]
    assert sum(passage.num_words for passage in found.left_out) == len(B)


def test_words_that_nothing_was_recognised_of_are_kept_where_there_is_time_for_them() -> None:
    heard = [*A[:20], *[None] * 12, *A[20:]]
    source = text_of(sentence(A[:20]), sentence(B[:12]), sentence(A[20:]))
    found = placed(source, recognised(heard))
    assert found.left_out == ()
    middle = found.result.segments[1]
    assert {word.timing for word in middle.words} == {"interpolated"}
    assert middle.start == pytest.approx(19.75 * WORD_S)
    assert middle.end <= 32 * WORD_S + 1e-6


def test_silence_is_no_time_for_words() -> None:
    heard = [*A[:20], *[None] * 12, *A[20:]]
    speech = [(0.0, 20 * WORD_S), (32 * WORD_S, 52 * WORD_S)]
    source = text_of(sentence(A[:20]), sentence(B[:12]), sentence(A[20:]))
    found = placed(source, recognised(heard, regions=speech))
    assert [passage.num_words for passage in found.left_out] == [12]


def test_a_verse_that_comes_again_is_found_each_time() -> None:
    chorus, verses = A[:8], [B[:8], B[8:16], B[16:24]]
    song = [part for verse in verses for part in (verse, chorus)]
    found = placed(text_of(*map(" ".join, song)), recognised([w for part in song for w in part]))
    assert [round(segment.start / WORD_S) for segment in found.result.segments] == [
        0,
        8,
        16,
        24,
        32,
        40,
    ]


def test_letters_of_a_script_without_spaces_are_words() -> None:
    source = text_of("今日は図書館で、本を読みました。")
    result = recognised(["今日は", "図書館で", "本を", "読みました"], language="ja")
    words = words_of(placed(source, result))
    assert "".join(word.text for word in words) == source.units[0].text
    assert {word.timing for word in words} == {"recognised"}
    assert [word.start for word in words if word.text[0] in "今図本読"] == [
        pytest.approx(at * WORD_S) for at in range(4)
    ]


def test_another_text_is_refused_with_how_to_see_what_is_said() -> None:
    with pytest.raises(TextNotFoundError, match=r"talk\.txt is not what is said") as raised:
        placed(text_of(sentence(B)), recognised([*A[:10], B[3], *A[10:]]))
    assert "dalston transcribe" in (raised.value.hint or "")


def test_what_alignment_could_not_place_keeps_the_time_that_was_recognised() -> None:
    found = placed(
        text_of("one two three", "four five six"),
        recognised(["one", "two", "three", "four", "five", "six"]),
    )
    first, second = found.result.segments
    moved = tuple(
        Word(text=word.text, start=word.start + 0.1, end=word.end + 0.1, interpolated=at == 1)
        for at, word in enumerate(first.words)
    )
    shared = tuple(
        Word(text=word.text, start=at, end=at + 0.5, interpolated=True)
        for at, word in enumerate(second.words)
    )
    result = aligned(
        found,
        AlignResult(
            segments=(
                msgspec.structs.replace(first, words=moved),
                msgspec.structs.replace(second, words=shared),
            )
        ),
    )
    assert [word.timing for word in result.segments[0].words] == [
        "aligned",
        "interpolated",
        "aligned",
    ]
    assert result.segments[1] == second
