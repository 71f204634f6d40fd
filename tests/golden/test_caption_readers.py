"""Foreign readers find in captions, lyrics, chapters and STM what was in the transcripts."""

import io
import json
from fractions import Fraction
from xml.etree import ElementTree as ET

import av
import pysubs2
import pytest
import srt  # type: ignore[import-untyped] # it has no types
import ttconv.imsc.reader  # type: ignore[import-untyped] # it has no types
import ttconv.srt.writer  # type: ignore[import-untyped] # as above
import ttconv.stl.reader  # type: ignore[import-untyped] # as above
import webvtt
from tests.golden.test_golden_readers import every, letters, said, without_labels
from tests.golden.write import golden_file
from tests.support.transcripts import GOLDEN, segment, transcript
from ttconv.stl.config import STLReaderConfiguration  # type: ignore[import-untyped] # as above

from dalston_cli.formats.options import RenderOptions
from dalston_cli.formats.registry import WRITERS
from dalston_cli.formats.subtitles.rules import SubtitleRules


def cues_of_stl(data: bytes) -> list[srt.Subtitle]:
    config = STLReaderConfiguration(program_start_tc="TCP")
    model = ttconv.stl.reader.to_model(io.BytesIO(data), config)
    return list(srt.parse(ttconv.srt.writer.from_model(model)))


@every
def test_ttconv_reads_ttml_and_sees_the_cues_of_srt(name: str) -> None:
    tree = ET.parse(golden_file(name, "ttml"))
    read = ttconv.srt.writer.from_model(ttconv.imsc.reader.to_model(tree))
    cues = list(srt.parse(read))
    expected = list(srt.parse(golden_file(name, "srt").read_text()))
    assert [(cue.start, cue.end) for cue in cues] == [(cue.start, cue.end) for cue in expected]
    assert letters(without_labels("".join(cue.content for cue in cues))) == said(GOLDEN[name]())


@pytest.mark.parametrize("name", ["monologue", "meeting"])
@pytest.mark.parametrize("rate", ["25", "29.97"])
def test_ttconv_reads_stl(name: str, rate: str) -> None:
    options = RenderOptions(frame_rate=rate, start_timecode=(10, 0, 0, 0))
    data = WRITERS["stl"].render(GOLDEN[name](), options)
    cues = cues_of_stl(data)
    expected = list(srt.parse(golden_file(name, "srt").read_text()))
    assert [letters(cue.content) for cue in cues] == [letters(cue.content) for cue in expected]
    half_a_frame_s = 1 / float(Fraction(rate)) / 2 + 0.001
    for cue, other in zip(cues, expected, strict=True):
        assert cue.start.total_seconds() == pytest.approx(
            other.start.total_seconds(), abs=half_a_frame_s
        )


@pytest.mark.parametrize(
    ("spoken", "shown"),
    [
        (
            "Éric, çà: \u2018naïve\u2019 Łódź, Győr, “ÅÆØ” — ♪ 5 €…",
            "Éric, çà: \u2018naïve\u2019 Łódź, Győr, “ÅÆØ” — ♪ 5 EUR...",
        ),
        ("Привет, как дела?", "Привет, как дела?"),
        ("Καλημέρα, τι κάνεις;", "Καλημέρα, τι κάνεις;"),
        ("שלום, מה שלומך?", "שלום, מה שלומך?"),
        ("مرحبا كيف حالك", "مرحبا كيف حالك"),
    ],
    ids=["latin", "cyrillic", "greek", "hebrew", "arabic"],
)
def test_ttconv_reads_the_letters_of_stl(spoken: str, shown: str) -> None:
    data = WRITERS["stl"].render(transcript([segment(spoken, 0.0, 9.0)]), RenderOptions())
    cues = cues_of_stl(data)
    assert letters("".join(cue.content for cue in cues)) == letters(shown)


def test_a_long_cue_of_stl_goes_on_in_a_second_block() -> None:
    said_at_once = " ".join(["Donaudampfschifffahrtsgesellschaft"] * 6)
    rules = SubtitleRules(max_line_width=120, max_cps=100.0)
    found = transcript([segment(said_at_once, 0.0, 6.0)])
    data = WRITERS["stl"].render(found, RenderOptions(subtitles=rules))
    cues = cues_of_stl(data)
    assert letters("".join(cue.content for cue in cues)) == letters(said_at_once)


def test_every_reader_sees_two_speakers_at_once_on_two_lines() -> None:
    said = [
        segment("Good morning.", 1.0, 2.4, speaker="SPEAKER_00"),
        segment("Yes, hello!", 1.2, 2.6, speaker="SPEAKER_01"),
    ]
    found = transcript(said)
    options = RenderOptions(speakers=False)
    data = {
        name: WRITERS[name].render(found, options) for name in ("srt", "vtt", "ass", "ttml", "stl")
    }
    lines = "- Good morning.\n- Yes, hello!"
    tree = ET.ElementTree(ET.fromstring(data["ttml"]))
    read = ttconv.srt.writer.from_model(ttconv.imsc.reader.to_model(tree))
    shown = {
        "srt": [cue.content for cue in srt.parse(data["srt"].decode())],
        "vtt": [cue.text for cue in webvtt.from_string(data["vtt"].decode()).captions],
        "ass": [event.plaintext for event in pysubs2.SSAFile.from_string(data["ass"].decode())],
        "ttml": [cue.content for cue in srt.parse(read)],
        "stl": [cue.content for cue in cues_of_stl(data["stl"])],
    }
    assert shown == {name: [lines] for name in data}


@every
def test_ffmpeg_reads_lyrics(name: str) -> None:
    with av.open(str(golden_file(name, "lrc")), format="lrc") as file:
        lines = [
            (float(packet.pts * packet.time_base), bytes(packet).decode())
            for packet in file.demux()
            if packet.pts is not None and packet.time_base is not None
        ]
    found = GOLDEN[name]()
    assert lines[0][0] == pytest.approx(found.segments[0].start, abs=0.011)
    plain = said(found).translate(str.maketrans("[]<>", "()()"))
    assert letters(without_labels("".join(text for _, text in lines))) == plain


def test_ffmpeg_reads_chapters() -> None:
    found = GOLDEN["meeting"]()
    with av.open(str(golden_file("meeting", "ffmetadata")), format="ffmetadata") as file:
        chapters = file.chapters()
        assert file.metadata["title"] == found.title
    assert [(each["start"], each["metadata"]["title"]) for each in chapters] == [
        (round(each.start * 1000), each.title) for each in found.chapters
    ]


def test_a_podcasts_chapters_are_json() -> None:
    found = json.loads(golden_file("meeting", "podcast").read_text())
    assert found["version"] == "1.2.0"
    assert [(each["startTime"], each["title"]) for each in found["chapters"]] == [
        (each.start, each.title) for each in GOLDEN["meeting"]().chapters
    ]


@every
def test_stm_has_the_fields_of_its_definition(name: str) -> None:
    segments = GOLDEN[name]().segments
    lines = [line.split(" ", 5) for line in golden_file(name, "stm").read_text().splitlines()]
    assert sorted(float(line[3]) for line in lines) == sorted(each.start for each in segments)
    assert all(float(line[3]) < float(line[4]) for line in lines)
    assert {line[2] for line in lines} <= {"unknown", "SPEAKER_00", "SPEAKER_01"}
    spoken = letters("".join(line[5] for line in lines))
    assert spoken == said(GOLDEN[name]()).translate(dict.fromkeys(map(ord, "{}()<>")))
