"""The recording of a page: linked where it lies, or put into it."""

import base64
from pathlib import Path

import pytest

from dalston_cli.formats.options import RenderOptions
from dalston_cli.formats.page.audio import PageAudioError, audio_link, embedded_audio


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


def test_an_embedded_recording_is_its_bytes() -> None:
    kind, data = embedded_audio("calls/a b.wav", Path("out")).split(",")
    assert kind == "data:audio/wav;base64"
    assert base64.b64decode(data) == b"sound"


def test_a_recording_that_is_gone_cannot_be_embedded() -> None:
    with pytest.raises(
        PageAudioError, match=r"--embed-audio needs the recording gone\.wav: there is no"
    ) as caught:
        embedded_audio("gone.wav", Path("out"))
    assert caught.value.hint == (
        "leave out --embed-audio: the page then plays the file that lies beside it"
    )


def test_a_recording_that_is_too_large_cannot_be_embedded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dalston_cli.formats.page.audio.LARGEST_MB", 0)
    with pytest.raises(PageAudioError, match="more than 0 MB"):
        embedded_audio("calls/a b.wav", tmp_path)


def test_the_place_of_the_page_is_no_part_of_its_key() -> None:
    plain = RenderOptions()
    assert plain.at(Path("out/a.html")).key == plain.key
    keys = [RenderOptions(embed_audio=True).key, RenderOptions(html_fragment=True).key, plain.key]
    assert all(keys.count(key) == 1 for key in keys)
