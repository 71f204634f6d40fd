"""The registry, names of speakers, paragraphs, and text in all scripts."""

import json
import shlex
import sys
from dataclasses import replace

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.transcripts import dialogue, meeting, monologue, segment, transcript

from dalston_cli.formats import registry
from dalston_cli.formats.options import RenderOptions
from dalston_cli.formats.overview import sections
from dalston_cli.formats.paragraphs import paragraphs
from dalston_cli.formats.registry import (
    WRITERS,
    FormatPackageError,
    UnknownFormatError,
    optional_formats,
    writers_named,
)
from dalston_cli.formats.script import clean, graphemes, joined, width
from dalston_cli.formats.speakers import SpeakerNames
from dalston_cli.formats.timestamp import clock
from dalston_cli.formats.writer import ChaptersMissingError, WordsMissingError
from dalston_cli.stages.merge.labels import name_speakers
from dalston_sdk.wire import Chapter, Segment, Transcript, Word

EVERY = [
    name for name, writer in WRITERS.items() if not (writer.needs_chapters or writer.on_request)
]


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("youtube",), ["youtube"]),
        (("srt",), ["srt"]),
        (("srt,vtt", "json"), ["srt", "vtt", "json"]),
        (("SRT , srt", "txt,"), ["srt", "txt"]),
        (("all",), EVERY),
        (("txt,all",), ["txt", *(name for name in EVERY if name != "txt")]),
    ],
    ids=["chapters", "one", "list", "twice", "all", "all and one"],
)
def test_formats_are_found_by_name(names: tuple[str, ...], expected: list[str]) -> None:
    assert [writer.name for writer in writers_named(names)] == expected


@pytest.mark.parametrize(
    ("name", "hint"),
    [("vt", "use -f vtt"), ("docx!", "use -f docx"), ("wav", "use -f all for every format")],
)
def test_an_unknown_format_is_refused(name: str, hint: str) -> None:
    with pytest.raises(UnknownFormatError, match=f"unknown output format '{name}'") as caught:
        writers_named((name,))
    assert caught.value.hint == hint


def test_a_format_whose_package_is_missing_is_refused_by_name_and_no_part_of_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    other = replace(WRITERS["docx"], package="no_package_of_this_name")
    monkeypatch.setattr(registry, "WRITERS", {**WRITERS, "docx": other})
    with pytest.raises(FormatPackageError) as caught:
        writers_named(("txt,docx",))
    assert caught.value.hint == f"{shlex.quote(sys.executable)} -m pip install 'dalston[docs]'"
    assert "docx" not in {writer.name for writer in writers_named(("all",))}


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (transcript([segment("Grüß Gott, Łukasz!", 0, 1)]), None),
        (transcript([segment("Привет", 0, 1)]), None),
        (transcript([segment("Привет, Zoë!", 0, 1)]), "no code table, or of several"),
        (transcript([segment("こんにちは", 0, 1)]), "no code table, or of several"),
    ],
    ids=["latin", "cyrillic", "both", "japanese"],
)
def test_stl_holds_the_letters_of_one_code_table(found: Transcript, expected: str | None) -> None:
    error = WRITERS["stl"].unmet_need(found)
    assert (error is None) == (expected is None)
    if error is not None:
        assert (
            f"stl cannot hold the transcript of talk.wav: its letters are of {expected}"
            == error.message
        )


def test_a_list_of_chapters_needs_some() -> None:
    error = WRITERS["youtube"].unmet_need(transcript([segment("Hello.", 0, 1)]))
    assert isinstance(error, ChaptersMissingError)
    assert "--chapters" in str(error.hint)


@pytest.mark.parametrize(
    ("starts", "expected"),
    [
        ([4.0, 60.0, 3599.0], "0:00 C0\n1:00 C1\n59:59 C2\n"),
        ([0.0, 60.0, 3725.5], "0:00:00 C0\n0:01:00 C1\n1:02:05 C2\n"),
        ([0.0, 9.9, 20.0], "0:00 C0\n0:20 C2\n"),
    ],
    ids=["first-at-0", "hours", "too-short"],
)
def test_a_videos_chapters_are_as_the_site_reads_them(starts: list[float], expected: str) -> None:
    chapters = tuple(
        Chapter(start=start, end=start + 1, title=f"C{index}") for index, start in enumerate(starts)
    )
    found = msgspec.structs.replace(transcript([segment("Hi.", 0, 1)]), chapters=chapters)
    assert WRITERS["youtube"].text(found, RenderOptions()) == expected


def test_times_stand_before_paragraphs_of_plain_text_where_wanted() -> None:
    found = transcript([segment("Hello there.", 3661.5, 3663.0)])
    assert WRITERS["txt"].text(found, RenderOptions(timestamps=True)) == "[01:01:01] Hello there.\n"


def test_every_format_has_its_own_extension() -> None:
    assert len({writer.extension for writer in WRITERS.values()}) == len(WRITERS)
    assert all(writer.extension.startswith(".") and writer.summary for writer in WRITERS.values())


TEXTS = [name for name, writer in WRITERS.items() if not writer.binary]


@pytest.mark.parametrize("name", TEXTS)
def test_a_transcript_without_text_can_be_written(name: str) -> None:
    text = WRITERS[name].text(transcript([]), RenderOptions())
    assert "None" not in text
    assert text == "" or text.endswith("\n")


@pytest.mark.parametrize(
    ("labels", "options", "expected"),
    [
        ([None], {}, [None]),
        (["S0"], {}, [None]),
        (["S0", "S1"], {}, ["S0", "S1"]),
        (["S0", None], {}, [None, None]),
        (["S0"], {"speakers": True}, ["S0"]),
        (["S0", "S1"], {"speakers": False}, [None, None]),
        (["Ada"], {}, ["Ada"]),
        (["Ada"], {"speakers": False}, [None]),
        (["S0", " B\nC "], {}, ["S0", "B C"]),
    ],
    ids=[
        "none", "one", "two", "one and none", "wanted", "unwanted",
        "named", "named and unwanted", "on one line",
    ],
)  # fmt: skip
def test_speakers_are_shown_where_it_helps(
    labels: list[str | None], options: dict[str, object], expected: list[str | None]
) -> None:
    found = msgspec.structs.replace(
        transcript([segment("Hi.", 1, 2, speaker=label) for label in labels]),
        speaker_names={"SPEAKER_00": "Ada"},
    )
    names = SpeakerNames.of(found, RenderOptions(**options))  # type: ignore[arg-type] # by name
    assert [names.get(label) for label in labels] == expected


def test_names_reach_every_format_that_has_speakers() -> None:
    named = name_speakers(dialogue(), {"SPEAKER_00": "Ada <&> L", "SPEAKER_01": "=B,C"})
    expected = {
        "txt": "Ada <&> L: こんにちは",
        "srt": "Ada \uff1c&\uff1e L: こんにちは",
        "vtt": "<v Ada &lt;&amp;&gt; L>こんにちは",
        "ass": ",=B;C,0,0,0,,=B,C:",
        "csv": '"\'=B,C"',
        "md": r"**Ada \<&amp;\> L:**",
        "rttm": " Ada_<&>_L ",
        "textgrid": '"Ada <&> L: words"',
    }
    for name, text in expected.items():
        assert text in WRITERS[name].text(named, RenderOptions()), name
    document = json.loads(WRITERS["json"].text(named, RenderOptions()))
    assert [item["speaker"] for item in document["segments"]] == ["Ada <&> L", "=B,C"]
    assert document["speaker_names"]["SPEAKER_01"] == "=B,C"


@pytest.mark.parametrize(
    ("segments", "expected"),
    [
        ([segment("One.", 0, 1), segment("Two.", 1.5, 2)], ["One. Two."]),
        ([segment("One.", 0, 1), segment("Two.", 3.5, 4)], ["One.", "Two."]),
        (
            [segment("One.", 0, 1, speaker="A"), segment("Two.", 1, 2, speaker="B")],
            ["One.", "Two."],
        ),
        ([segment("x" * 600, 0, 1), segment("Two.", 1, 2)], ["x" * 600 + " Two."]),
        ([segment("x" * 600 + '."', 0, 1), segment("Two.", 1, 2)], ["x" * 600 + '."', "Two."]),
        ([Segment(id=0, start=0, end=1, text=" \n ")], []),
    ],
    ids=["together", "pause", "speakers", "full in a sentence", "full after it", "blank"],
)
def test_paragraphs_end_with_the_thought(segments: list[Segment], expected: list[str]) -> None:
    assert [paragraph.text for paragraph in paragraphs(segments)] == expected


def test_owners_have_the_names_of_speakers() -> None:
    named = name_speakers(meeting(), {"SPEAKER_01": "Ada"})
    options = RenderOptions()
    assert "- **Ada:** Paint the doors. (`00:00:04`)" in WRITERS["md"].text(named, options)
    assert "- Paint the doors. (Ada)" in WRITERS["txt"].text(named, options)


@pytest.mark.parametrize(
    ("starts", "expected"),
    [
        ((), [(None, [0, 1, 2, 3])]),
        ((0.5,), [(0.5, [0, 1, 2, 3])]),
        ((4.0, 12.0), [(None, [0]), (4.0, [1, 2]), (12.0, [3])]),
        ((0.5, 4.5, 5.0), [(0.5, [0, 1]), (4.5, []), (5.0, [2, 3])]),
    ],
    ids=["none", "all", "late", "empty"],
)
def test_segments_stand_under_their_chapters(
    starts: tuple[float, ...], expected: list[tuple[float | None, list[int]]]
) -> None:
    chapters = tuple(Chapter(start=start, end=14.0, title="A chapter") for start in starts)
    found = sections(msgspec.structs.replace(meeting(), chapters=chapters))
    assert [
        (each.chapter.start if each.chapter else None, [one.id for one in each.segments])
        for each in found
    ] == expected


def test_one_segment_without_words_spoils_a_ctm_and_silence_does_not() -> None:
    silent = Segment(id=9, start=20, end=21, text=" ")
    found = msgspec.structs.replace(monologue(), segments=(*monologue().segments, silent))
    writer = WRITERS["ctm"]
    assert writer.text(found, RenderOptions()) == writer.text(monologue(), RenderOptions())
    spoiled = msgspec.structs.replace(
        found, segments=(msgspec.structs.replace(silent, text="words"),)
    )
    assert writer.unmet_need(found) is None
    error = writer.unmet_need(spoiled)
    assert isinstance(error, WordsMissingError)
    assert "times for segments only" in error.message


def test_a_textgrid_holds_segments_that_overlap() -> None:
    found = transcript([segment("one", 0, 5), segment("two", 3, 4), segment("three", 3, 31)])
    text = WRITERS["textgrid"].text(found, RenderOptions())
    assert "xmax = 31 " in text
    assert [word in text for word in ("one", "two", "three")] == [True] * 3


@pytest.mark.parametrize(
    ("text", "columns", "letters"),
    [
        ("abc", 3, 3),
        ("日本", 4, 2),
        ("e\u0301", 1, 1),
        ("👩‍👩‍👧", 2, 1),
        ("👍🏽", 2, 1),
        ("ก้", 1, 1),
        ("مرحبا", 5, 5),
        ("ﾃｽﾄ", 3, 3),
    ],
    ids=["Latin", "Han", "accent", "family", "skin", "Thai", "Arabic", "half width"],
)
def test_text_has_its_width(text: str, columns: int, letters: int) -> None:
    assert (width(text), len(graphemes(text))) == (columns, letters)


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["Hello.", "You."], "Hello. You."),
        (["こんにちは。", "世界"], "こんにちは。世界"),
        (["世界", "OK", "です"], "世界 OK です"),
        (["", "a", ""], "a"),
        ([], ""),
    ],
    ids=["Latin", "Japanese", "mixed", "empty", "none"],
)
def test_texts_are_joined_as_their_script_is_written(texts: list[str], expected: str) -> None:
    assert joined(texts) == expected


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0, "00:00:00.000"),
        (-1, "00:00:00.000"),
        (59.9996, "00:01:00.000"),
        (360_000.5, "100:00:00.500"),
    ],
    ids=["start", "before", "rounded up", "100 hours"],
)
def test_clock(seconds: float, expected: str) -> None:
    assert clock(seconds) == expected


SPOKEN = st.text(min_size=1, max_size=40).filter(lambda text: clean(text) != "")


@given(texts=st.lists(SPOKEN, max_size=5), name=st.text(max_size=10))
def test_every_format_can_be_written_whatever_is_said(texts: list[str], name: str) -> None:
    segments = [
        Segment(id=index, start=index, end=index + 1, text=text, speaker=(name, "S1")[index % 2])
        for index, text in enumerate(texts)
    ]
    found = transcript(segments)
    options = RenderOptions()
    for writer in WRITERS.values():
        if writer.unmet_need(found) is None:
            assert isinstance(writer.render(found, options), bytes)
    decoded = msgspec.json.decode(WRITERS["json"].text(found, options), type=Transcript)
    assert decoded == found


@given(text=st.text(), other=st.text())
def test_clean_text_is_one_line(text: str, other: str) -> None:
    cleaned = clean(f"{text}\n{other}")
    assert cleaned.splitlines() in ([cleaned], [])
    assert clean(cleaned) == cleaned


@pytest.mark.parametrize(
    ("names", "kept"),
    [
        pytest.param(("all",), set(WRITERS), id="all"),
        pytest.param(("srt, ALL",), set(WRITERS) - {"srt"}, id="named beside all"),
        pytest.param(("ctm", "srt"), set(), id="named"),
    ],
)
def test_only_formats_that_all_stands_for_are_optional(
    names: tuple[str, ...], kept: set[str]
) -> None:
    assert optional_formats(names) == kept


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_no_format_holds_what_a_terminal_obeys(name: str) -> None:
    evil = "\x1b]0;owned\x07\x9b31m\x7f"
    word = Word(text=f"{evil}hello", start=0.0, end=0.5, confidence=0.9)
    said = Segment(id=1, start=0.0, end=1.0, text=f"{evil}hello", words=(word,), speaker=evil)
    chapter = Chapter(start=0.0, end=1.0, title=f"{evil}hello")
    found = msgspec.structs.replace(transcript([said]), chapters=(chapter,))
    text = WRITERS[name].text(found, RenderOptions())
    assert "hello" in text or name in {"rttm", "smil"}  # they have times alone
    assert not set(text) & set("\x00\x07\x1b\x7f\x9b")
    if name == "json":
        assert json.loads(text)["segments"][0]["text"] == f"{evil}hello"
