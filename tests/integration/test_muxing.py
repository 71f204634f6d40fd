"""``dalston mux`` puts subtitles into real videos; PyAV and ffprobe read them back."""

import hashlib
import json
import re
import shutil
import subprocess
from pathlib import Path

import av
import numpy as np
import pytest
from av.subtitles.subtitle import AssSubtitle
from tests.support.videos import make_video

from dalston_cli.app import main

Captured = pytest.CaptureFixture[str]

SRT = """\
1
00:00:01,000 --> 00:00:02,500
<i>Good morning</i> & welcome.

2
00:00:03,000 --> 00:00:05,000
Two lines
of text.
"""
VTT = """\
WEBVTT

00:01.000 --> 00:02.500
<v Ada>Guten Morgen &amp; hallo.

00:03.000 --> 00:05.000
<v Bo>Zwei Zeilen
Text.
"""
ENGLISH = ["Good morning & welcome.", "Two lines\nof text."]
GERMAN = ["Ada: Guten Morgen & hallo.", "Bo: Zwei Zeilen\nText."]

needs_ffmpeg = pytest.mark.skipif(
    shutil.which("ffmpeg") is None or shutil.which("ffprobe") is None,
    reason="the ffmpeg and ffprobe commands are not there",
)


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DALSTON_CACHE_DIR", str(tmp_path / "cache"))
    Path("film.en.srt").write_text(SRT, encoding="utf-8")
    Path("film.de.vtt").write_text(VTT, encoding="utf-8")


def packets(path: str, kind: str) -> list[tuple[float, bytes]]:
    """Time and digest of every packet of the pictures, or of the sound."""
    with av.open(path) as container:
        stream = next(stream for stream in container.streams if stream.type == kind)
        return [
            (round(float(packet.pts * packet.time_base), 2), hashlib.sha256(bytes(packet)).digest())
            for packet in container.demux(stream)
            if packet.size and packet.pts is not None and packet.time_base is not None
        ]


def shown(path: str, number: int) -> list[tuple[float, float, str]]:
    """Start, end and text of each cue of a track of subtitles."""
    found: list[tuple[float, float, str]] = []
    with av.open(path) as container:
        stream = container.streams.subtitles[number]
        for packet in container.demux(stream):
            if not packet.size or packet.pts is None or packet.time_base is None:
                continue
            for part in packet.decode():
                assert isinstance(part, AssSubtitle)
                text = part.dialogue.decode().replace(r"\N", "\n")
                start = float(packet.pts * packet.time_base)
                if text.strip():
                    lasts = float((packet.duration or 0) * packet.time_base)
                    found.append((round(start, 2), round(start + lasts, 2), text))
    return found


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv", ".webm"])
def test_tracks_are_added_and_nothing_is_encoded_again(suffix: str) -> None:
    video = str(make_video(Path(f"film{suffix}"), chapters=suffix != ".webm"))
    before = Path(video).read_bytes()
    out = f"out{suffix}"
    words = ["mux", video, "film.en.srt", "film.de.vtt", "-o", out, "--title", "English"]
    assert main([*words, "--title", "Deutsch"]) == 0
    assert Path(video).read_bytes() == before
    for kind in ("video", "audio"):
        assert packets(out, kind) == packets(video, kind)
    with av.open(out) as container, av.open(video) as original:
        assert container.metadata["title"] == "A film"
        assert [one["metadata"] for one in container.chapters()] == [
            one["metadata"] for one in original.chapters()
        ]
        assert container.streams.audio[0].language == "fra"
        german = "deu" if suffix == ".mp4" else "ger"
        tracks = container.streams.subtitles
        assert [track.language for track in tracks] == ["eng", german]
        default = av.stream.Disposition.default
        assert [bool(track.disposition & default) for track in tracks] == [True, False]
        title = "handler_name" if suffix in {".mp4", ".mov"} else "title"
        assert [track.metadata[title] for track in tracks] == ["English", "Deutsch"]
    for number, texts in enumerate((ENGLISH, GERMAN)):
        cues = shown(out, number)
        plain = [_plain(text) for *_, text in cues]
        assert plain == _expected(texts, suffix, number)
        assert [(start, end) for start, end, _ in cues] == [
            (1.0, 2.5),
            (3.0, 5.0),
        ]


def _plain(text: str) -> str:
    return re.sub(r"\{\\i\d?\}", "", text)


def _expected(texts: list[str], suffix: str, number: int) -> list[str]:
    """Voices stay what they are where the container has the file's own markup."""
    if suffix == ".webm" and number == 1:
        return [text.partition(": ")[2] for text in texts]
    return texts


def test_without_a_name_the_copy_lies_beside_the_subtitles() -> None:
    make_video(Path("film.mp4"))
    assert main(["mux", "film.mp4", "film.en.srt"]) == 0
    assert [text for *_, text in shown("film.subtitled.mp4", 0)] == ENGLISH


@needs_ffmpeg
@pytest.mark.parametrize(("suffix", "shown_first"), [(".mp4", 1), (".mkv", 0)])
def test_ffprobe_reads_languages_titles_and_the_default(
    suffix: str, shown_first: int, capsys: Captured
) -> None:
    video = str(make_video(Path(f"film{suffix}")))
    out = f"out{suffix}"
    words = ["mux", video, "film.de.vtt", "film.en.srt", "-o", out, "--no-default"]
    assert main([*words, "--language", "pt-BR", "--title", "Legendas"]) == 0
    command = ["ffprobe", "-v", "error", "-of", "json", "-show_streams", "-select_streams", "s"]
    told = subprocess.run([*command, out], capture_output=True, text=True, check=True)
    first, second = json.loads(told.stdout)["streams"]
    assert (first["tags"]["language"], second["tags"]["language"]) == ("por", "eng")
    assert "Legendas" in first["tags"].values()
    assert (first["disposition"]["default"], second["disposition"]["default"]) == (
        shown_first,
        0,
    )
    assert ("shows its first subtitles" in capsys.readouterr().err) == bool(shown_first)


def test_a_tag_that_players_go_by_stays() -> None:
    video = str(make_video(Path("film.mp4"), seconds=1, codec="libx265"))
    assert main(["mux", video, "film.en.srt", "-o", "out.mp4"]) == 0
    assert main(["mux", "out.mp4", "film.de.vtt", "-o", "more.mov"]) == 0
    for name in (video, "out.mp4", "more.mov"):
        with av.open(name) as container:
            assert container.streams.video[0].codec_context.codec_tag == "hvc1"
    with av.open("more.mov") as container:
        default = av.stream.Disposition.default
        tracks = container.streams.subtitles
        assert [bool(track.disposition & default) for track in tracks] == [False, True]


def test_what_a_container_has_no_place_for_is_named(capsys: Captured) -> None:
    make_video(Path("bare.mkv"), seconds=1)
    with av.open("bare.mkv") as read, av.open("film.mkv", "w") as written:
        streams = {one: written.add_stream_from_template(one, opaque=True) for one in read.streams}
        written.add_attachment("font.ttf", "font/ttf", b"font")
        for packet in read.demux():
            if packet.size:
                packet.stream = streams[packet.stream]
                written.mux(packet)
    warning = "out.mp4 has no place for a stream of attachment: left out"
    for suffix, left_out in ((".mkv", ""), (".mp4", warning)):
        assert main(["mux", "film.mkv", "film.en.srt", "-o", f"out{suffix}"]) == 0
        assert left_out in capsys.readouterr().err
    with av.open("out.mkv") as container:
        assert [one.name for one in container.streams.attachments] == ["font.ttf"]


def test_a_video_that_begins_late_keeps_its_subtitles_in_step() -> None:
    video = str(make_video(Path("film.ts"), offset_s=2))
    with av.open(video) as container:
        assert (container.start_time or 0) > 1_900_000
    assert main(["mux", video, "film.en.srt", "-o", "out.mkv"]) == 0
    assert packets("out.mkv", "video")[0][0] == pytest.approx(0.0, abs=0.15)
    assert shown("out.mkv", 0)[0][0] == pytest.approx(1.0, abs=0.002)


@pytest.mark.parametrize("suffix", [".mkv", ".webm", ".mp4"])
def test_a_video_that_was_cut_off_is_told(suffix: str, capsys: Captured) -> None:
    whole = make_video(Path(f"whole{suffix}"), seconds=6)
    with (
        av.open(str(whole)) as read,
        av.open(f"film{suffix}", "w", options=_first(suffix)) as written,
    ):
        streams = {one: written.add_stream_from_template(one) for one in read.streams}
        for packet in read.demux():
            if packet.size:
                packet.stream = streams[packet.stream]
                written.mux(packet)
    film = Path(f"film{suffix}")
    for size, warning in ((1.0, ""), (0.6, f"the video was cut off, and so is out{suffix}: ")):
        film.write_bytes(film.read_bytes()[: int(film.stat().st_size * size)])
        words = ["mux", str(film), "film.en.srt", "-o", f"out{suffix}", "--overwrite", "--json"]
        assert main(words) == 0
        out, err = capsys.readouterr()
        assert (warning in err, "cut off" in err) == (True, bool(warning))
        assert bool(json.loads(out)["data"]["cut"]) == bool(warning)


def _first(suffix: str) -> dict[str, str]:
    """Have the index of an MP4 written first, without which nothing of a cut one can be read."""
    return {"movflags": "faststart"} if suffix == ".mp4" else {}


def test_programs_get_json(capsys: Captured) -> None:
    make_video(Path("film.mp4"), seconds=2)
    assert main(["mux", "film.mp4", "film.en.srt", "-o", "out.mkv", "--json"]) == 0
    out, err = capsys.readouterr()
    data = json.loads(out)["data"]
    assert data["path"] == "out.mkv"
    assert data["tracks"] == [
        {
            "subtitles": "film.en.srt",
            "language": "en",
            "title": None,
            "cues": 2,
            "default": True,
        }
    ]
    assert "the subtitles end 3.0 s after the video" in err


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["film.mp4", "film.en.srt", "-o", "out.avi"], 2, "no video that holds subtitles"),
        (["film.mp4", "film.en.srt", "-o", "film.mp4"], 2, "replaced while it is read"),
        (["film.mp4", "film.en.srt", "-o", "there.mkv"], 3, "there.mkv exists"),
        (["film.mp4", "film.en.srt", "-o", "out.webm"], 3, "cannot hold the video of film.mp4"),
        (["film.mp4", "film.mp4", "-o", "out.mkv"], 3, "it is no .srt or .vtt"),
        (["film.en.srt", "film.en.srt", "-o", "out.mkv"], 3, "neither pictures nor sound"),
        (["none.mp4", "film.en.srt", "-o", "out.mkv"], 3, "none.mp4 does not exist"),
        (["film.mp4", "film.en.srt", "-o", "out.mkv", "--language", "xx"], 2, "names no language"),
        (
            ["film.mp4", "film.en.srt", "-o", "out.mkv", "--title", "A", "--title", "B"],
            2,
            "--title is given for 2 subtitles, and there are 1",
        ),
        (
            ["film.mp4", "film.en.srt", "film.de.vtt", "-o", "out.mkv", "--burn-in"],
            2,
            "--burn-in takes one file of subtitles, not 2",
        ),
    ],
    ids=[
        "unknown-container",
        "over-the-video",
        "exists",
        "does-not-fit",
        "no-subtitles",
        "no-video",
        "missing",
        "no-language",
        "too-many-titles",
        "burn-two",
    ],
)
def test_what_cannot_be_is_refused_and_leaves_nothing(
    words: list[str], code: int, message: str, capsys: Captured
) -> None:
    make_video(Path("film.mp4"), seconds=1)
    Path("there.mkv").write_bytes(b"mine")
    before = sorted(Path().iterdir())
    assert main(["mux", *words]) == code
    assert message in capsys.readouterr().err
    assert sorted(Path().iterdir()) == before
    assert Path("there.mkv").read_bytes() == b"mine"


def test_without_ffmpeg_burning_in_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    make_video(Path("film.mp4"), seconds=1)
    monkeypatch.setenv("PATH", "")
    assert main(["mux", "film.mp4", "film.en.srt", "-o", "out.mp4", "--burn-in"]) == 5
    err = capsys.readouterr().err
    assert "--burn-in needs the ffmpeg command" in err
    assert "apt install ffmpeg" in err
    assert not Path("out.mp4").exists()


@needs_ffmpeg
def test_burnt_in_text_is_in_the_pictures_while_it_is_said() -> None:
    name = "film's [1], x:y.mp4"  # whatever a filter's rules for quoting are
    make_video(Path(name))
    Path(name).with_suffix(".srt").write_text(SRT, encoding="utf-8")
    words = ["mux", name, str(Path(name).with_suffix(".srt")), "-o", "out.mp4", "--burn-in"]
    assert main(words) == 0
    with av.open("out.mp4") as container:
        assert [stream.type for stream in container.streams] == ["video", "audio"]
        below = {
            round(frame.time or 0.0, 1): frame.to_ndarray(format="gray")[160:]
            for frame in container.decode(video=0)
        }
    bright = {time: int(np.count_nonzero(picture > 180)) for time, picture in below.items()}
    assert bright[0.5] == bright[2.8] == 0
    assert min(bright[2.0], bright[4.0]) > 100
    assert packets("out.mp4", "audio") == packets(name, "audio")
