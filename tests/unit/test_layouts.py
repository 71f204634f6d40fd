"""Layouts of programs for research: times, speakers, pauses and events as they are imported."""

import io
from typing import get_args

import mammoth  # type: ignore[import-untyped] # it has no types
import msgspec
import pytest
from docx import Document
from docx.text.run import Run
from tests.support.transcripts import segment, transcript

from dalston_cli.formats.options import RenderOptions
from dalston_cli.formats.registry import WRITERS
from dalston_cli.settings.choices import LayoutName
from dalston_sdk.wire import AudioEvent, Segment, Transcript, Word

ADA, BO = "Ada", "Bo"


def interview() -> Transcript:
    """Two speakers with pauses of three lengths, laughter inside and after what is said."""
    first = segment("Well I do not know", 1.0, 4.0, speaker=ADA)
    words = (
        Word(text=" Well", start=1.0, end=1.4),
        Word(text=" I", start=2.0, end=2.2),
        Word(text=" do", start=2.3, end=2.4),
        Word(text=" not", start=2.4, end=2.6),
        Word(text=" know", start=3.95, end=4.24),
    )
    found = transcript(
        [
            msgspec.structs.replace(first, words=words, end=4.24),
            segment("Why?", 5.0, 5.5, speaker=BO, number=1),
            segment("Because.", 3725.04, 3726.0, speaker=BO, number=2),
        ],
        duration_s=3730.0,
    )
    events = (
        AudioEvent(start=2.25, end=2.3, label="Laughter", score=0.9),
        AudioEvent(start=3727.0, end=3728.0, label="Door", score=0.9),
    )
    return msgspec.structs.replace(found, events=events)


SAID = "Well (.) I (laughter) do not (1.4) know"
TEXTS = {
    "maxqda": f"[00:00:01] Ada: {SAID}\n\n[00:00:05] Bo: Why?\n\n"
    "[01:02:05] Bo: (3719.5) Because. (door)\n",
    "atlas": f"[00:00:01]Ada: {SAID}\n\n[00:00:05]Bo: Why?\n\n"
    "[01:02:05]Bo: (3719.5) Because. (door)\n",
    "f4": f"Ada: {SAID} #00:00:04-2#\n\nBo: Why? #00:00:05-5#\n\n"
    "Bo: (3719.5) Because. (door) #01:02:06-0#\n",
    "nvivo": f"Timespan\tSpeaker\tContent\n00:00:01.0-00:00:04.2\tAda\t{SAID}\n"
    "00:00:05.0-00:00:05.5\tBo\tWhy?\n"
    "01:02:05.0-01:02:06.0\tBo\t(3719.5) Because. (door)\n",
}


def test_every_layout_has_a_text() -> None:
    assert TEXTS.keys() | {"plain"} == set(get_args(LayoutName))


@pytest.mark.parametrize("layout", list(TEXTS))
def test_text_is_as_the_program_imports_it(layout: LayoutName) -> None:
    assert WRITERS["txt"].text(interview(), RenderOptions(layout=layout)) == TEXTS[layout]


@pytest.mark.parametrize("layout", ["maxqda", "atlas", "f4"])
def test_a_word_document_has_the_same_paragraphs_and_nothing_else(layout: LayoutName) -> None:
    data = WRITERS["docx"].render(interview(), RenderOptions(layout=layout))
    read = mammoth.extract_raw_text(io.BytesIO(data)).value
    assert read.strip() == TEXTS[layout].strip()
    document = Document(io.BytesIO(data))
    assert document.tables == []
    bold = [run.text for one in document.paragraphs for run in one.runs if _is_name(run)]
    assert bold == ["Ada:", "Bo:", "Bo:"]


def _is_name(run: Run) -> bool:
    return str(run.style.name) == "Dalston Speaker"


def test_nvivo_has_a_table_in_a_word_document() -> None:
    data = WRITERS["docx"].render(interview(), RenderOptions(layout="nvivo"))
    [table] = Document(io.BytesIO(data)).tables
    rows = ["\t".join(cell.text for cell in row.cells) for row in table.rows]
    assert rows == TEXTS["nvivo"].splitlines()


@pytest.mark.parametrize(
    ("layout", "first"),
    [("f4", f"Ada: {SAID}"), ("maxqda", f"Ada: {SAID}"), ("nvivo", "Speaker\tContent")],
)
def test_times_are_left_out_on_request(layout: LayoutName, first: str) -> None:
    options = RenderOptions(layout=layout, timestamps=False)
    assert WRITERS["txt"].text(interview(), options).splitlines()[0] == first


@pytest.mark.parametrize("layout", get_args(LayoutName))
def test_a_layout_refuses_the_format_that_its_program_does_not_import(layout: LayoutName) -> None:
    options = RenderOptions(layout=layout)
    assert WRITERS["docx"].unfit(options) is None
    error = WRITERS["txt"].unfit(options)
    assert (error is not None) is (layout == "f4")
    assert error is None or error.hint == "use -f docx, or leave out --layout f4"


def test_speakers_are_left_out_on_request_and_silence_is_empty() -> None:
    options = RenderOptions(layout="f4", speakers=False)
    assert WRITERS["txt"].text(interview(), options).startswith("Well (.) I")
    assert WRITERS["txt"].text(transcript([]), RenderOptions(layout="f4")) == ""


def test_a_layout_gives_another_key_and_none_the_old_one() -> None:
    keys = {repr(RenderOptions(layout=layout).key) for layout in get_args(LayoutName)}
    assert len(keys) == 5
    assert RenderOptions().key == RenderOptions(layout="plain").key


def test_japanese_has_no_spaces_between_segments() -> None:
    texts = ("東京です。", "はい。")
    found = transcript([Segment(id=n, start=n, end=n + 1, text=t) for n, t in enumerate(texts)])
    text = WRITERS["txt"].text(found, RenderOptions(layout="maxqda"))
    assert text == "[00:00:00] 東京です。はい。\n"
