"""Scores of transcripts, on cases that can be counted by hand."""

from pathlib import Path

import jiwer
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.support.indexed import correct, put
from tests.support.transcripts import segment

from dalston_cli.evaluation.counts import Counts, count_characters, count_words
from dalston_cli.evaluation.intervals import difference, interval
from dalston_cli.evaluation.material import Material, Span, Utterance
from dalston_cli.evaluation.normalising import normaliser
from dalston_cli.evaluation.reading import (
    NoReferencesError,
    materials_at,
    pairs,
    read_materials,
)
from dalston_cli.evaluation.scoring import Rules, score, together
from dalston_cli.evaluation.session import Outcome, compare, ranked
from dalston_cli.evaluation.speakers import speaker_errors
from dalston_cli.evaluation.times import quantile, time_errors
from dalston_cli.formats.readers.errors import MalformedFileError
from dalston_cli.settings.choices import NormaliserName

WORDS = st.lists(st.sampled_from(["ada", "and", "babbage", "built", "it"]), max_size=12)


def material(*said: tuple[str, float, float, str], words: tuple[Span, ...] = ()) -> Material:
    """Return what is known of a recording of a minute: speaker, start, end, text."""
    return Material(
        name="talk",
        files=(Path("talk"),),
        utterances=tuple(
            Utterance(speaker=who, start=start, end=end, text=text)
            for who, start, end, text in said
        ),
        has_text=True,
        words=words,
        turns=tuple(Span(start=start, end=end, name=who) for who, start, end, _ in said),
        duration_s=60.0,
    )


@pytest.mark.parametrize(
    ("kind", "language", "text", "normal"),
    [
        pytest.param("whisper", "en", "It's 25%, Colour!", "it is 25% color", id="english"),
        pytest.param("whisper", "en-us", "twenty-five", "25", id="english of a country"),
        pytest.param("whisper", "de", "Grüße, Straße!", "grüße straße", id="german"),
        pytest.param("whisper", "hi", "नमस्ते दुनिया!", "नमस्ते दुनिया", id="marks of a script"),
        pytest.param("whisper", "zh", "你好,世界 OK", "你 好 世 界 ok", id="without spaces"),
        pytest.param("plain", "en", "It\u2019s 'Twenty-Five'.", "it's twenty five", id="plain"),
        pytest.param("plain", "th", "กิน ข้าว", "กิ น ข้ า ว", id="plain letters with marks"),
        pytest.param("none", None, "  As  Written, ", "As Written,", id="none"),
    ],
)
def test_the_form_for_comparison(
    kind: NormaliserName, language: str | None, text: str, normal: str
) -> None:
    assert normaliser(kind, language)(text) == normal


@pytest.mark.parametrize(
    ("reference", "hypothesis", "counts", "steps"),
    [
        pytest.param("a b c", "a x c d", (3, 1, 0, 1), "equal substitute equal insert", id="mixed"),
        pytest.param("a b", "", (2, 0, 2, 0), "delete", id="nothing heard"),
        pytest.param("", "a", (0, 0, 0, 1), "insert", id="nothing said"),
        pytest.param("", "", (0, 0, 0, 0), "", id="silence"),
    ],
)
def test_words_are_counted(
    reference: str, hypothesis: str, counts: tuple[int, ...], steps: str
) -> None:
    found, alignment = count_words(reference, hypothesis)
    assert (found.length, found.substitutions, found.deletions, found.insertions) == counts
    assert [step.kind for step in alignment] == steps.split()


@given(WORDS.filter(bool), WORDS)
def test_an_alignment_has_all_words_and_the_errors_of_jiwer(
    said: list[str], heard: list[str]
) -> None:
    counts, steps = count_words(" ".join(said), " ".join(heard))
    assert [word for step in steps for word in step.reference] == said
    assert [word for step in steps for word in step.hypothesis] == heard
    assert counts.rate == pytest.approx(jiwer.wer(" ".join(said), " ".join(heard)))


def test_characters_are_counted_without_spaces() -> None:
    assert count_characters("ab cd", "abxcd").rate == 0.25


def test_words_of_the_wrong_speaker_or_at_the_wrong_time_are_errors() -> None:
    known = material(("Ada", 0.0, 2.0, "one two"), ("Bo", 30.0, 32.0, "three four"))
    swapped = material(("x", 0.0, 2.0, "one"), ("y", 30.0, 32.0, "two three four"))
    late = material(("x", 20.0, 22.0, "one two"), ("y", 30.0, 32.0, "three four"))
    rules = Rules(normaliser="plain")

    found = score(known, swapped, rules)
    assert found.words is not None
    assert found.by_speaker is not None
    assert (found.words.errors, found.by_speaker.errors) == (0, 2)
    found = score(known, late, rules)
    assert found.by_speaker is not None
    assert found.by_time is not None
    assert (found.by_speaker.errors, found.by_time.errors) == (0, 4)


def test_what_a_side_lacks_is_not_scored() -> None:
    known = Material(name="talk", files=(), turns=(Span(start=0, end=10, name="Ada"),))
    found = score(known, material(("x", 0.0, 10.0, "one")), Rules())
    assert (found.words, found.by_speaker, found.times) == (None, None, None)
    assert found.speakers is not None
    assert found.speakers.der == 0
    without = Material(name="talk", files=(), has_text=True)  # nor were speakers asked for
    assert score(known, without, Rules()).speakers is None
    silent = replace(without, was_diarized=True)  # they were, and there were none
    errors = score(known, silent, Rules()).speakers
    assert errors is not None
    assert (errors.der, errors.jer) == (1, 1)


@pytest.mark.parametrize(
    ("collar_s", "skip_overlap", "der"),
    [
        # Of 10 + 4 s, one ends a second late, and what overlaps it is missed for 2 of 4 s.
        pytest.param(0.0, False, 3 / 14, id="all of it"),
        pytest.param(1.0, False, 0 / 8, id="without a second on each side of each boundary"),
        pytest.param(0.0, True, 1 / 6, id="without overlap"),
    ],
)
def test_who_spoke_when(collar_s: float, skip_overlap: bool, der: float) -> None:
    known = [Span(start=0, end=10, name="Ada"), Span(start=4, end=8, name="Bo")]
    found = [Span(start=0, end=11, name="x"), Span(start=5, end=7, name="y")]
    errors = speaker_errors(known, found, 60.0, collar_s=collar_s, skip_overlap=skip_overlap)
    assert errors.der == pytest.approx(der)


def test_times_of_words_that_were_recognised() -> None:
    known = [
        Span(start=1.0, end=1.5, name="One,"),
        Span(start=2.0, end=2.5, name="two"),
        Span(start=3.0, end=3.5, name="three"),
    ]
    found = [Span(start=1.1, end=1.4, name="one"), Span(start=3.02, end=3.6, name="Three")]
    errors = time_errors(known, found, normaliser("plain", "en"))
    assert errors.starts_ms == pytest.approx((100, 20))
    assert errors.ends_ms == pytest.approx((100, 100))


def test_quantiles_lie_between_values() -> None:
    values = [10.0, 0.0, 20.0, 30.0]
    assert (quantile(values, 50), quantile(values, 90)) == (15.0, 27.0)
    assert (quantile([5.0], 90), quantile([], 50)) == (5.0, None)


def test_several_recordings_are_summed_before_they_are_divided() -> None:
    short = score(material(("a", 0, 1, "one")), material(("a", 0, 1, "two")), Rules())
    long = score(material(("a", 0, 9, "a b c")), material(("a", 0, 9, "a b c")), Rules())
    words = together([short, long], "all").words
    assert words is not None
    assert words.rate == 0.25


def counts(*errors: int) -> list[Counts]:
    """Return recordings of 100 words with so many wrong ones each."""
    return [Counts(length=100, substitutions=each, deletions=0, insertions=0) for each in errors]


def test_an_interval_needs_recordings_and_holds_the_rate() -> None:
    assert interval(counts(1, 2, 3, 4)) is None
    found = interval(counts(0, 5, 10, 15, 20, 10))
    assert found is not None
    assert 0 < found.low < 0.10 < found.high < 0.20
    assert interval(counts(7, 7, 7, 7, 7)) == interval(counts(7, 7, 7, 7, 7))


def test_models_are_compared_on_the_same_draws() -> None:
    """The recordings are very different, yet one model is always one word worse."""
    one = counts(2, 42, 12, 52, 1)
    other = counts(1, 41, 11, 51, 0)
    found = difference(one, other)
    assert found is not None
    assert (found.low, found.high) == (0.01, 0.01)


def test_a_model_that_left_out_recordings_is_not_the_best() -> None:
    some = (
        score(material(("A", 0, 1, "ada")), material(("A", 0, 1, said)), Rules())
        for said in ("ada", "ada", "bo")
    )
    easy, *all_of_them = some
    outcomes = [
        Outcome(model=name, recordings=tuple(each), whole=together(each, "all"), interval=None)
        for name, each in (("quits", [easy]), ("works", all_of_them))
    ]
    assert [each.model for each in ranked(outcomes)] == ["works", "quits"]


def test_of_many_speakers_words_are_compared_without_them(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    told: list[str] = []
    for number in (20, 21):
        said = [segment("ada", at, at + 1.0, speaker=f"S{at}") for at in range(number)]
        path = put(tmp_path / f"{number}.json", said)
        whole = compare(path, path, Rules(normaliser="none"), told.append).whole
        assert whole.words is not None
        assert whole.words.rate == 0
        assert (whole.by_speaker is None) == (whole.by_time is None) == bool(told) == (number > 20)
    assert "more than 20 speakers" in told[0]
    assert capfd.readouterr().err == ""


FILES = {
    "talk.stm": ";; comment\ntalk 1 Ada 0.0 1.5 <o,f0> Good morning\ntalk 1 Bo 2 3 hello\n",
    "talk.ctm": "talk 1 0.0 0.5 Good 0.9\ntalk 1 0.5 1.0 morning\n",
    "talk.rttm": "SPEAKER talk 1 0.0 1.5 <NA> <NA> Ada <NA> <NA>\n",
    "talk.txt": "Ada: Good morning\nBo: hello: you\nand more\nBo: yes\n",
    "talk.srt": "1\n00:00:00,000 --> 00:00:01,500\nGood morning\n",
}


@pytest.mark.parametrize(
    ("name", "text", "speakers", "words", "turns"),
    [
        pytest.param("talk.stm", "Good morning hello", ["Ada", "Bo"], 0, 2, id="stm"),
        pytest.param("talk.ctm", "Good morning", [None, None], 2, 0, id="ctm"),
        pytest.param("talk.rttm", "", [], 0, 1, id="rttm"),
        pytest.param(
            "talk.txt", "Good morning hello: you and more yes", ["Ada", *["Bo"] * 3], 0, 0, id="txt"
        ),
        pytest.param("talk.srt", "Good morning", [None], 0, 0, id="srt"),
    ],
)
def test_references_are_read(
    tmp_path: Path, name: str, text: str, speakers: list[str | None], words: int, turns: int
) -> None:
    (tmp_path / name).write_text(FILES[name], encoding="utf-8")
    [(key, found)] = read_materials(tmp_path, pytest.fail).items()
    assert (key, found.text) == ("talk", text)
    assert [each.speaker for each in found.utterances] == speakers
    assert (len(found.words), len(found.turns)) == (words, turns)


def test_files_of_one_recording_are_joined_and_a_damaged_one_costs_no_other(tmp_path: Path) -> None:
    for name in ("talk.txt", "talk.rttm", "talk.ctm"):
        (tmp_path / name).write_text(FILES[name], encoding="utf-8")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/talk.txt").write_text("other\n", encoding="utf-8")
    (tmp_path / "bad.stm").write_text("bad 1 Ada x 1.0 hello\n", encoding="utf-8")
    told: list[str] = []
    found = read_materials(tmp_path, told.append)
    assert found.keys() == {"talk", "sub/talk"}
    assert (len(found["talk"].words), len(found["talk"].turns)) == (2, 1)
    assert "bad.stm:1: 'x' is no number of seconds" in told[0]
    with pytest.raises(MalformedFileError):
        read_materials(tmp_path / "bad.stm", told.append)
    (tmp_path / "bad.stm").write_text("bad 1 Ada 5 2 hello\n", encoding="utf-8")
    with pytest.raises(MalformedFileError, match="ends at 2 and starts at 5"):
        read_materials(tmp_path / "bad.stm", told.append)


def test_a_recording_is_read_when_it_is_compared(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        put(tmp_path / f"said/{name}.json", f"we are {name}")
    found = materials_at(tmp_path / "said", pytest.fail)
    assert (list(found), len(found), "b" in found) == (["a", "b", "c"], 3, True)
    put(tmp_path / "said/b.json", "another text")
    assert [each.text for each in found.only({"b"}).values()] == ["another text"]

    (tmp_path / "said/c.json").write_text("{", encoding="utf-8")
    told: list[str] = []
    rules = Rules(normaliser="plain")
    outcome = compare(tmp_path / "said", tmp_path / "said", rules, told.append, with_texts=False)
    assert [each.name for each in outcome.recordings] == ["a", "b"]
    assert [each.steps for each in outcome.recordings] == [(), ()]
    assert len(told) == 1
    assert "c.json" in told[0]


def test_a_reference_is_as_people_corrected_it(tmp_path: Path) -> None:
    path = put(tmp_path / "talk.json", "good evening")
    correct(path, 0, "good morning")
    [right] = read_materials(tmp_path, pytest.fail, corrected=True).values()
    [heard] = read_materials(tmp_path, pytest.fail).values()
    assert (right.text, heard.text) == ("good morning", "good evening")


def test_nothing_is_said(tmp_path: Path) -> None:
    with pytest.raises(NoReferencesError):
        read_materials(tmp_path, pytest.fail)


def test_recordings_with_one_side_are_told() -> None:
    one = {"a": material(), "b": material()}
    told: list[str] = []
    assert len(list(pairs(one, {"b": material(), "c": material()}, told.append))) == 1
    assert told == [
        "a has a reference and no transcript: it is not scored",
        "c has a transcript and no reference: it is not scored",
    ]
