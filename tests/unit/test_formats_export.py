"""Planning exports, and reading transcripts that may be anything."""

from pathlib import Path

import pytest
from tests.golden.write import golden_file
from tests.support.transcripts import GOLDEN

from dalston_cli.errors import DalstonError
from dalston_cli.formats.options import RenderOptions
from dalston_cli.formats.read import (
    TranscriptTooNewError,
    TranscriptUnreadableError,
    read_transcript,
)
from dalston_cli.formats.readers.errors import MalformedFileError
from dalston_cli.pipeline.outputs.export import (
    ExportCollisionError,
    ExportExistsError,
    ExportOverSourceError,
    plan_exports,
    write_exports,
)
from dalston_cli.pipeline.outputs.writer import OutputSpec


def formats(*names: str, overwrite: bool = False) -> OutputSpec:
    return OutputSpec(formats=names, render=RenderOptions(), overwrite=overwrite)


def test_outputs_lie_beside_their_transcripts() -> None:
    sources = [Path("a/talk.json"), Path("b/talk.v2.json"), Path("b/other")]
    planned = plan_exports(sources, formats("srt", "txt"), None)
    assert [str(export.target) for export in planned] == [
        "a/talk.srt",
        "a/talk.txt",
        "b/talk.v2.srt",
        "b/talk.v2.txt",
        "b/other.srt",
        "b/other.txt",
    ]


def test_a_transcript_named_twice_is_written_once() -> None:
    planned = plan_exports([Path("a.json"), Path("a.json")], formats("srt"), None)
    assert len(planned) == 1


def test_a_transcript_is_not_replaced_by_itself(tmp_path: Path) -> None:
    source = tmp_path / "a.json"
    source.write_bytes(golden_file("monologue", "json").read_bytes())
    planned = plan_exports([source], formats("json", "srt", overwrite=True), None)
    assert [export.writer.name for export in planned] == ["srt"]


def test_two_transcripts_do_not_become_one_file(tmp_path: Path) -> None:
    sources = [Path("a/talk.json"), Path("b/talk.json")]
    with pytest.raises(ExportCollisionError, match=r"a/talk.json and b/talk.json would both be"):
        plan_exports(sources, formats("srt", overwrite=True), tmp_path)


def test_another_transcript_is_not_replaced() -> None:
    sources = [Path("a/talk.json"), Path("b/talk.json")]
    with pytest.raises(ExportOverSourceError, match=r"b/talk.json would be replaced"):
        plan_exports(sources, formats("json", overwrite=True), Path("b"))


def test_a_file_that_is_there_stays(tmp_path: Path) -> None:
    (tmp_path / "talk.srt").write_text("mine")
    with pytest.raises(ExportExistsError, match=r"talk.srt exists"):
        plan_exports([tmp_path / "talk.json"], formats("txt", "srt"), None)
    spec = formats("srt", overwrite=True)
    assert len(plan_exports([tmp_path / "talk.json"], spec, None)) == 1


def test_texts_are_written_in_order(tmp_path: Path) -> None:
    sources = [golden_file("monologue", "json"), golden_file("awkward", "json")]
    spec = formats("txt", "srt")
    planned = plan_exports(sources, spec, tmp_path)
    written = write_exports(planned, spec, change=lambda each, _: each, on_dropped=pytest.fail)
    assert [export.target.read_bytes() for export in written] == [
        golden_file(name, form).read_bytes()
        for name in ("monologue", "awkward")
        for form in ("txt", "srt")
    ]


@pytest.mark.parametrize("name", GOLDEN)
def test_what_was_written_is_read_back(name: str) -> None:
    assert read_transcript(golden_file(name, "json")) == GOLDEN[name]()


@pytest.mark.parametrize(
    ("content", "kind", "message"),
    [
        (b"", MalformedFileError, "file.json:1: no JSON"),
        (b"WEBVTT\n", MalformedFileError, "file.json:1: no JSON"),
        (b'{"a": 1,\n"b": }', MalformedFileError, "file.json:2: no JSON"),
        (b"[1]", TranscriptUnreadableError, "it is no JSON object"),
        (b'{"text": ""}', TranscriptUnreadableError, "it has no `dalston_transcript_version`"),
        (b'{"dalston_transcript_version": "1"}', TranscriptUnreadableError, "it has no"),
        (b'{"dalston_transcript_version": 99}', TranscriptTooNewError, "version 99"),
        (b'{"dalston_transcript_version": 1}', TranscriptUnreadableError, "required field"),
        (b"{\n\xff\xfe\x00", MalformedFileError, "file.json:2: this is not UTF-8"),
    ],
    ids=[
        *("empty", "subtitles", "comma", "list", "no version", "text", "newer"),
        *("fields missing", "bytes"),
    ],
)
def test_other_files_are_refused(
    content: bytes, kind: type[DalstonError], message: str, tmp_path: Path
) -> None:
    path = tmp_path / "file.json"
    path.write_bytes(content)
    with pytest.raises(kind, match=message) as caught:
        read_transcript(path)
    assert "file.json" in caught.value.message
    assert caught.value.hint


def test_the_place_of_a_wrong_value_is_named(tmp_path: Path) -> None:
    path = tmp_path / "file.json"
    text = golden_file("monologue", "json").read_text().replace('"start": 0.5', '"start": "x"', 1)
    path.write_text(text)
    with pytest.raises(TranscriptUnreadableError, match=r"\$\.segments\[0\]\.start"):
        read_transcript(path)


def test_a_file_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(TranscriptUnreadableError, match="No such file"):
        read_transcript(tmp_path / "none.json")
