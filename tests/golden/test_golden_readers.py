"""Foreign readers find in the golden files what was in the transcripts.

Each format is read by a library that is not ours, or, where there is none that is small (RTTM,
CTM), field by field as the format's definition says.
"""

import csv
import io
import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pysubs2
import pytest
import srt  # type: ignore[import-untyped] # it has no types
import tgt  # type: ignore[import-untyped] # it has no types
import webvtt
from markdown_it import MarkdownIt
from praatio import textgrid  # type: ignore[import-untyped] # it has no types
from tests.golden.write import golden_file
from tests.support.transcripts import GOLDEN

from dalston_cli.formats.look_alikes import OVERRIDES_AND_TAGS
from dalston_cli.formats.script import clean
from dalston_sdk.wire import Transcript

NAMES = tuple(GOLDEN)
with_words = pytest.mark.parametrize("name", ["monologue", "dialogue"])
every = pytest.mark.parametrize("name", NAMES)


def letters(text: str) -> str:
    """Return the letters, which must be kept however lines are broken."""
    return "".join(text.split())


def said(transcript: Transcript) -> str:
    return letters("".join(clean(segment.text) for segment in transcript.segments))


def in_subrip(transcript: Transcript) -> str:
    return said(transcript).replace("-->", "→").translate(OVERRIDES_AND_TAGS)


def without_labels(text: str) -> str:
    return text.replace("SPEAKER_00:", "").replace("SPEAKER_01:", "")


@every
def test_srt_package_reads_srt(name: str) -> None:
    transcript = GOLDEN[name]()
    cues = list(srt.parse(golden_file(name, "srt").read_text()))
    assert [cue.index for cue in cues] == list(range(1, len(cues) + 1))
    text = without_labels("".join(cue.content for cue in cues))
    assert letters(text) == in_subrip(transcript)
    assert cues[0].start.total_seconds() == transcript.segments[0].start
    assert all(left.end <= right.start for left, right in pairwise(cues))


@every
def test_pysubs2_reads_srt_and_sees_the_same_cues(name: str) -> None:
    text = golden_file(name, "srt").read_text()
    events = pysubs2.SSAFile.from_string(text, format_="srt", keep_html_tags=True).events
    cues = list(srt.parse(text))
    assert [(event.start, event.end) for event in events] == [
        (round(cue.start.total_seconds() * 1000), round(cue.end.total_seconds() * 1000))
        for cue in cues
    ]


@every
def test_pysubs2_reads_ass(name: str) -> None:
    transcript = GOLDEN[name]()
    events = pysubs2.SSAFile.from_string(golden_file(name, "ass").read_text()).events
    text = without_labels("".join(event.plaintext for event in events))
    expected = said(transcript).translate(
        {ord("{"): "\uff5b", ord("}"): "\uff5d", ord("\\"): "\uff3c"}
    )
    assert letters(text) == expected
    assert {event.name for event in events} <= {"", "SPEAKER_00", "SPEAKER_01"}
    assert events[-1].name == (transcript.segments[-1].speaker or "")


@every
def test_webvtt_reads_vtt(name: str) -> None:
    transcript = GOLDEN[name]()
    cues = webvtt.from_buffer(io.StringIO(golden_file(name, "vtt").read_text())).captions
    assert letters("".join(cue.text for cue in cues)) == letters(
        said(transcript).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    )
    assert {cue.voice for cue in cues} == {segment.speaker for segment in transcript.segments}
    assert cues[-1].start_in_seconds >= transcript.segments[-1].start - 1


@every
def test_praatio_reads_textgrid(name: str) -> None:
    transcript = GOLDEN[name]()
    grid = textgrid.openTextgrid(str(golden_file(name, "textgrid")), includeEmptyIntervals=False)
    others = ("words", "emotion")
    tiers = [
        tier for tier in grid.tierNames if not (tier.endswith(others) or tier.startswith("event:"))
    ]
    spoken = sorted(
        (entry.start, entry.end, entry.label)
        for tier in tiers
        for entry in grid.getTier(tier).entries
    )
    assert spoken == [
        (segment.start, segment.end, clean(segment.text)) for segment in transcript.segments
    ]
    events = [
        (entry.start, entry.end, tier.removeprefix("event: "))
        for tier in grid.tierNames
        if tier.startswith("event:")
        for entry in grid.getTier(tier).entries
    ]
    assert events == [(event.start, event.end, event.label) for event in transcript.events]
    felt = [
        entry.label
        for tier in grid.tierNames
        if tier.endswith("emotion")
        for entry in grid.getTier(tier).entries
    ]
    assert felt == [each.emotion.label for each in transcript.segments if each.emotion]


@with_words
def test_tgt_reads_the_words_of_a_textgrid(name: str) -> None:
    transcript = GOLDEN[name]()
    grid = tgt.io.read_textgrid(str(golden_file(name, "textgrid")), encoding="utf-8")
    words = [
        interval.text
        for tier in grid.tiers
        if tier.name.endswith("words")
        for interval in tier.intervals
    ]
    assert words == [word.text.strip() for item in transcript.segments for word in item.words]


@every
def test_whispers_tsv_is_read_by_csv(name: str) -> None:
    rows = list(
        csv.DictReader(
            io.StringIO(golden_file(name, "tsv").read_text()),
            delimiter="\t",
            quoting=csv.QUOTE_NONE,
        )
    )
    assert [(int(row["start"]), int(row["end"]), row["text"]) for row in rows] == [
        (round(item.start * 1000), round(item.end * 1000), clean(item.text))
        for item in GOLDEN[name]().segments
    ]


@every
def test_csv_is_read_by_csv_and_holds_no_formula(name: str) -> None:
    rows = list(csv.DictReader(io.StringIO(golden_file(name, "csv").read_text(), newline="")))
    texts = [row["text"] for row in rows]
    assert [text.removeprefix("'") for text in texts] == [
        clean(item.text) for item in GOLDEN[name]().segments
    ]
    assert not [cell for row in rows for cell in row.values() if cell[:1] in set("=+-@\t\r")]


@every
def test_json_is_read_as_whispers_readers_do(name: str) -> None:
    transcript = GOLDEN[name]()
    found: dict[str, Any] = json.loads(golden_file(name, "json").read_text())
    assert (found["text"], found["language"]) == (transcript.text, transcript.language)
    for read, item in zip(found["segments"], transcript.segments, strict=True):
        assert (read["id"], read["start"], read["end"], read["text"]) == (
            item.id,
            item.start,
            item.end,
            item.text,
        )
        words = read.get("words", [])
        assert [(word["word"], word["start"], word["end"]) for word in words] == [
            (word.text, word.start, word.end) for word in item.words
        ]
        assert [word.get("probability") for word in words] == [
            word.confidence for word in item.words
        ]


@pytest.mark.parametrize("name", ["dialogue"])
def test_rttm_has_the_fields_of_its_definition(name: str) -> None:
    transcript = GOLDEN[name]()
    lines = [line.split(" ") for line in golden_file(name, "rttm").read_text().splitlines()]
    expected = transcript.turns or transcript.segments
    assert {(len(line), line[0], line[5], line[6], line[9]) for line in lines} == {
        (10, "SPEAKER", "<NA>", "<NA>", "<NA>")
    }
    assert [float(line[3]) for line in lines] == [item.start for item in expected]
    assert [float(line[3]) + float(line[4]) for line in lines] == pytest.approx(
        [item.end for item in expected], abs=0.0015
    )
    assert [line[7] for line in lines] == [item.speaker for item in expected]


@with_words
def test_ctm_has_the_fields_of_its_definition(name: str) -> None:
    words = [word for item in GOLDEN[name]().segments for word in item.words]
    lines = [line.split(" ") for line in golden_file(name, "ctm").read_text().splitlines()]
    assert [line[4] for line in lines] == [word.text.strip() for word in words]
    assert [float(line[2]) for line in lines] == pytest.approx([word.start for word in words])
    assert all(0 < float(line[3]) < 5 for line in lines)
    assert [line[5:] for line in lines] == [
        [] if word.confidence is None else [f"{word.confidence:.3f}"] for word in words
    ]


@every
def test_markdown_shows_the_text_as_it_is(name: str) -> None:
    tokens = MarkdownIt("commonmark").enable("table").parse(golden_file(name, "md").read_text())
    shown = "".join(
        child.content
        for token in tokens
        for child in token.children or ()
        if child.type in {"text", "text_special"}
    )
    shown = letters(without_labels(shown))
    transcript = GOLDEN[name]()
    written = (transcript.title, transcript.summary, *(each.text for each in transcript.segments))
    written += tuple(each.title for each in transcript.chapters)
    written += tuple(each.text for each in transcript.action_items)
    assert all(letters(clean(text)) in shown for text in written if text)
    assert {token.tag for token in tokens} <= {
        "h1",
        "p",
        "",
        "table",
        "thead",
        "tbody",
        "tr",
        "td",
        "th",
        "blockquote",
        "h2",
        "h3",
        "ul",
        "li",
    }


def test_golden_folder_is_where_the_tests_look() -> None:
    assert golden_file("monologue", "srt").parent == Path(__file__).parent / "files"
