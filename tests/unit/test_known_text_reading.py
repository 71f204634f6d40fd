"""Known texts of each kind: their sentences or lines, in paragraphs."""

from pathlib import Path

import pytest

from dalston_cli.formats.readers.errors import MalformedFileError
from dalston_cli.known_text.dividing import sentences, split_words
from dalston_cli.known_text.reading import TextUnreadableError, read_text

PAGE = """<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"
 xmlns:epub="http://www.idpf.org/2007/ops"><head><title>No</title><style>p {}</style></head>
<body><nav><p>Contents</p></nav><h1>Chapter&#160;I</h1>
<p>It was <em>cold</em>. <span epub:type="pagebreak">12</span>We
 waited<a epub:type="noteref">3</a>.</p><p hidden="hidden">Not this.</p>
<script>alert(1)</script><p><ruby>\u6771\u4eac<rt>\u3068\u3046</rt></ruby>\u3067\u3059\u3002</p>
<p>One line<br/>another</p></body></html>"""


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        pytest.param(
            "a.txt",
            "\ufeffA line\nthat goes on. Mr. Hill came!\n\n* * *\n\n\u201cWho?\u201d he said.\n",
            [
                ("A line that goes on.", 0),
                ("Mr. Hill came!", 0),
                ("\u201cWho?\u201d he said.", 1),
            ],
            id="text",
        ),
        pytest.param(
            "a.md",
            "# Part *one*\n\nA [link](http://x.org) and `code`.\nMore.\n\n- first\n- second\n",
            [("Part one", 0), ("A link and code.", 1), ("More.", 1), ("first", 2), ("second", 3)],
            id="markdown",
        ),
        pytest.param(
            "a.xhtml",
            PAGE,
            [
                ("Chapter I", 0),
                ("It was cold.", 1),
                ("We waited.", 1),
                ("\u6771\u4eac\u3067\u3059\u3002", 2),
                ("One line another", 3),
            ],
            id="a chapter of an EPUB",
        ),
        pytest.param(
            "a.srt",
            "1\n00:00:01,000 --> 00:00:02,000\nfirst <i>cue</i>\nof two\n\n"
            "2\n00:00:03,000 --> 00:00:04,000\nlast\n",
            [("first cue of two", None), ("last", None)],
            id="SubRip",
        ),
        pytest.param(
            "a.vtt",
            "WEBVTT\n\n00:01.000 --> 00:02.000\n<v Ada>hello</v>\n",
            [("hello", None)],
            id="WebVTT",
        ),
        pytest.param(
            "a.lrc",
            "[ti:Song]\n[00:01.00]Sing <00:02.00>it\n[00:03.00]again\n\n[00:09.00]Chorus\n",
            [("Sing it", 0), ("again", 0), ("Chorus", 1)],
            id="lyrics",
        ),
    ],
)
def test_a_text_is_read(
    tmp_path: Path, name: str, text: str, expected: list[tuple[str, int | None]]
) -> None:
    file = tmp_path / name
    file.write_text(text, encoding="utf-8")
    found = read_text(file, by_line=False)
    assert [(unit.text, unit.paragraph) for unit in found.units] == expected
    assert found.name == str(file)


def test_lines_are_segments_where_that_is_said(tmp_path: Path) -> None:
    file = tmp_path / "song.txt"
    file.write_text("First line\nsecond. And more\n\nChorus\n", encoding="utf-16")
    units = read_text(file, by_line=True).units
    assert [(unit.text, unit.paragraph) for unit in units] == [
        ("First line", 0),
        ("second. And more", 0),
        ("Chorus", 1),
    ]


@pytest.mark.parametrize(
    ("name", "data", "problem"),
    [
        pytest.param("a.txt", b"\xff\xe9\n", "it is no UTF-8", id="another encoding"),
        pytest.param("a.txt", b" \n--\n", "there is no word in it", id="without words"),
        pytest.param("a.pdf", b"%PDF", r"\.pdf is no kind of text", id="another kind"),
    ],
)
def test_what_is_no_text_is_refused(tmp_path: Path, name: str, data: bytes, problem: str) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(TextUnreadableError, match=problem) as raised:
        read_text(tmp_path / name, by_line=False)
    assert ".txt" in (raised.value.hint or "")
    with pytest.raises(TextUnreadableError, match="No such file"):
        read_text(tmp_path / "missing.txt", by_line=False)
    (tmp_path / "a.srt").write_text("no subtitles")
    with pytest.raises(MalformedFileError):
        read_text(tmp_path / "a.srt", by_line=False)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("Go. Now.", ["Go.", "Now."], id="two"),
        pytest.param(
            "Mrs. Hill saw J. Fox. It ran.", ["Mrs. Hill saw J. Fox.", "It ran."], id="short"
        ),
        pytest.param("\u201cStop!\u201d she cried.", ["\u201cStop!\u201d she cried."], id="speech"),
        pytest.param("Well\u2026 perhaps.", ["Well\u2026 perhaps."], id="a pause"),
        pytest.param(
            "\u96e8\u3067\u3059\u3002\u5bd2\u3044\u3002",
            ["\u96e8\u3067\u3059\u3002", "\u5bd2\u3044\u3002"],
            id="without spaces",
        ),
    ],
)
def test_a_text_is_divided_into_sentences(text: str, expected: list[str]) -> None:
    assert [*sentences(text)] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("one two", ["one", " two"], id="words"),
        pytest.param("- one \u2014 two!", ["- one \u2014", " two!"], id="marks"),
        pytest.param("house\u2014and", ["house\u2014", "and"], id="a dash"),
        pytest.param(
            "\u300c\u96e8\u3001\u98a8\u300d", ["\u300c\u96e8\u3001", "\u98a8\u300d"], id="letters"
        ),
    ],
)
def test_words_joined_are_the_text(text: str, expected: list[str]) -> None:
    assert split_words(text) == expected
    assert "".join(expected) == text
