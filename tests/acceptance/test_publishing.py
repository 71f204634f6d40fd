"""The tasks of a podcaster and of a subtitler, from the recording to the files they hand in."""

import io
import json
from pathlib import Path

import av
import srt  # type: ignore[import-untyped] # it has no types
import ttconv.srt.writer  # type: ignore[import-untyped] # as above
import ttconv.stl.reader  # type: ignore[import-untyped] # as above
from tests.acceptance.home import Home
from tests.support.transcripts import meeting
from tests.support.videos import make_video
from ttconv.stl.config import STLReaderConfiguration  # type: ignore[import-untyped] # as above

from dalston_cli.formats.options import RenderOptions
from dalston_cli.formats.registry import WRITERS


def test_a_podcaster_has_chapters_show_notes_and_a_video_with_subtitles(
    lasting_home: Home, tmp_path: Path
) -> None:
    video = make_video(tmp_path / "episode.mp4", seconds=15)
    episode = tmp_path / "episode.json"
    episode.write_text(WRITERS["json"].text(meeting(), RenderOptions()), encoding="utf-8")

    exported = lasting_home.run_here(
        *("export", episode, "-f", "youtube,podcast,ffmetadata,md,srt"),
        *("--speaker-names", "Ada,Grace"),
    )

    assert exported.returncode == 0, exported.stderr
    assert (tmp_path / "episode.chapters.txt").read_text() == "0:00 1. Doors\n"
    feed = json.loads((tmp_path / "episode.chapters.json").read_text())
    assert [one["title"] for one in feed["chapters"]] == ["1. Doors", "The garden"]
    notes = (tmp_path / "episode.md").read_text()
    assert "## Summary" in notes
    assert "**Grace:** They are green." in notes
    with av.open(str(tmp_path / "episode.ffmetadata"), format="ffmetadata") as file:
        assert [one["metadata"]["title"] for one in file.chapters()] == ["1. Doors", "The garden"]

    out = tmp_path / "episode-subtitled.mp4"
    muxed = lasting_home.run_here(
        "mux", video, tmp_path / "episode.srt", "-o", out, "--language", "en", "--title", "English"
    )

    assert muxed.returncode == 0, muxed.stderr
    with av.open(str(out)) as container:
        [track] = container.streams.subtitles
        assert (track.language, track.metadata["handler_name"]) == ("eng", "English")
        said = b"".join(bytes(packet) for packet in container.demux(track) if packet.size)
    assert b"Grace: They are green." in said


def test_a_subtitler_hands_in_checked_subtitles_stl_and_an_mkv(
    lasting_home: Home, examples: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"

    transcribed = lasting_home.run_here(
        *("transcribe", examples / "lecture.mp4", "-o", out, "-f", "srt,stl,json"),
        *("--language-suffix", "--start-timecode", "10:00:00:00"),
    )

    assert transcribed.returncode == 0, transcribed.stderr
    assert {path.name for path in out.iterdir()} == {
        *("lecture.en.srt", "lecture.en.stl", "lecture.json")
    }
    subtitles = out / "lecture.en.srt"
    checked = lasting_home.run_here("check", subtitles, "--rules", "netflix")
    assert checked.returncode == 0, checked.stdout

    cues = list(srt.parse(subtitles.read_text(encoding="utf-8")))
    config = STLReaderConfiguration(program_start_tc="TCP")
    model = ttconv.stl.reader.to_model(io.BytesIO((out / "lecture.en.stl").read_bytes()), config)
    read = list(srt.parse(ttconv.srt.writer.from_model(model)))
    assert [cue.content for cue in read] == [cue.content for cue in cues]

    mkv = out / "lecture.mkv"
    muxed = lasting_home.run_here("mux", examples / "lecture.mp4", subtitles, "-o", mkv)

    assert muxed.returncode == 0, muxed.stderr
    with av.open(str(mkv)) as container:
        [track] = container.streams.subtitles
        assert track.language == "eng"
        shown = [bytes(packet).decode() for packet in container.demux(track) if packet.size]
    assert shown == [cue.content for cue in cues]
