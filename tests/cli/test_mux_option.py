"""``--mux``: transcribing and exporting leave a copy of each video with its subtitles."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import av
import msgspec
import pytest
from tests.cli.terminal import Shell
from tests.support.pipeline_home import write_recording
from tests.support.transcripts import segment, transcript
from tests.support.videos import make_video

from dalston_cli.audio.source import content_digest
from dalston_cli.commands.mux_after import subtitles_of
from dalston_cli.errors import ExitCode
from dalston_cli.formats.options import RenderOptions
from dalston_cli.formats.registry import WRITERS


@pytest.fixture
def shell(home: Path) -> Iterator[Shell]:
    shell = Shell(home, home / "work")
    yield shell
    assert shell.run("engines", "stop", "--all").code == ExitCode.OK


def languages(path: Path) -> list[str | None]:
    with av.open(str(path)) as container:
        return [stream.language for stream in container.streams.subtitles]


def test_a_run_leaves_a_copy_of_each_video_once(shell: Shell) -> None:
    video = make_video(shell.work / "in" / "film.mp4", seconds=3)
    write_recording(shell.work / "in" / "talk.wav")
    words = ["transcribe", "in", "--output-beside", "-f", "srt,json", "--mux"]
    first = shell.run(*words)
    assert first.code == ExitCode.OK, first.err
    assert "wrote in/film.subtitled.mp4" in first.err
    copy = video.with_name("film.subtitled.mp4")
    assert languages(copy) == ["eng"]
    assert {path.name for path in video.parent.iterdir()} == {
        *("film.mp4", "film.srt", "film.json", "film.subtitled.mp4"),
        *("talk.wav", "talk.srt", "talk.json"),
    }
    written = copy.stat().st_mtime_ns
    again = shell.run(*words)
    assert "2 unchanged" in again.err
    assert "copies with subtitles of recordings beside them, passed over" in again.err
    assert copy.stat().st_mtime_ns == written
    copy.write_bytes(b"mine")
    video.with_name("film.srt").unlink()
    third = shell.run(*words)
    assert third.code == ExitCode.SOME_FAILED
    assert "film.subtitled.mp4 exists" in third.err
    assert copy.read_bytes() == b"mine"


def make_place(path: Path) -> Path:
    """Make the folder of a file."""
    path.parent.mkdir()
    return path


def test_export_finds_the_video_beside_its_transcript(shell: Shell) -> None:
    make_video(shell.work / "film.mp4", seconds=3)
    found = transcript([segment("Hello there.", 0.5, 2.0)], duration_s=3.0)
    found = msgspec.structs.replace(
        found, recording=msgspec.structs.replace(found.recording, name="elsewhere/film.mp4")
    )
    (shell.work / "film.json").write_text(WRITERS["json"].text(found, RenderOptions()))
    done = shell.run("export", "film.json", "-f", "srt", "--language-suffix", "--mux", "--json")
    assert done.code == ExitCode.OK, done.err
    paths = [one["path"] for one in json.loads(done.out)["data"]]
    assert paths == ["film.en.srt", "film.subtitled.mp4"]
    assert languages(shell.work / "film.subtitled.mp4") == ["eng"]
    shutil.move(shell.work / "film.mp4", make_place(shell.work / "elsewhere" / "film.mp4"))
    other = shell.run("export", "film.json", "-f", "vtt", "--mux")
    assert other.code == ExitCode.INPUT
    assert "elsewhere/film.mp4 is not the file that film.json was made of" in other.err
    assert "dalston mux elsewhere/film.mp4 film.vtt" in other.err
    found = msgspec.structs.replace(
        found,
        recording=msgspec.structs.replace(
            found.recording, digest=content_digest(shell.work / "elsewhere" / "film.mp4")
        ),
    )
    (shell.work / "film.json").write_text(WRITERS["json"].text(found, RenderOptions()))
    very = shell.run("export", "film.json", "-f", "vtt", "--mux", "--overwrite")
    assert very.code == ExitCode.OK, very.err
    (shell.work / "elsewhere" / "film.mp4").unlink()
    gone = shell.run("export", "film.json", "-f", "vtt", "--mux", "--overwrite")
    assert gone.code == ExitCode.INPUT
    assert "elsewhere/film.mp4 is neither here nor beside its transcript" in gone.err


def write_film(folder: Path) -> None:
    """Write a transcript with translations."""
    said = segment("Good morning.", 0.5, 2.0)
    texts = {"de": "Guten Morgen.", "pt-br": "Bom dia."}
    film = transcript([msgspec.structs.replace(said, translations=texts)], duration_s=3.0)
    film = msgspec.structs.replace(
        film, recording=msgspec.structs.replace(film.recording, name="film.mp4")
    )
    (folder / "film.json").write_text(WRITERS["json"].text(film, RenderOptions()))


def test_each_translation_is_a_track_of_its_own(shell: Shell) -> None:
    write_film(shell.work)
    video = make_video(shell.work / "film.mp4", seconds=3)
    exported = shell.run(
        *("export", "film.json", "-f", "srt", "--translations", "all", "--mux", "--json")
    )
    assert exported.code == ExitCode.OK, exported.err
    assert [one["path"] for one in json.loads(exported.out)["data"]] == [
        *("film.srt", "film.de.srt", "film.pt-br.srt", "film.subtitled.mp4")
    ]
    assert languages(shell.work / "film.subtitled.mp4") == ["eng", "deu", "por"]
    files = ["film.srt", "film.de.srt", "film.pt-br.srt"]
    done = shell.run("mux", str(video), *files, "--language", "en", "-o", "film.mkv")
    assert done.code == ExitCode.OK, done.err
    assert languages(shell.work / "film.mkv") == ["eng", "ger", "por"]
    with av.open(str(shell.work / "film.mkv")) as read:
        german = read.streams.subtitles[1]
        said = b"".join(bytes(packet) for packet in read.demux(german) if packet.size)
    assert said == b"Guten Morgen."


def test_subtitles_of_a_recording_are_its_own_and_its_translations() -> None:
    written = [Path(f"out/{name}") for name in ("a.json", "a.vtt", "a.srt", "a.de.vtt", "a.de.srt")]
    assert subtitles_of(written, ("fr", "de")) == (Path("out/a.vtt"), Path("out/a.de.vtt"))
    assert subtitles_of(written[:1], ("de",)) == ()
    own = [Path("b.de.srt"), Path("b.de.de.srt")]
    assert subtitles_of(own, ("de",)) == tuple(own)
