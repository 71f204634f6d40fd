"""The recording of a page: linked where it lies, or put into it."""

import base64
import hashlib
from pathlib import Path

import msgspec
import pytest
from tests.support.transcripts import recording

from dalston_cli.formats.options import RenderOptions
from dalston_cli.formats.page.audio import PageAudioError, audio_link, embedded_audio
from dalston_sdk.wire import RecordingInfo


@pytest.fixture(autouse=True)
def _recordings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "calls/a b.wav",
        "calls/100%#?.mp3",
        "out/beside.wav",
        "javascript:alert(1).wav",
        "c\udce9/a.wav",
    ):
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(b"sound")
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("name", "folder", "expected"),
    [
        pytest.param("calls/a b.wav", "out", "./../calls/a%20b.wav", id="in-another-folder"),
        pytest.param("calls/a b.wav", "calls", "./a%20b.wav", id="in-the-same-folder"),
        pytest.param("calls/a b.wav", None, "./a%20b.wav", id="page-is-printed"),
        pytest.param("calls/100%#?.mp3", "out", "./../calls/100%25%23%3F.mp3", id="odd-signs"),
        pytest.param("elsewhere/beside.wav", "out", "./beside.wav", id="moved-with-the-page"),
        pytest.param("/gone/film.mp4", "out", "./film.mp4", id="gone"),
        pytest.param("https://example.org/x/a.mp3", "out", "./a.mp3", id="address"),
        pytest.param(
            "javascript:alert(1).wav", ".", "./javascript%3Aalert%281%29.wav", id="scheme"
        ),
        pytest.param("~nobody-here/a.wav", "out", "./a.wav", id="home-of-nobody"),
        pytest.param("a" * 5_000, "out", "./" + "a" * 5_000, id="no-file-has-it"),
        pytest.param("a\0b.wav", "out", "./a%00b.wav", id="zero-byte"),
        pytest.param("c\udce9/a.wav", "out", "./../c%E9/a.wav", id="folder-not-utf-8"),
        pytest.param("-", "out", None, id="standard-input"),
    ],
)
def test_a_link_leads_from_the_page_to_the_recording(
    name: str, folder: str | None, expected: str | None
) -> None:
    assert audio_link(name, None if folder is None else Path(folder)) == expected


def named(name: str, data: bytes = b"") -> RecordingInfo:
    """A recording that has these bytes."""
    digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
    return msgspec.structs.replace(recording(name), digest=digest)


def all_right(_: Path) -> None:
    """Take every file for a recording."""


@pytest.mark.parametrize(
    ("info", "folder"),
    [
        pytest.param(named("calls/a b.wav", b"sound"), "out", id="the-very-file"),
        pytest.param(named("calls/a b.wav", b"sound"), None, id="page-is-printed"),
        pytest.param(named("calls/a b.wav"), "calls", id="beside-the-page"),
        pytest.param(named("elsewhere/a b.wav"), "calls", id="moved-with-the-page"),
    ],
)
def test_an_embedded_recording_is_its_bytes(info: RecordingInfo, folder: str | None) -> None:
    place = None if folder is None else Path(folder)
    kind, data = embedded_audio(info, place, all_right).split(",")
    assert kind == "data:audio/wav;base64"
    assert base64.b64decode(data) == b"sound"


def test_a_recording_that_is_gone_cannot_be_embedded() -> None:
    with pytest.raises(
        PageAudioError, match=r"--embed-audio needs the recording gone\.wav: there is no"
    ) as caught:
        embedded_audio(named("gone.wav"), Path("out"), all_right)
    assert caught.value.hint == (
        "leave out --embed-audio: the page then plays the file that lies beside it"
    )


@pytest.mark.parametrize(
    "name", ["/etc/passwd", "calls/a b.wav", "../calls/a b.wav", "link.wav", "out/link.wav"]
)
def test_a_file_of_which_the_transcript_was_not_made_is_not_embedded(name: str) -> None:
    Path("out/link.wav").symlink_to(Path("calls/a b.wav").absolute())
    with pytest.raises(PageAudioError, match="the transcript was not made of the file") as caught:
        embedded_audio(named(name), Path("out"), all_right)
    assert caught.value.hint == "if it is meant all the same, copy it to the folder out"


def test_a_file_without_sound_is_not_embedded() -> None:
    with pytest.raises(PageAudioError, match=r"a b\.wav: it has no sound"):
        embedded_audio(named("calls/a b.wav", b"sound"), None, lambda _: "it has no sound")


def test_a_recording_that_is_too_large_cannot_be_embedded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dalston_cli.formats.page.audio.LARGEST_MB", 0)
    with pytest.raises(PageAudioError, match="more than 0 MB"):
        embedded_audio(named("calls/a b.wav", b"sound"), tmp_path, all_right)


def test_the_place_of_the_page_is_no_part_of_its_key() -> None:
    plain = RenderOptions()
    assert plain.at(Path("out/a.html")).key == plain.key
    keys = [
        RenderOptions(embed_audio=all_right).key,
        RenderOptions(html_fragment=True).key,
        plain.key,
    ]
    assert all(keys.count(key) == 1 for key in keys)
