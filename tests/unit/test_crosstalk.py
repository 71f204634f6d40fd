"""Two speakers at once become one cue with two dashes, where the rules allow one."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.transcripts import segment, transcript

from dalston_cli.formats.options import RenderOptions
from dalston_cli.formats.readers.cues import Cue as ReadCue
from dalston_cli.formats.registry import WRITERS
from dalston_cli.formats.script import width
from dalston_cli.formats.subtitles.checking import check_cues
from dalston_cli.formats.subtitles.cues import Cue, build_cues
from dalston_cli.formats.subtitles.guidelines import GUIDELINES
from dalston_cli.formats.subtitles.rules import SubtitleRules
from dalston_sdk.wire import Transcript

A, B = "SPEAKER_00", "SPEAKER_01"
RULES = SubtitleRules()


def spoken(*said: tuple[str, str, float, float], duration_s: float = 30.0) -> Transcript:
    """Segments of speaker, text, start and end."""
    segments = [segment(text, start, end, speaker=who) for who, text, start, end in said]
    return transcript(segments, duration_s=duration_s)


def texts(found: Transcript, rules: SubtitleRules = RULES, *, named: bool = False) -> list[str]:
    label = (lambda speaker: speaker) if named else None
    return [cue.text() for cue in build_cues(found, rules, label)]


HELLO = ((A, "Good morning to you all.", 1.0, 2.4), (B, "Yes, good morning!", 1.2, 2.6))


def test_what_is_said_at_once_is_one_cue_with_two_dashes() -> None:
    [cue] = build_cues(spoken(*HELLO), RULES)
    assert cue.text() == "- Good morning to you all.\n- Yes, good morning!"
    assert (cue.start, cue.speaker, cue.speakers) == (1.0, None, (A, B))
    assert cue.end - cue.start >= width(cue.text()) / RULES.max_cps - 0.1


def test_both_are_named_and_whoever_goes_on_is_named_again() -> None:
    found = spoken(*HELLO, (B, "Let us begin.", 6.0, 7.0))
    assert texts(found, named=True) == [
        "- SPEAKER_00: Good morning to you all.\n- SPEAKER_01: Yes, good morning!",
        "SPEAKER_01: Let us begin.",
    ]


@pytest.mark.parametrize(
    "said",
    [
        ((A, "Good morning.", 1.0, 2.0), (B, "Hello.", 2.0, 2.5)),
        ((A, "We can begin now.", 1.0, 3.0), (B, "Yes.", 2.5, 3.5)),
        ((A, "Good morning.", 1.0, 2.0), (A, "Hello.", 1.2, 2.2)),
        (
            (A, "This is much too much to be on a line of forty.", 1.0, 2.5),
            (B, "And this is much more than fits beside it, too.", 1.2, 3.0),
        ),
        (
            (A, "Nobody can read all of this", 1.0, 1.7),
            (B, "in the time that it is shown.", 1.1, 1.9),
            (A, "Go on.", 2.3, 4.0),
        ),
        ((A, "So we went on", 0.0, 1.0), (B, "and on and on and on", 0.5, 7.4)),
    ],
    ids=["after", "read-before", "one-speaker", "too-wide", "too-fast", "too-long"],
)
def test_what_one_cue_cannot_hold_stays_apart(
    said: tuple[tuple[str, str, float, float], ...],
) -> None:
    assert not any(text.startswith("- ") for text in texts(spoken(*said)))


def test_a_short_answer_is_beside_the_line_during_which_it_is_said() -> None:
    long = "I was walking down the road this morning when all of a sudden it began to rain."
    found = spoken((A, long, 0.0, 5.6), (B, "Oh no!", 1.2, 1.8))
    shown = build_cues(found, RULES)
    assert [cue.text() for cue in shown] == [
        "- I was walking down the road this morning\n- Oh no!",
        "when all of a sudden it began to rain.",
    ]
    assert all(left.end <= right.start for left, right in pairwise(shown))


def test_each_format_says_who_speaks_on_which_line() -> None:
    found = spoken(*HELLO)
    options = RenderOptions(speakers=True)
    vtt = WRITERS["vtt"].text(found, options)
    assert f"<v {A}>- Good morning to you all.</v>\n<v {B}>- Yes, good morning!</v>\n" in vtt
    assert f"{A} / {B}" in WRITERS["ass"].text(found, options)
    assert WRITERS["lrc"].text(found, RenderOptions(speakers=False)).count("[00:01.00]- ") == 2


def test_highlighting_follows_both_speakers_in_time() -> None:
    rules = SubtitleRules(highlight_words=True)
    found = spoken((A, "one three", 1.0, 2.0), (B, "two four", 1.2, 2.2))
    text = WRITERS["srt"].text(found, RenderOptions(subtitles=rules, speakers=False))
    marked = [part.partition("</u>")[0] for part in text.split("<u>")[1:]]
    assert [word for word in marked if word != "-"] == ["one", "two", "three", "four"]


@st.composite
def conversations(draw: st.DrawFn) -> Transcript:
    """Two speakers, each with segments one after the other, at the same time as the other's."""
    said: list[tuple[str, str, float, float]] = []
    for speaker in (A, B):
        now = draw(st.floats(0, 2))
        for _ in range(draw(st.integers(1, 4))):
            words = draw(
                st.lists(
                    st.sampled_from(["so", "we", "went", "home,", "then."]), min_size=1, max_size=12
                )
            )
            end = now + draw(st.floats(0.1, 4))
            said.append((speaker, " ".join(words), round(now, 3), round(end, 3)))
            now = end + draw(st.floats(0, 3))
    said.sort(key=lambda one: one[2])
    return spoken(*said, duration_s=60.0)


@given(found=conversations(), lines=st.integers(1, 3))
def test_nothing_is_lost_and_dashes_keep_every_rule(found: Transcript, lines: int) -> None:
    rules = SubtitleRules(max_line_count=lines)
    cues = build_cues(found, rules)
    shown = "".join(cue.text() for cue in cues).replace("-", "")
    assert sorted(shown.replace("\n", "").replace(" ", "")) == sorted(
        "".join(one.text for one in found.segments).replace(" ", "")
    )
    assert all(left.end <= right.start for left, right in pairwise(cues))
    assert list(_broken([cue for cue in cues if cue.speakers], rules)) == []


def _broken(cues: list[Cue], rules: SubtitleRules) -> list[str]:
    return [
        cue.text()
        for cue in cues
        if cue.end - cue.start > rules.max_cue_duration_s + 0.001
        or cue.end - cue.start < rules.min_cue_duration_s - 0.002
        or len(cue.lines) > rules.max_line_count
        or max(map(width, cue.text().split("\n"))) > rules.max_line_width
        or width(cue.text().replace("\n", "")) > rules.max_cps * (cue.end - cue.start + 0.002)
    ]


@pytest.mark.parametrize(
    ("text", "rules", "found"),
    [
        ("- Hello.\n- Good morning.", "dalston", []),
        ("- Hello.\nGood morning.", "dalston", ["dash"]),
        ("-Hello.\nGood morning.", "netflix", ["dash"]),
        ("- Hello.\nGood morning.", "bbc", []),
        ("and then\n\u2014 well, nothing.", "netflix", []),
    ],
    ids=["both", "one", "without-a-space", "bbc-has-colours", "dash-of-a-sentence"],
)
def test_check_knows_that_both_speakers_have_a_dash(
    text: str, rules: str, found: list[str]
) -> None:
    cue = ReadCue(start=1.0, end=4.0, text=text)
    assert [one.rule for one in check_cues([cue], GUIDELINES[rules])] == found  # type: ignore[index] # a name of a rule
