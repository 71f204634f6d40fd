"""Chapters, titles and dates of real files, as ffmpeg writes them, up to a run's transcripts."""

import json
from pathlib import Path

import pytest
from tests.support import recordings
from tests.support.decoding import decode
from tests.support.pipeline_home import PipelineHome, request_for

from dalston_cli.formats.options import RenderOptions
from dalston_sdk.wire import RecordingDate, RecordingInfo

TAGS = """;FFMETADATA1
title=The garden
{date}
[CHAPTER]
TIMEBASE=1/1000
START=0
END=2500
title=Doors
[CHAPTER]
TIMEBASE=1/1000
START=2500
END=6000
title=Walls\u001b[31m
"""
CREATED = "creation_time=2024-05-17T09:30:00Z"
CHAPTERS = [(0.0, 2.5, "Doors"), (2.5, 6.0, "Walls[31m")]


def make(folder: Path, name: str, date: str, *options: str) -> Path:
    sound = recordings.write_wav(folder / "sound.wav", recordings.tone(6))
    tags = folder / "tags.txt"
    tags.write_text(TAGS.format(date=date), encoding="utf-8")
    recordings.ffmpeg("-i", sound, "-i", tags, "-map_metadata", "1", *options, folder / name)
    return folder / name


def told(info: RecordingInfo) -> list[tuple[float, float, str]]:
    return [(each.start, each.end, each.title) for each in info.chapters]


@pytest.mark.parametrize(
    ("name", "date", "at", "source"),
    [
        ("book.m4b", CREATED, "2024-05-17T09:30:00Z", "container"),
        ("book.mp4", CREATED, "2024-05-17T09:30:00Z", "container"),
        ("talk.mkv", CREATED, "2024-05-17T09:30:00Z", "container"),
        ("talk.mp3", "date=2024-05-17", "2024-05-17", "tags"),
        ("talk.ogg", "date=2024-05-17", "2024-05-17", "tags"),
    ],
)
def test_what_a_file_says_of_itself(
    name: str, date: str, at: str, source: str, tmp_path: Path
) -> None:
    info = decode(make(tmp_path, name, date), tmp_path).info

    assert told(info) == ([] if name == "talk.ogg" else CHAPTERS)  # ffmpeg writes none to Ogg
    assert info.title == "The garden"
    assert info.recorded == RecordingDate(at=at, source=source)  # type: ignore[arg-type] # a table


def test_the_date_of_a_broadcast_wave_file(tmp_path: Path) -> None:
    sound = recordings.write_wav(tmp_path / "talk.wav", recordings.tone(1)).read_bytes()
    begun = b"2023-01-0210:11:12" + (16_000).to_bytes(8, "little")
    body = bytes(256 + 32 + 32) + begun + bytes(602 - 346)
    chunk = b"bext" + len(body).to_bytes(4, "little") + body
    riff = b"RIFF" + (len(sound) - 8 + len(chunk)).to_bytes(4, "little") + b"WAVE"
    (tmp_path / "talk.wav").write_bytes(riff + chunk + sound[12:])

    info = decode(tmp_path / "talk.wav", tmp_path).info

    assert info.recorded == RecordingDate(at="2023-01-02T10:11:12", source="bext")


def test_a_file_without_tags_says_nothing(tmp_path: Path) -> None:
    info = decode(recordings.write_wav(tmp_path / "a.wav", recordings.tone(1)), tmp_path).info

    assert (info.title, info.recorded, info.chapters) == (None, None, ())


async def test_they_are_in_the_transcripts_of_a_run(home: PipelineHome, tmp_path: Path) -> None:
    book = make(tmp_path, "book.m4b", CREATED)

    formats = ("json", "md", "youtube", "ffmetadata")
    await home.run([request_for(book)], formats=formats, render=RenderOptions())

    written = {path.name: path.read_text(encoding="utf-8") for path in home.outputs.iterdir()}
    document = json.loads(written["book.json"])
    assert document["chapters"] == [
        {"start": start, "end": end, "title": title} for start, end, title in CHAPTERS
    ]
    assert document["provenance"]["chapters"] == [{"stage": "prepare"}]
    assert document["recording"]["recorded"]["at"] == "2024-05-17T09:30:00Z"
    assert written["book.md"].startswith("# The garden\n")
    assert "2024-05-17 09:30:00Z" in written["book.md"]
    assert "Doors" in written["book.ffmetadata"]
