"""Subtitles by the guidelines of broadcasters: what breaks a rule, and what just keeps it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.transcripts import segment, transcript

from dalston_cli.formats.readers.cues import Cue
from dalston_cli.formats.subtitles.checking import check_cues
from dalston_cli.formats.subtitles.cues import build_cues
from dalston_cli.formats.subtitles.guidelines import GUIDELINES
from dalston_cli.formats.subtitles.rules import SubtitleRules


def cue(text: str = "Good morning.", start: float = 0.0, end: float = 2.0) -> Cue:
    return Cue(start=start, end=end, text=text)


def broken(*cues: Cue, rules: Any = "netflix") -> list[tuple[int, str]]:
    return [(each.cue, each.rule) for each in check_cues(cues, GUIDELINES[rules])]


@pytest.mark.parametrize(
    ("text", "end", "expected"),
    [
        pytest.param("x" * 42, 3.0, [], id="as-wide-as-allowed"),
        pytest.param("x" * 43, 3.0, ["width"], id="too-wide"),
        pytest.param("<i>" + "x" * 42 + "</i>", 3.0, [], id="markup-is-not-shown"),
        pytest.param("\u6771" * 22, 3.0, ["width"], id="wide-letters-take-two"),
        pytest.param("a\nb\nc", 2.0, ["lines"], id="three-lines"),
        pytest.param(" ", 2.0, ["empty"], id="empty"),
        pytest.param("Yes.", 0.833, [], id="as-short-as-allowed"),
        pytest.param("Yes.", 0.8, ["short"], id="too-short"),
        pytest.param("Yes.", 7.0, [], id="as-long-as-allowed"),
        pytest.param("Yes.", 7.1, ["long"], id="too-long"),
        pytest.param("x" * 40, 2.0, [], id="as-fast-as-allowed"),
        pytest.param("x" * 42, 2.0, ["speed"], id="too-fast"),
        pytest.param("Yes.", 0.0, ["order"], id="no-time"),
        pytest.param("Yes.", -1.0, ["order"], id="backwards"),
    ],
)
def test_a_cue_by_itself(text: str, end: float, expected: list[str]) -> None:
    assert broken(cue(text, end=end)) == [(1, rule) for rule in expected]


@pytest.mark.parametrize(
    ("rules", "start", "expected"),
    [
        pytest.param("netflix", 2.083, [], id="two-frames"),
        pytest.param("netflix", 2.04, [(2, "gap")], id="one-frame"),
        pytest.param("netflix", 1.9, [(2, "overlap")], id="overlapping"),
        pytest.param("bbc", 2.0, [], id="bbc-without-a-gap"),
        pytest.param("bbc", 2.5, [(2, "gap")], id="bbc-with-half-a-second"),
        pytest.param("bbc", 3.0, [], id="bbc-with-a-second"),
        pytest.param("ebu", 2.0, [], id="ebu-without-a-gap"),
        pytest.param("ebu", 1.0, [(2, "overlap")], id="ebu-overlapping"),
    ],
)
def test_two_cues(rules: str, start: float, expected: list[tuple[int, str]]) -> None:
    assert broken(cue(), cue(start=start, end=start + 2), rules=rules) == expected


def test_a_cue_is_compared_with_the_longest_before_it() -> None:
    cues = (cue(end=6.0), cue(start=1.0, end=2.0), cue(start=3.0, end=4.0))
    assert broken(*cues) == [(2, "overlap"), (3, "overlap")]


def test_each_word_has_its_time_on_the_bbc() -> None:
    assert broken(cue("one two three four five", end=1.4), rules="bbc") == [(1, "short")]
    assert broken(cue("one two three four five", end=1.5), rules="bbc") == []


def test_what_is_found_is_said_in_numbers() -> None:
    [found] = check_cues([cue("x" * 50, end=5.0)], GUIDELINES["netflix"])
    assert found.message == "line 1 has 50 columns, at most 42"


@given(
    st.lists(
        st.tuples(st.text("abc ,.", min_size=1, max_size=120), st.floats(0.5, 6), st.floats(1, 3)),
        min_size=1,
        max_size=6,
    )
)
def test_our_own_subtitles_keep_the_rules_that_no_text_can_break(
    spoken: list[tuple[str, float, float]],
) -> None:
    segments, start = [], 0.0
    for text, duration, pause in spoken:
        if text.split():
            segments.append(segment(text, start, start + duration))
            start += duration + pause
    cues = [
        cue(each.text(), each.start, each.end)
        for each in build_cues(transcript(segments, duration_s=start + 10), SubtitleRules())
    ]
    found = {each.rule for each in check_cues(cues, GUIDELINES["dalston"])}
    assert not found & {"lines", "long", "overlap", "order", "empty"}
