"""Subtitles keep their rules whatever is said, and break where a reader would."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.transcripts import segment, transcript

from dalston_cli.formats.options import RenderOptions
from dalston_cli.formats.registry import WRITERS
from dalston_cli.formats.script import width
from dalston_cli.formats.subtitles.cues import Cue, build_cues
from dalston_cli.formats.subtitles.rules import SubtitleRules, SubtitleRulesError
from dalston_sdk.wire import Segment, Transcript, Word

DEFAULT = SubtitleRules()


def lines(cues: tuple[Cue, ...]) -> list[list[str]]:
    return [cue.text().split("\n") for cue in cues]


def one_segment(text: str, start: float = 0.0, end: float = 5.0) -> Transcript:
    """Without words."""
    return transcript([Segment(id=0, start=start, end=end, text=text)])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("Short.", [["Short."]], id="one line"),
        pytest.param(
            "We stayed at home all day, because it was raining.",
            [["We stayed at home all day,", "because it was raining."]],
            id="line ends with the clause",
        ),
        pytest.param(
            "Nobody in the whole town could remember such an evening",
            [["Nobody in the whole town", "could remember such an evening"]],
            id="balanced without punctuation",
        ),
        pytest.param(
            "They had been looking for the key and they found it",
            [["They had been looking for the key", "and they found it"]],
            id="before a conjunction",
        ),
        pytest.param(
            "I asked Dr. Smith about the results of the examination",
            [["I asked Dr. Smith about", "the results of the examination"]],
            id="a title is not the end of a sentence",
        ),
        pytest.param(
            "A" * 60 + " is a word",
            [["A" * 60, "is a word"]],
            id="a word that is too wide is not cut",
        ),
        pytest.param(
            "東京の大きな図書館で本を読みましたが、とても面白かったです。",
            [["東京の大きな図書館で本を読みましたが、", "とても面白かったです。"]],
            id="Japanese, two columns a letter",
        ),
        pytest.param(
            "ก" * 50,
            [["ก" * 25, "ก" * 25]],
            id="Thai has no spaces",
        ),
        pytest.param(
            "👩‍👩‍👧" * 21 + " end", [["👩‍👩‍👧" * 21, "end"]], id="a family is two columns wide"
        ),
    ],
)
def test_lines_end_where_a_reader_would_end_them(text: str, expected: list[list[str]]) -> None:
    assert lines(build_cues(one_segment(text), DEFAULT)) == expected


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        (SubtitleRules(max_line_width=10), [["one two", "three four"], ["five six", "seven"]]),
        (
            SubtitleRules(max_line_width=10, max_line_count=1),
            [["one two"], ["three"], ["four five"], ["six seven"]],
        ),
        (SubtitleRules(max_words_per_line=4), [["one two three four", "five six seven"]]),
        (SubtitleRules(max_line_count=1), [["one two three four five six seven"]]),
    ],
    ids=["narrow", "narrow, one line", "few words", "one line"],
)
def test_rules_are_kept(rules: SubtitleRules, expected: list[list[str]]) -> None:
    found = transcript([segment("one two three four five six seven", 0.0, 5.0)])
    assert lines(build_cues(found, rules)) == expected


def test_a_cue_is_never_longer_than_allowed() -> None:
    text = " ".join(["slow"] * 10)
    cues = build_cues(transcript([segment(text, 0.0, 20.0)]), DEFAULT)
    assert len(cues) >= 3
    assert max(cue.end - cue.start for cue in cues) <= DEFAULT.max_cue_duration_s


def test_a_short_cue_stays_while_silence_follows() -> None:
    segments = [segment("Yes.", 1.0, 1.2), segment("No.", 10.0, 10.2), segment("Oh.", 11.3, 11.4)]
    first, second, third = build_cues(transcript(segments, duration_s=11.6), DEFAULT)
    assert (first.start, first.end) == (1.0, 1.833)
    assert (second.start, second.end) == (10.0, 10.833)
    assert (third.start, third.end) == (11.0, 11.6)  # earlier, but not past the recording's end


def test_a_fast_cue_stays_longer_but_leaves_a_gap() -> None:
    fast = "This is said so fast that nobody can read it"
    cues = build_cues(transcript([segment(fast, 0.0, 1.0), segment("Next.", 2.0, 3.0)]), DEFAULT)
    assert cues[0].end == width(fast) / DEFAULT.max_cps
    assert cues[1].start == pytest.approx(cues[0].end + DEFAULT.min_gap_s)


def test_speakers_never_share_a_cue() -> None:
    segments = [
        segment("Hi.", 0.0, 0.4, speaker="SPEAKER_00"),
        segment("Hello.", 0.5, 1.0, speaker="SPEAKER_01"),
        segment("How are you?", 1.1, 2.0, speaker="SPEAKER_01"),
    ]
    cues = build_cues(transcript(segments), DEFAULT)
    assert [(cue.speaker, cue.text()) for cue in cues] == [
        ("SPEAKER_00", "Hi."),
        ("SPEAKER_01", "Hello. How are you?"),
    ]


def test_speakers_whom_one_cue_cannot_hold_are_shown_one_after_the_other() -> None:
    segments = [
        segment("I was just about to say that we have to go", 0.0, 4.0, speaker="SPEAKER_00"),
        segment("No, wait, listen to me, all of you, please", 0.0, 3.0, speaker="SPEAKER_01"),
    ]
    first, second = build_cues(transcript(segments), SubtitleRules(max_line_count=1))
    assert (first.end - first.start, second.end - second.start) >= (0.8, 0.8)
    assert first.end <= second.start


def test_a_speaker_who_was_interrupted_is_named_again() -> None:
    long = "This is what I have been trying to say all along, and nobody listened to a word of it."
    segments = [
        segment(long, 0.0, 10.0, speaker="SPEAKER_00"),
        segment("Really?", 3.0, 4.0, speaker="SPEAKER_01"),
    ]
    text = WRITERS["srt"].text(transcript(segments), RenderOptions())
    names = [line.partition(":")[0] for line in text.splitlines() if line.startswith("SPEAKER")]
    assert names == ["SPEAKER_00", "SPEAKER_01", "SPEAKER_00"]
    assert len(text.split("\n\n")) == len(names)


def test_refined_text_has_the_times_of_the_words_that_stayed() -> None:
    said = segment("um so we we met in London", 0.0, 6.0)
    refined = Segment(
        id=0, start=0.0, end=6.0, text="So, we met in London.", words=said.words, raw_text=said.text
    )
    rules = SubtitleRules(max_line_width=8, max_line_count=1, min_gap_s=0.0)
    cues = build_cues(transcript([refined]), rules)
    assert " ".join(cue.text() for cue in cues) == "So, we met in London."
    met = next(word for word in said.words if word.text == " met")
    assert any(cue.start == met.start for cue in cues if cue.text().startswith("met"))


def test_highlighting_follows_each_word() -> None:
    options = RenderOptions(subtitles=SubtitleRules(highlight_words=True))
    text = WRITERS["srt"].text(transcript([segment("one two <b>", 0.0, 3.0)]), options)
    assert "<u>one</u> two \uff1cb\uff1e\n" in text
    assert "one <u>two</u> \uff1cb\uff1e\n" in text
    assert (
        WRITERS["vtt"]
        .text(transcript([segment("a <b>", 0.0, 3.0)]), options)
        .endswith("a <u>&lt;b&gt;</u>\n")
    )


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"max_line_width": 7}, "--max-line-width is 7, but must be at least 8"),
        ({"max_line_count": 0}, "--max-line-count is 0, but must be at least 1"),
        ({"max_words_per_line": 0}, "--max-words-per-line is 0, but must be at least 1"),
        ({"max_cue_duration_s": 0.0}, r"--max-cue-duration is 0, but must be 0\.1 s or more"),
        ({"min_cue_duration_s": 8.0}, "--min-cue-duration is 8, but must be from 0 to 7 s"),
        ({"max_cps": 0.5}, r"--max-cps is 0\.5, but must be at least 1"),
        ({"min_gap_s": float("nan")}, "--min-gap is nan, but must be from 0 to 1 s"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_impossible_rules_are_refused(values: dict[str, float], message: str) -> None:
    with pytest.raises(SubtitleRulesError, match=message):
        SubtitleRules(**values)  # type: ignore[arg-type] # integers and floats by name


LETTERS = st.text(
    st.sampled_from("abcdefghij.,?!'-&<>{}\\éßжשمक本の語。、「ーก็👩🏽é\u200d"),
    min_size=1,
    max_size=14,
)


@st.composite
def spoken_transcripts(draw: st.DrawFn) -> Transcript:
    """Segments in time order, with or without words, by several speakers, with gaps."""
    segments: list[Segment] = []
    now = 0.0
    for number in range(draw(st.integers(1, 4))):
        speaker = draw(st.sampled_from([None, "SPEAKER_00", "SPEAKER_01"]))
        words: list[Word] = []
        for text in draw(st.lists(LETTERS, min_size=1, max_size=25)):
            now += draw(st.sampled_from([0.0, 0.02, 0.4, 3.0]))
            start = now
            now = round(now + draw(st.floats(0.001, 2.5)), 3)
            space = " " if draw(st.booleans()) or not words else ""
            words.append(Word(text=space + text, start=start, end=now))
        timed = tuple(words) if draw(st.booleans()) else ()
        segments.append(
            Segment(
                id=number,
                start=words[0].start,
                end=now,
                text="".join(word.text for word in words).strip(),
                words=timed,
                speaker=speaker,
            )
        )
    return transcript(segments, duration_s=now + draw(st.floats(0.0, 5.0)))


def letters(text: str) -> str:
    """Return a text without white space and dashes, with which speakers begin."""
    return "".join(text.replace("-", "").split())


RULES = st.builds(
    SubtitleRules,
    max_line_width=st.integers(8, 50),
    max_line_count=st.integers(1, 3),
    max_cue_duration_s=st.floats(1.0, 10.0),
    max_words_per_line=st.none() | st.integers(1, 6),
)


@given(found=spoken_transcripts(), rules=RULES, named=st.booleans())
def test_every_rule_holds_for_anything_that_is_said(
    found: Transcript, rules: SubtitleRules, named: bool
) -> None:
    cues = build_cues(found, rules, (lambda label: label) if named else None)
    said = "".join(item.text for item in found.segments)
    shown = "".join(cue.text() for cue in cues)
    shown = shown.replace("SPEAKER_00:", "").replace("SPEAKER_01:", "")
    assert sorted(letters(shown)) == sorted(letters(said))
    for cue in cues:
        assert 0 < cue.end - cue.start <= rules.max_cue_duration_s + 0.001
        assert 1 <= len(cue.lines) <= rules.max_line_count
        for line in cue.text().split("\n"):
            assert width(line) <= rules.max_line_width or " " not in line
    assert all(left.end <= right.start for left, right in pairwise(cues))


@pytest.mark.parametrize(("name", "limit_s"), [("ass", 36_000.0), ("stl", 86_400.0)])
def test_times_that_a_format_cannot_hold_are_refused(name: str, limit_s: float) -> None:
    held = one_segment("Late.", start=limit_s - 3, end=limit_s - 1)
    late = one_segment("Too late.", start=limit_s - 1, end=limit_s + 1)
    assert WRITERS[name].unmet_need(held) is None
    error = WRITERS[name].unmet_need(late)
    assert error is not None
    assert error.code == "format_unwritable"
    assert error.message.startswith(f"{name} cannot hold the transcript of talk.wav: ")
