"""The ends of files: a recording that was cut off is told, and one that is whole is not."""

import os
import re
from pathlib import Path

import pytest
from tests.support import containers, recordings
from tests.support.decoding import decode

from dalston_cli.audio.clip import Clip
from dalston_cli.audio.request import CUT_OFF

ALL = (*containers.FILES, *containers.STREAMS)


def codes(source: Path, folder: Path, **options: object) -> list[str]:
    return [notice.code for notice in decode(source, folder, **options).warnings]


@pytest.mark.parametrize("name", ALL)
def test_only_a_file_without_its_end_is_told(tmp_path: Path, name: str) -> None:
    source = containers.make_file(tmp_path, name)

    whole = decode(source, tmp_path)

    assert whole.warnings == ()
    assert whole.info.duration_s == pytest.approx(8.06, abs=0.2)
    for part in (0.5, 0.9) if name not in containers.ENDLESS else ():
        shorter = decode(containers.cut(source, part), tmp_path)
        assert CUT_OFF in {notice.code for notice in shorter.warnings}, part
        assert shorter.info.duration_s < 8.2


@pytest.mark.parametrize("name", ["in.caf", "in.w64", "in.ogg", "in.avi", "in.flac", "in.m4a"])
def test_a_cut_is_one_warning_and_names_only_a_later_end(tmp_path: Path, name: str) -> None:
    faststart = ("-movflags", "+faststart") if name == "in.m4a" else ()
    source = containers.cut(recordings.make(tmp_path, name, *faststart), 0.5)

    [notice] = decode(source, tmp_path).warnings

    assert notice.code == CUT_OFF
    found = re.search(r"ends at ([\d.]+) s(?:, yet the file declares ([\d.]+) s)?$", notice.message)
    assert found is not None, notice.message
    end_s, declared_s = found.groups(default="inf")
    assert float(end_s) < float(declared_s)


@pytest.mark.parametrize("piped", [False, True], ids=["file", "pipe"])
@pytest.mark.parametrize("kind", containers.SOX)
def test_what_sox_writes_is_whole(tmp_path: Path, kind: str, *, piped: bool) -> None:
    if piped and kind == "voc":
        pytest.skip("sox writes no VOC into a pipe")
    source = containers.make_by_sox(tmp_path, kind, piped=piped)
    assert codes(source, tmp_path) == []


@pytest.mark.parametrize(
    "kind", ["ogg", "mp3", "flac", "wav", "m4a", "mka", "avi", "flv", "tta", "aac", "wma"]
)
def test_what_stands_behind_the_sound_is_no_cut(tmp_path: Path, kind: str) -> None:
    rate = ("-ar", "44100") if kind == "flv" else ()
    source = recordings.make(tmp_path, f"in.{kind}", *rate)
    with source.open("ab") as file:
        file.write(b"TAG" + bytes(125))
    assert codes(source, tmp_path) == []


def test_ogg_of_two_recordings_in_a_chain(tmp_path: Path) -> None:
    source = recordings.make(tmp_path, "in.ogg", "-c:a", "libvorbis")
    source.write_bytes(source.read_bytes() * 2)
    assert CUT_OFF not in codes(source, tmp_path)
    os.truncate(source, source.stat().st_size - 1000)
    assert CUT_OFF in codes(source, tmp_path)


def test_ogg_whose_last_page_is_not_marked(tmp_path: Path) -> None:
    source = recordings.make(tmp_path, "in.opus", "-c:a", "libopus")
    data = bytearray(source.read_bytes())
    place = data.rindex(b"OggS")
    data[place + 5] &= ~4
    source.write_bytes(data)  # as Android writes it
    assert codes(source, tmp_path) == ["no_end_mark"]
    source.write_bytes(data[:place])
    assert codes(source, tmp_path) == ["no_end_mark"]
    source.write_bytes(data[: place - 1])
    assert codes(source, tmp_path) == [CUT_OFF]


def test_a_clip_that_is_there_is_whole(tmp_path: Path) -> None:
    source = containers.cut(recordings.make(tmp_path, "in.opus", "-c:a", "libopus"), 0.7)
    assert codes(source, tmp_path, clip=Clip(start=1, end=3)) == []
    assert codes(source, tmp_path, clip=Clip(start=1, end=7.5)) == [CUT_OFF]


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("in.opus", ("-c:a", "libopus")),
        ("in.ogg", ("-c:a", "libvorbis")),
        ("in.mka", ("-c:a", "flac")),
        ("in.mkv", ("-c:a", "aac")),
        ("in.webm", ("-c:a", "libopus")),
        ("in.m4a", ("-c:a", "aac")),
        ("in.mov", ("-c:a", "aac")),
        ("in.ts", ("-c:a", "aac")),
        ("in.wma", ("-c:a", "wmav2")),
        ("in.mpg", ("-f", "mpeg", "-c:a", "mp2")),
    ],
)
def test_clock_that_starts_at_an_hour(tmp_path: Path, name: str, options: tuple[str, ...]) -> None:
    source = recordings.make(tmp_path, name, *options, "-output_ts_offset", "3600")

    decoded = decode(source, tmp_path)

    assert decoded.warnings == ()
    assert decoded.info.duration_s == pytest.approx(8.06, abs=0.15)


@pytest.mark.parametrize("kind", ["mkv", "mp4", "mov", "webm", "ogv", "wmv", "flv"])
def test_sound_late_in_a_longer_video_keeps_its_place(tmp_path: Path, kind: str) -> None:
    recordings.write_wav(tmp_path / "tone.wav", recordings.tone(3, rate=48000), rate=48000)
    picture = ("-f", "lavfi", "-i", "color=c=blue:size=64x64:rate=5:duration=60")
    late = ("-itsoffset", "40", "-i", tmp_path / "tone.wav", "-map", "0:v", "-map", "1:a")
    rate = ("-ar", "44100") if kind == "flv" else ()
    recordings.ffmpeg(*picture, *late, *rate, tmp_path / f"in.{kind}")

    decoded = decode(tmp_path / f"in.{kind}", tmp_path)

    assert decoded.warnings == ()
    samples = recordings.read_wav(tmp_path / "audio.wav")
    loud = [place for place, sample in enumerate(samples) if abs(int(sample)) > 8000]
    assert loud[0] / recordings.SAMPLE_RATE == pytest.approx(40, abs=0.1)
    assert loud[-1] / recordings.SAMPLE_RATE == pytest.approx(43, abs=0.1)


@pytest.mark.parametrize("kind", ["ts", "mpg"])
def test_sound_late_in_a_stream_without_a_header_is_found(tmp_path: Path, kind: str) -> None:
    recordings.write_wav(tmp_path / "tone.wav", recordings.tone(3, rate=48000), rate=48000)
    picture = ("-f", "lavfi", "-i", "color=c=blue:size=64x64:rate=25:duration=60")
    late = ("-itsoffset", "40", "-i", tmp_path / "tone.wav", "-map", "0:v", "-map", "1:a")
    codecs = ("-c:v", "mpeg2video", "-c:a", "mp2")
    recordings.ffmpeg(*picture, *late, *codecs, tmp_path / f"in.{kind}")

    decoded = decode(tmp_path / f"in.{kind}", tmp_path)

    assert decoded.warnings == ()
    assert decoded.info.duration_s == pytest.approx(43, abs=0.2)
