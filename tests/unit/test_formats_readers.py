"""Other programs' files become transcripts; what is malformed has its line."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.golden.write import golden_file
from tests.support.transcripts import GOLDEN

from dalston_cli.formats.options import RenderOptions
from dalston_cli.formats.read import TranscriptUnreadableError, is_own, read_transcript
from dalston_cli.formats.readers import whisper
from dalston_cli.formats.readers.errors import MalformedFileError
from dalston_cli.formats.registry import WRITERS
from dalston_sdk.wire import Transcript

SRT = """\
1
00:00:01,000 --> 00:00:02,500
<i>Hello</i> {\\an8}there,
you &amp; I

2
00:00:03,000 --> 00:00:03,000
now
"""
VTT = """\
WEBVTT - talk

NOTE a --> b

first
00:01.000 --> 00:02.500 align:start
<v Ada>Hello <00:00:01.500><c>there</c>

00:00:03.000 --> 00:00:04.000
<v.loud Grace Hopper>Hi &amp; bye
"""
WHISPER: dict[str, Any] = {
    "text": " It is 5 o'clock.",
    "segments": [
        {
            "id": 0,
            "seek": 0,
            "start": 0.5,
            "end": 2.0,
            "text": " It is 5",
            "tokens": [1],
            "words": [
                {"word": " It", "start": 0.5, "end": 0.7, "probability": 0.9},
                {"word": " is", "start": 0.7, "end": 1.0, "probability": 0.8},
                {"word": " 5", "start": 1.0, "end": 2.0, "probability": 0.7},
            ],
        }
    ],
    "language": "en",
}
WHISPERX: dict[str, Any] = {
    "segments": [
        {
            "start": 0.5,
            "end": 2.0,
            "text": " It is 5, no?",
            "speaker": "SPEAKER_01",
            "words": [
                {"word": "It", "start": 0.5, "end": 0.7, "score": 0.9, "speaker": "SPEAKER_01"},
                {"word": "is", "start": 0.7, "end": 1.0, "score": 0.8},
                {"word": "5,"},
                {"word": "no?", "start": 1.6, "end": 2.0, "score": 0.5},
            ],
        },
        {"start": 2.0, "end": 2.0, "text": "", "words": None, "speaker": None},
    ],
    "word_segments": [],
}


def read(folder: Path, name: str, text: str | bytes) -> Transcript:
    file = folder / name
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_transcript(file)


def shown(transcript: Transcript) -> list[tuple[float, float, str, str | None]]:
    return [(each.start, each.end, each.text, each.speaker) for each in transcript.segments]


@pytest.mark.parametrize("change", [str, lambda text: "\ufeff" + text.replace("\n", "\r\n")])
def test_srt(change: Any, tmp_path: Path) -> None:
    transcript = read(tmp_path, "talk.srt", change(SRT))
    assert shown(transcript) == [
        (1.0, 2.5, "Hello there, you & I", None),
        (3.0, 3.001, "now", None),
    ]
    assert transcript.language is None
    assert transcript.recording.name == "talk.srt"
    assert transcript.warnings[0].code == "from_another_program"


def test_vtt(tmp_path: Path) -> None:
    transcript = read(tmp_path, "talk.vtt", VTT)
    assert shown(transcript) == [
        (1.0, 2.5, "Hello there", "Ada"),
        (3.0, 4.0, "Hi & bye", "Grace Hopper"),
    ]
    assert [turn.speaker for turn in transcript.turns] == ["Ada", "Grace Hopper"]


def test_whisper(tmp_path: Path) -> None:
    transcript = read(tmp_path, "talk.json", json.dumps(WHISPER))
    [segment] = transcript.segments
    assert (segment.text, transcript.language) == ("It is 5", "en")
    assert [word.text for word in segment.words] == ["It", " is", " 5"]
    assert [word.confidence for word in segment.words] == [0.9, 0.8, 0.7]


def test_whisperx(tmp_path: Path) -> None:
    transcript = read(tmp_path, "talk.json", json.dumps(WHISPERX))
    [segment] = transcript.segments
    assert segment.speaker == "SPEAKER_01"
    assert [(word.text, word.start, word.end, word.interpolated) for word in segment.words] == [
        ("It", 0.5, 0.7, False),
        (" is", 0.7, 1.0, False),
        (" 5,", 1.0, 1.6, True),
        (" no?", 1.6, 2.0, False),
    ]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        pytest.param("a.srt", "x\n" + SRT, r"a\.srt:1: no subtitle", id="srt-head"),
        pytest.param(
            "a.srt", SRT.replace("03,000 -->", "04,000 -->"), r":7: .* ends", id="srt-end"
        ),
        pytest.param("a.srt", SRT.replace("-->", "->"), ":1: no subtitle", id="srt-arrow"),
        pytest.param("a.srt", SRT.encode() + b"caf\xe9", ":9: this is not UTF-8", id="srt-latin"),
        pytest.param("a.vtt", VTT[2:], ":1: WebVTT begins", id="vtt-head"),
        pytest.param("a.vtt", VTT.replace("02.500", "02,500"), ":6: no times", id="vtt-comma"),
        pytest.param("a.vtt", VTT.replace("02.500", "00.500"), ":6: .* ends", id="vtt-end"),
        pytest.param("a.json", '{"segments":\n[1,]}', ":2: no JSON", id="json-comma"),
        pytest.param(
            "a.json", '{"segments": [{"end": 1, "text": ""}]}', "start.*segments", id="json-start"
        ),
        pytest.param(
            "a.json",
            '{"segments": [{"start": 2, "end": 1, "text": ""}]}',
            r"segments\[0\] is from 2 to 1",
            id="json-end",
        ),
        pytest.param(
            "a.json",
            '{"segments": [{"start": 0, "end": 1e308, "text": "a"}]}',
            r"segments\[0\]\.end is after more than 10000 hours",
            id="json-late",
        ),
        pytest.param(
            "a.json",
            '{"segments": [{"start": 0, "end": 1, "text": "a\\ud800"}]}',
            r"segments\[0\]\.text has half a character",
            id="json-surrogate",
        ),
        pytest.param(
            "a.srt", SRT.replace("00:00:03", "99999999999:00:00"), ":7: no subtitle", id="srt-long"
        ),
        pytest.param(
            "a.srt", SRT.replace("00:00:03", "99999:00:03"), ":7: .* 10000 hours", id="srt-late"
        ),
        pytest.param(
            "a.srt", SRT.replace("&amp", "&#" + "9" * 5000), ":2: .* no such", id="srt-character"
        ),
        pytest.param(
            "a.vtt", VTT.replace("00:00:03", "99999999999:00:03"), ":9: no times", id="vtt-long"
        ),
    ],
)
def test_what_is_malformed_has_its_place(
    name: str, text: str | bytes, message: str, tmp_path: Path
) -> None:
    with pytest.raises(MalformedFileError, match=message):
        read(tmp_path, name, text)


@pytest.mark.parametrize(
    ("text", "num_segments"),
    [
        pytest.param("\n" * 300_000, 0, id="empty-lines"),
        pytest.param("9" * 300_000, None, id="digits"),
        pytest.param(" " * 300_000, 0, id="blanks"),
        pytest.param(SRT + "<a" * 30_000, 2, id="tags"),
        pytest.param(SRT + "x\n\n" * 10_000, 2, id="gaps"),
        pytest.param(SRT + "{\\" * 150_000, 2, id="braces"),
        pytest.param("x" + "1" * 300_000 + "\n" + SRT, None, id="digits-after-a-letter"),
        pytest.param("x" + " " * 300_000 + "x\n" + SRT, None, id="blanks-after-a-letter"),
        pytest.param(SRT + ("9" * 29 + "\n\n") * 10_000, 2, id="numbers"),
    ],
)
def test_texts_on_which_a_parser_goes_back_and_forth(
    text: str, num_segments: int | None, tmp_path: Path
) -> None:
    if num_segments is None:
        with pytest.raises(MalformedFileError, match=":1: no subtitle"):
            read(tmp_path, "a.srt", text)
    else:
        assert len(read(tmp_path, "a.srt", text).segments) == num_segments


def test_a_pipe_and_a_device_are_not_opened(tmp_path: Path) -> None:
    pipe = tmp_path / "a.srt"
    os.mkfifo(pipe)
    device = tmp_path / "a.json"
    device.symlink_to("/dev/zero")
    for file in (pipe, device):
        with pytest.raises(TranscriptUnreadableError, match="no regular file"):
            read_transcript(file)


def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    file = tmp_path / "a.vtt"
    with file.open("wb") as opened:
        opened.truncate(257_000_000)
    with pytest.raises(TranscriptUnreadableError, match="it has 257 MB, at most 256 are read"):
        read_transcript(file)


def test_a_number_of_thousands_of_digits(tmp_path: Path) -> None:
    with pytest.raises(TranscriptUnreadableError, match="too many digits"):
        read(tmp_path, "a.json", '{"segments": [{"start": ' + "9" * 5000 + "}]}")


@pytest.mark.parametrize("name", GOLDEN)
@pytest.mark.parametrize("kind", ["srt", "vtt"])
def test_our_own_subtitles_are_read(name: str, kind: str) -> None:
    transcript = read_transcript(golden_file(name, kind))
    assert "".join(transcript.text.split()) != "" or not GOLDEN[name]().segments
    starts = [segment.start for segment in transcript.segments]
    assert starts == sorted(starts)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        pytest.param("a.srt", SRT, id="srt"),
        pytest.param("a.vtt", VTT, id="vtt"),
        pytest.param("a.json", json.dumps(WHISPER), id="whisper"),
        pytest.param("a.json", json.dumps(WHISPERX), id="whisperx"),
    ],
)
def test_every_format_that_can_be_is_rendered(name: str, text: str, tmp_path: Path) -> None:
    transcript = read(tmp_path, name, text)
    has_words = all(segment.words for segment in transcript.segments)
    has_speakers = any(segment.speaker for segment in transcript.segments)
    for writer in WRITERS.values():
        has_all = (has_words or not writer.needs_words) and (
            has_speakers or not writer.needs_speakers
        )
        has_all = has_all and not writer.needs_chapters
        assert (writer.unmet_need(transcript) is None) == has_all
        if has_all:
            assert writer.render(transcript, RenderOptions())


def test_our_own_json_is_told_from_others(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps(WHISPER), encoding="utf-8")
    assert not is_own(tmp_path / "a.json")
    assert is_own(golden_file("monologue", "json"))
    assert not is_own(golden_file("monologue", "srt"))


@given(
    st.lists(
        st.fixed_dictionaries(
            {"word": st.text(max_size=3)},
            optional={"start": st.floats(0, 9), "end": st.floats(0, 9), "score": st.floats()},
        ),
        max_size=5,
    )
)
def test_words_are_in_order_whatever_their_times(words: list[dict[str, Any]]) -> None:
    segment = {"start": 1.0, "end": 3.0, "text": " ".join(w["word"] for w in words), "words": words}
    transcript = whisper.read(Path("a.json"), {"segments": [segment]})
    for found in transcript.segments:
        starts = [word.start for word in found.words]
        assert starts == sorted(starts)
        assert all(word.start < word.end for word in found.words)
