"""The scores that ``benchmarks/quality`` prints, on cases that can be counted by hand."""

from pathlib import Path

import pytest
from benchmarks.quality.references import Span, read_reference, read_references
from benchmarks.quality.scores import speaker_errors, word_error_rate, word_time_errors
from tests.support.recordings import EXAMPLES


def spans(*rows: tuple[float, float, str]) -> list[Span]:
    return [Span(*row) for row in rows]


def test_words_are_counted() -> None:
    assert word_error_rate("one two three four", "one too three four five") == 0.5


def test_only_words_that_both_have_are_timed() -> None:
    reference = spans((0, 1, "a"), (1, 2, "b"), (2, 3, "c"), (3, 4, "d"))
    heard = spans((0.1, 1.2, "a"), (1, 1.5, "x"), (1.5, 2, "y"), (2.3, 3.0, "c"), (3.2, 4, "d"))

    errors = word_time_errors(reference, heard)

    assert errors is not None
    assert errors.num_words == 3
    assert (errors.start_p50_ms, errors.end_p50_ms) == pytest.approx((200, 0))
    assert (errors.start_p90_ms, errors.end_p90_ms) == pytest.approx((280, 160))
    assert word_time_errors(reference, spans((0, 1, "z"))) is None
    assert word_time_errors(reference, []) is None
    one = word_time_errors(reference, spans((0.5, 1, "a")))
    assert one is not None
    assert (one.start_p50_ms, one.start_p90_ms) == pytest.approx((500, 500))


@pytest.mark.parametrize(
    ("heard", "expected"),
    [
        pytest.param([(0, 10, "x"), (10, 20, "y")], (0, 0, 0, 0), id="other-names"),
        pytest.param([(0, 12, "x"), (12, 20, "y")], (0.1, 0, 0, 0.1), id="confusion"),
        pytest.param([(0, 10, "x")], (0.5, 0.5, 0, 0), id="missed"),
        pytest.param([(0, 10, "x"), (10, 30, "y")], (0.5, 0, 0.5, 0), id="false-alarm"),
        pytest.param(
            [(0, 10, "x"), (10, 20, "y"), (0, 10, "y")], (0.5, 0, 0.5, 0), id="overlap-that-is-not"
        ),
        pytest.param([], (1, 1, 0, 0), id="nothing"),
    ],
)
def test_speakers_are_compared_over_the_whole_recording(
    heard: list[tuple[float, float, str]], expected: tuple[float, float, float, float]
) -> None:
    errors = speaker_errors(spans((0, 10, "A"), (10, 20, "B")), spans(*heard), 30)

    shares = (errors.der, errors.missed, errors.false_alarm, errors.confusion)
    assert shares == pytest.approx(expected)
    assert (errors.jer == 0) is (expected[0] == 0)


def test_the_jaccard_error_counts_everybody_alike() -> None:
    reference = spans((0, 18, "A"), (18, 20, "B"))
    errors = speaker_errors(reference, spans((0, 20, "x")), 20)
    assert errors.der == pytest.approx(0.1)
    assert errors.jer == pytest.approx((0.1 + 1) / 2)


def test_the_dialogue_s_references_are_read() -> None:
    reference = read_reference(EXAMPLES / "dialogue.wav")

    assert reference.text
    assert reference.text.startswith("please send the report to david the red report is")
    assert [word.name for word in reference.words] == reference.text.split()
    assert {turn.name for turn in reference.turns} == {"Alice", "Bob", "Frank"}
    assert reference.turns[-1].end < reference.duration_s < 30
    assert word_error_rate(reference.text, " ".join(word.name for word in reference.words)) == 0


def test_a_folder_is_read_as_far_as_something_is_known(tmp_path: Path) -> None:
    wav = (EXAMPLES / "dialogue.wav").read_bytes()
    for name in ("a.wav", "b.wav", "c.wav"):
        (tmp_path / name).write_bytes(wav)
    (tmp_path / "a.txt").write_text("He said: no.\nAnna: Yes!\n", encoding="utf-8")
    (tmp_path / "b.rttm").write_text(
        ";; a remark\n\nSPKR-INFO b 1 <NA> <NA> <NA> unknown Anna <NA>\n"
        "SPEAKER b 1 0.5 1.25 <NA> <NA> Anna <NA> <NA>\n",
        encoding="utf-8",
    )

    first, second = read_references(tmp_path)

    assert (first.text, first.turns, first.words) == ("he said no anna yes", (), ())
    assert (second.text, second.turns) == (None, (Span(0.5, 1.75, "Anna"),))
