"""``dalston export``, as a person types it."""

import json
import os
import re
from pathlib import Path

import pytest
from tests.golden.write import golden_file
from tests.support.sounds import tone, write_wav

from dalston_cli.app import main
from dalston_cli.audio.source import content_digest
from dalston_cli.formats.registry import writers_named

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def talk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A transcript in a folder of its own, away from the user's settings."""
    for name in [name for name in os.environ if name.startswith("DALSTON_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("DALSTON_CONFIG_DIR", str(tmp_path / "config"))
    monkeypatch.setenv("DALSTON_CACHE_DIR", str(tmp_path / "cache"))
    folder = tmp_path / "talks"
    folder.mkdir()
    path = folder / "dialogue.json"
    path.write_bytes(golden_file("dialogue", "json").read_bytes())
    return path


def test_every_format_is_written_beside_the_transcript(talk: Path, capsys: Captured) -> None:
    assert main(["export", str(talk), "-f", "all", "--html-fragment"]) == 0
    written = {path.name for path in talk.parent.iterdir()}
    every = {writer.name: writer.extension for writer in writers_named(("all",))}
    del every["stl"]  # its code tables have no Japanese letters
    assert written == {f"dialogue{extension}" for extension in every.values()}
    for name in every.keys() - {"docx", "odt"}:  # whose templates change with their libraries
        file = golden_file("dialogue", name)
        assert (talk.parent / file.name).read_bytes() == file.read_bytes()
    assert capsys.readouterr().out == ""


def test_a_page_links_the_recording_or_has_it_inside(
    talk: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    # What it holds counts, not its name.
    wav = write_wav(talk.parent / "対話.mp4", tone(2.0, 220.0))
    name_recording(talk, content_digest(wav))
    monkeypatch.chdir(talk.parent)
    command = ["export", str(talk), "-f", "html", "-o", "pages", "--overwrite"]
    found = {}
    for option in ("", "--embed-audio", "--waveform"):
        assert main([*command, *filter(None, [option])]) == 0
        page = (talk.parent / "pages" / "dialogue.html").read_text(encoding="utf-8")
        data = re.search(r'id="transcript">(.*?)</script>', page)
        assert data is not None
        found[option] = json.loads(data[1])
    assert found[""]["audio"] == "./../%E5%AF%BE%E8%A9%B1.mp4"
    assert found["--embed-audio"]["audio"].startswith("data:video/mp4;base64,UklGR")
    assert found["--waveform"]["peaks"] == pytest.approx([255] * 100, abs=1)
    assert [found[option]["peaks"] for option in ("", "--embed-audio")] == [None, None]
    (talk.parent / "対話.mp4").unlink()
    assert main([*command, "--waveform"]) == 3
    assert (
        "--waveform needs the recording 対話.mp4: there is no such file" in capsys.readouterr().err
    )


def name_recording(talk: Path, digest: str, name: str = "対話.mp4") -> None:
    transcript = json.loads(talk.read_text(encoding="utf-8"))
    transcript["recording"] |= {"digest": digest, "name": name}
    talk.write_text(json.dumps(transcript), encoding="utf-8")


def test_a_page_has_no_file_inside_that_is_no_recording(talk: Path, capsys: Captured) -> None:
    secret = talk.parent.parent / "a secret"
    for path in (secret, talk.parent / "secret"):
        path.write_text("a secret " * 1_000)
    for name, digest, problem in (
        (str(secret), "sha256:0", "the transcript was not made of the file"),
        (str(secret), content_digest(secret), "is not a recording"),
        ("secret", "sha256:0", "is not a recording"),
    ):
        name_recording(talk, digest, name)
        for words in ([], ["-o", "-"]):
            assert main(["export", str(talk), "-f", "html", "--embed-audio", *words]) == 3
            out, err = capsys.readouterr()
            assert problem in err or (words and "there is no such file" in err)
            assert out == ""
    assert not talk.with_suffix(".html").exists()


def test_all_formats_are_those_that_can_be(talk: Path, capsys: Captured) -> None:
    transcript = json.loads(talk.read_text(encoding="utf-8"))
    for segment in transcript["segments"]:
        segment["words"] = []
    talk.write_text(json.dumps(transcript), encoding="utf-8")
    assert main(["export", str(talk), "-f", "all,srt"]) == 0
    assert "ctm is left out" in capsys.readouterr().err
    assert not (talk.parent / "dialogue.ctm").exists()
    assert (talk.parent / "dialogue.srt").exists()
    assert main(["export", str(talk), "-f", "all,ctm", "--overwrite"]) == 2


def test_files_have_the_mode_that_the_umask_leaves(talk: Path) -> None:
    before = os.umask(0o027)
    try:
        assert main(["export", str(talk), "-f", "txt"]) == 0
    finally:
        os.umask(before)
    assert talk.with_suffix(".txt").stat().st_mode & 0o777 == 0o640


def test_standard_output_is_the_text_alone(talk: Path, capsys: Captured) -> None:
    assert main(["export", str(talk), "-f", "srt", "-o", "-"]) == 0
    assert capsys.readouterr() == (golden_file("dialogue", "srt").read_text(), "")
    assert [path.name for path in talk.parent.iterdir()] == ["dialogue.json"]


@pytest.mark.parametrize(
    "names",
    [
        ["--speaker-names", "SPEAKER_00=Aoi,SPEAKER_01= Nour "],
        ["--speaker-name", "SPEAKER_00=Aoi", "--speaker_name", "SPEAKER_01= Nour "],
        ["--speaker-names", "Aoi,Nour"],
    ],
    ids=["labels", "one by one", "in order"],
)
def test_speakers_get_names(names: list[str], talk: Path, capsys: Captured) -> None:
    assert main(["export", str(talk), "-f", "txt", "-o", "-", *names]) == 0
    written = capsys.readouterr()
    lines = [line.partition(":")[0] for line in written.out.splitlines() if line]
    assert (lines, written.err) == (["Aoi", "Nour"], "")


def test_a_name_without_a_speaker_is_a_warning(talk: Path, capsys: Captured) -> None:
    names = ["--speaker-names", "SPEAKER_07=Aoi"]
    assert main(["export", str(talk), "-f", "txt", "-o", "-", *names]) == 0
    assert "no speaker has the label SPEAKER_07: there are SPEAKER_00" in capsys.readouterr().err


def test_options_change_the_text(talk: Path, capsys: Captured) -> None:
    assert main(["export", str(talk), "-f", "srt", "-o", "-", "--no-speakers"]) == 0
    assert "SPEAKER" not in capsys.readouterr().out


def test_json_says_what_was_written(talk: Path, tmp_path: Path, capsys: Captured) -> None:
    assert main(["export", str(talk), "-f", "vtt", "-o", str(tmp_path / "a/b"), "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    path = str(tmp_path / "a/b/dialogue.vtt")
    assert result["data"] == [{"source": str(talk), "format": "vtt", "path": path}]


@pytest.mark.parametrize(
    ("words", "code", "message", "hint"),
    [
        (["-f", "srt,md"], 3, "dialogue.srt exists", "--overwrite"),
        (["-f", "srd"], 2, "unknown output format 'srd'", "use -f srt"),
        (["-f", "srt,md", "-o", "-"], 2, "not 1 in 2", "-o DIR"),
        (["-f", "docx", "-o", "-"], 2, "docx is none", "-o DIR"),
        (["-f", "docx", "--docx-template", "{file}"], 2, "no Word document", ".dotx"),
        (["-f", "docx", "--docx-template", "{file}.no"], 2, "No such file", ".dotx"),
        (["-f", "stl", "--start-timecode", "1"], 2, "HH:MM:SS:FF", "--help"),
        (["-f", "srt", "-o", "-", "--json"], 2, "both write to standard output", "leave"),
        (["-f", "txt", "--speaker-names", "S=", "-o", "-"], 2, "'S='", "SPEAKER_00=Ada"),
        (["-f", "txt", "-o", "{file}"], 3, "cannot write", "--output-dir"),
    ],
    ids=[
        "exists",
        "unknown",
        "two to stdout",
        "docx to stdout",
        "no template",
        "missing template",
        "no timecode",
        "json to stdout",
        "no label",
        "no folder",
    ],
)
def test_what_is_impossible_is_explained(
    words: list[str], code: int, message: str, hint: str, talk: Path, capsys: Captured
) -> None:
    talk.with_suffix(".srt").write_text("mine")
    words = [word.replace("{file}", str(talk)) for word in words]
    assert main(["export", str(talk), *words]) == code
    captured = capsys.readouterr()
    said = captured.err + captured.out
    assert message in said
    assert hint in said
    assert talk.with_suffix(".srt").read_text() == "mine"
    assert not talk.with_suffix(".md").exists()


def test_overwrite_replaces(talk: Path) -> None:
    talk.with_suffix(".srt").write_text("old")
    assert main(["export", str(talk), "-f", "srt", "--overwrite", "-q"]) == 0
    assert talk.with_suffix(".srt").read_bytes() == golden_file("dialogue", "srt").read_bytes()
