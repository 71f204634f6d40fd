"""A URL among the inputs is answered with the command that fetches it."""

import io
from pathlib import Path

import pytest

from dalston_cli.errors import InputError
from dalston_cli.pipeline.intake.inputs import InputSources, RecordingFinder
from dalston_cli.pipeline.intake.manifest import ManifestError, read_manifest
from dalston_cli.pipeline.intake.urls import UrlInputError


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def find(sources: InputSources) -> list[str]:
    finder = RecordingFinder(sources=sources, stdin=io.BytesIO(), on_warning=lambda _: None)
    return [request.name for request in finder.find()]


@pytest.mark.parametrize(
    ("url", "command"),
    [
        pytest.param(
            "https://example.org/my%20talk.mp3?x=1&y=2",
            "curl -fLo 'my talk.mp3' 'https://example.org/my%20talk.mp3?x=1&y=2'"
            " && dalston transcribe 'my talk.mp3'",
            id="file",
        ),
        pytest.param(
            "https://www.youtube.com/watch?v=[x]*",
            "yt-dlp -x 'https://www.youtube.com/watch?v=[x]*'",
            id="page-that-looks-like-a-pattern",
        ),
        pytest.param("s3://bucket/a.wav", "aws s3 cp s3://bucket/a.wav .", id="s3"),
        pytest.param(
            "file:///home/me/my%20talk.mp3", "dalston transcribe '/home/me/my talk.mp3'", id="file"
        ),
    ],
)
def test_the_message_says_what_fetches_it(url: str, command: str) -> None:
    with pytest.raises(UrlInputError) as raised:
        find(InputSources(inputs=("talk.wav", url)))
    assert url in raised.value.message
    assert command in str(raised.value.hint)


def test_a_url_in_a_list_is_refused(folder: Path) -> None:
    (folder / "names.txt").write_text("a.wav\nhttps://example.org/a.mp3\n", encoding="utf-8")
    with pytest.raises(UrlInputError, match=r"https://example\.org/a\.mp3 is a URL"):
        find(InputSources(files_from="names.txt"))


def test_a_url_in_a_manifest_is_refused_with_its_line(folder: Path) -> None:
    manifest = folder / "batch.csv"
    manifest.write_text("path\na.wav\nhttps://example.org/a.mp3\n", encoding="utf-8")
    with pytest.raises(ManifestError, match=r"batch\.csv:3: https://example\.org.*curl -fLo"):
        list(read_manifest(manifest))


@pytest.mark.parametrize("name", ["a:b.wav", "C:/talk.wav", "day 1: /.wav"])
def test_other_names_are_files(name: str) -> None:
    assert find(InputSources(inputs=(name,))) == [name]


def test_a_file_with_such_a_name_is_a_file(folder: Path) -> None:
    (folder / "https:" / "example.org").mkdir(parents=True)
    (folder / "https:" / "example.org" / "a.mp3").touch()
    assert find(InputSources(inputs=("https://example.org/a.mp3",))) != []


def test_it_is_bad_input() -> None:
    assert issubclass(UrlInputError, InputError)
