"""Our own subtitles pass ``dalston check`` by our own rules, wherever a text can pass at all."""

from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.transcripts import segment, transcript

from dalston_cli.formats.readers.cues import Cue as ReadCue
from dalston_cli.formats.script import width
from dalston_cli.formats.subtitles.checking import Finding, check_cues
from dalston_cli.formats.subtitles.cues import Cue, build_cues
from dalston_cli.formats.subtitles.guidelines import GUIDELINES
from dalston_cli.formats.subtitles.places import EARLY_MS, LATE_MS
from dalston_cli.formats.subtitles.rules import SubtitleRules
from dalston_sdk.wire import Segment, Transcript, Word

A, B = "SPEAKER_00", "SPEAKER_01"
RULES = SubtitleRules()
EARLY_S, LATE_S, ROUNDING_S = EARLY_MS / 1000, LATE_MS / 1000, 0.003

TOO_WIDE = "a word is wider than a line"
A_DASH = "the text itself begins a line with a dash"
TOO_FAST = "it is said faster than it can be read, and no silence is near"
TOO_MANY = "so many speak at once that there is no time for each"


def checked(cues: tuple[Cue, ...]) -> list[Finding]:
    read = [ReadCue(start=cue.start, end=cue.end, text=cue.text()) for cue in cues]
    return list(check_cues(read, GUIDELINES["dalston"]))


def reason_for(found: Finding, cues: tuple[Cue, ...], duration_s: float) -> str | None:
    """Return why no cue with this text could keep the rule; None if one could."""
    index = found.cue - 1
    lines = cues[index].text().split("\n")
    if found.rule == "width" and any(
        width(line) > RULES.max_line_width and " " not in line for line in lines
    ):
        return TOO_WIDE
    if found.rule == "dash" and any(line[0] in "-\u2010\u2013" for line in lines):
        return A_DASH
    if found.rule == "speed" and not _has_room(index, cues, duration_s, shortest_s=0.0):
        return TOO_FAST
    if found.rule in ("short", "speed") and not _has_room(
        index, cues, duration_s, shortest_s=RULES.min_cue_duration_s
    ):
        return TOO_MANY
    return None


def _has_room(index: int, cues: tuple[Cue, ...], duration_s: float, *, shortest_s: float) -> bool:
    """Return True if every row of cues around one can be read in the time that there is for it."""
    said = [min(token.start for token in cue.tokens) for cue in cues]
    latest = [*(start + LATE_S - RULES.min_gap_s for start in said[1:]), duration_s]
    needed = [max(shortest_s, width(cue.text().replace("\n", " ")) / RULES.max_cps) for cue in cues]
    for first in range(index + 1):
        begin = max(0.0, said[first] - EARLY_S)
        sums = accumulate(each + RULES.min_gap_s for each in needed[first:])
        for last, total in enumerate(sums, start=first):
            room = latest[last] - begin + RULES.min_gap_s + ROUNDING_S
            if last >= index and total > room:
                return False
    return True


WORDS = (
    *("so", "we", "went", "home,", "and", "then", "okay", "yes.", "no,", "I", "think", "it", "was"),
    *("really", "complicated", "understandable", "wasn't", "it?", "-5", "approximately"),
)


@st.composite
def spoken(draw: st.DrawFn, speakers: tuple[str | None, ...]) -> Transcript:
    """Words one after the other, at the speed of slow or fast people, and of several at once."""
    segments: list[Segment] = []
    for speaker in speakers:
        now = draw(st.floats(0, 2))
        for _ in range(draw(st.integers(1, 5))):
            letters_a_second = draw(st.integers(8, 24))
            words: list[Word] = []
            for text in draw(st.lists(st.sampled_from(WORDS), min_size=1, max_size=25)):
                end = now + len(text) / letters_a_second
                words.append(Word(text=f" {text}", start=round(now, 3), end=round(end, 3)))
                now = end + draw(st.sampled_from([0.0, 0.0, 0.03, 0.2, 0.6]))
            segments.append(
                Segment(
                    id=len(segments),
                    start=words[0].start,
                    end=words[-1].end,
                    text="".join(word.text for word in words).strip(),
                    words=tuple(words),
                    speaker=speaker,
                )
            )
            now += draw(st.sampled_from([0.0, 0.05, 0.4, 1.2, 3.0]))
    segments.sort(key=lambda each: each.start)
    return transcript(segments, duration_s=max(each.end for each in segments) + 1.0)


@given(found=spoken((None,)))
def test_what_one_person_says_is_too_fast_only_if_it_is_said_so(found: Transcript) -> None:
    cues = build_cues(found, RULES)
    reasons = {reason_for(each, cues, found.recording.duration_s) for each in checked(cues)}
    assert reasons <= {TOO_FAST, A_DASH}


@given(found=spoken((A, B)), named=st.booleans())
def test_a_conversation_breaks_a_rule_only_where_it_cannot_be_kept(
    found: Transcript, named: bool
) -> None:
    cues = build_cues(found, RULES, (lambda label: label) if named else None)
    found_rules = checked(cues)
    assert {each.rule for each in found_rules} <= {"speed", "short", "dash"}
    reasons = {reason_for(each, cues, found.recording.duration_s) for each in found_rules}
    assert None not in reasons


@pytest.mark.parametrize(
    "said",
    [
        pytest.param([(A, "Yes.", 1.0, 1.2), (B, "So what did he say?", 1.3, 3.0)], id="answered"),
        pytest.param([(A, "Okay.", 1.0, 1.2), (B, "Fine.", 1.25, 1.5)], id="two-short-ones"),
        pytest.param(
            [(A, "I have to tell you something about it.", 1.0, 2.2), (B, "Go on.", 2.3, 4.0)],
            id="fast-before-another",
        ),
        pytest.param(
            [
                (A, "That was it.", 1.0, 2.0),
                (B, "Nobody would have thought of that at all.", 2.1, 3.4),
                (A, "I would.", 3.5, 5.0),
            ],
            id="fast-between-slow-ones",
        ),
        pytest.param(
            [(None, "Well", 1.0, 1.1), (None, "that is all there is to say about it.", 1.2, 3.6)],
            id="one-word-before-a-sentence",
        ),
    ],
)
def test_short_and_fast_cues_get_time_or_join_a_neighbour(
    said: list[tuple[str | None, str, float, float]],
) -> None:
    segments = [segment(text, start, end, speaker=who) for who, text, start, end in said]
    cues = build_cues(transcript(segments, duration_s=10.0), RULES)
    assert checked(cues) == []
    for cue in cues:
        spoken_at = min(token.start for token in cue.tokens)
        assert -EARLY_S - ROUNDING_S <= cue.start - spoken_at <= LATE_S + ROUNDING_S


def test_without_need_a_cue_begins_with_its_first_word() -> None:
    segments = [segment("Good morning.", 1.0, 2.5), segment("Good night.", 9.0, 10.5)]
    cues = build_cues(transcript(segments, duration_s=12.0), RULES)
    assert [cue.start for cue in cues] == [1.0, 9.0]


def test_what_cannot_be_read_stays_where_it_is_said() -> None:
    """Subtitles of two who talk all the time, each as fast as can be read, never fall behind."""
    text = "this is about as much as can be read in the time that it takes to say it"
    segments = [
        segment(text, start, start + 3.6, speaker=who)
        for start in range(0, 40, 4)
        for who in (A, B)
    ]
    cues = build_cues(transcript(segments, duration_s=44.0), RULES)
    behind = [cue.start - min(token.start for token in cue.tokens) for cue in cues]
    assert max(behind) <= 1.5
