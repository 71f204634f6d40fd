"""The references that ``benchmarks/quality`` scores by."""

from pathlib import Path

import pytest
from benchmarks.quality.references import read_reference, read_references
from tests.support.recordings import EXAMPLES
from tests.support.scoring import normalise

from dalston_cli.evaluation.material import Span
from dalston_cli.evaluation.speakers import speaker_errors


def spans(*rows: tuple[float, float, str]) -> list[Span]:
    return [Span(start=start, end=end, name=name) for start, end, name in rows]


@pytest.mark.parametrize(
    ("heard", "expected"),
    [
        pytest.param([(0, 10, "x"), (10, 20, "y")], (0, 0, 0, 0), id="other-names"),
        pytest.param([(0, 12, "x"), (12, 20, "y")], (0.1, 0, 0, 2), id="confusion"),
        pytest.param([(0, 10, "x")], (0.5, 10, 0, 0), id="missed"),
        pytest.param([(0, 10, "x"), (10, 30, "y")], (0.5, 0, 10, 0), id="false-alarm"),
        pytest.param(
            [(0, 10, "x"), (10, 20, "y"), (0, 10, "y")], (0.5, 0, 10, 0), id="overlap-that-is-not"
        ),
        pytest.param([], (1, 20, 0, 0), id="nothing"),
    ],
)
def test_speakers_are_compared_over_the_whole_recording(
    heard: list[tuple[float, float, str]], expected: tuple[float, float, float, float]
) -> None:
    known = spans((0, 10, "A"), (10, 20, "B"))
    errors = speaker_errors(known, spans(*heard), 30, collar_s=0, skip_overlap=False)

    found = (errors.der, errors.missed_s, errors.false_alarm_s, errors.confusion_s)
    assert found == pytest.approx(expected)
    assert (errors.jer == 0) is (expected[0] == 0)


def test_the_jaccard_error_counts_all_speakers_alike() -> None:
    known = spans((0, 18, "A"), (18, 20, "B"))
    errors = speaker_errors(known, spans((0, 20, "x")), 20, collar_s=0, skip_overlap=False)
    assert errors.der == pytest.approx(0.1)
    assert errors.jer == pytest.approx((0.1 + 1) / 2)


def test_the_dialogue_s_references_are_read() -> None:
    known = read_reference(EXAMPLES / "dialogue.wav").known

    text = normalise(known.text)
    assert text.startswith("please send the report to david the red report is")
    assert [normalise(word.name) for word in known.words] == text.split()
    assert {turn.name for turn in known.turns} == {"Alice", "Bob", "Frank"}
    assert known.duration_s is not None
    assert known.turns[-1].end < known.duration_s < 30


def test_a_folder_is_read_as_far_as_something_is_known(tmp_path: Path) -> None:
    wav = (EXAMPLES / "dialogue.wav").read_bytes()
    for name in ("a.wav", "b.wav", "c.wav"):
        (tmp_path / name).write_bytes(wav)
    (tmp_path / "a.txt").write_text("He said: no.\nAnd she said nothing.\nYes!\n", encoding="utf-8")
    (tmp_path / "b.rttm").write_text(
        ";; a remark\n\nSPKR-INFO b 1 <NA> <NA> <NA> unknown Anna <NA>\n"
        "SPEAKER b 1 0.5 1.25 <NA> <NA> Anna <NA> <NA>\n",
        encoding="utf-8",
    )

    first, second = (each.known for each in read_references(tmp_path))

    assert normalise(first.text) == "he said no and she said nothing yes"
    assert (first.turns, first.words) == ((), ())
    assert (second.has_text, second.turns) == (False, tuple(spans((0.5, 1.75, "Anna"))))
