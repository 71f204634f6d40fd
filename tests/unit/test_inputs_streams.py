"""Transport streams in folders, told from TypeScript, and the count of what is passed over."""

import os
from pathlib import Path

import pytest
from tests.unit.test_inputs_finder import find, touch

from dalston_cli.errors import InputError
from dalston_cli.pipeline.intake.folder_scan import passed_over_text

TYPESCRIPT = "const G: number = 1;\n" * 200


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("in").mkdir()
    return tmp_path


def packets(size: int, number: int = 20) -> bytes:
    """A stream of empty packets, each with ``size - 188`` bytes around it, as they are framed."""
    packet = b"G" + b"\x1f\xff\x10" + b"\xff" * 184
    before = size - 188 if size == 192 else 0
    return (b"\0" * before + packet + b"\0" * (size - 188 - before)) * number


@pytest.mark.parametrize("size", [188, 192, 204])
@pytest.mark.parametrize("cut", [0, 5, 187])
@pytest.mark.parametrize("name", ["tv.ts", "TV.TS", "camera.mts"])
def test_transport_streams_are_taken(size: int, cut: int, name: str) -> None:
    Path("in", name).write_bytes(packets(size)[cut:])
    Path("in/code.ts").write_text(TYPESCRIPT)
    Path("in/module.mts").write_text(TYPESCRIPT)

    for found in (find("in"), find("in/*")):
        assert found.relative == [name]
    assert find("in").passed_over == {".ts": 1, ".mts": 1}


def test_a_short_stream_is_taken() -> None:
    Path("in/tv.ts").write_bytes(packets(188, number=3))

    assert find("in").relative == ["tv.ts"]


def test_a_text_full_of_the_same_letter_is_taken_for_nothing_else() -> None:
    Path("in/empty.ts").touch()
    Path("in/one.ts").write_bytes(b"G")
    touch("in/a.wav")

    assert find("in").relative == ["a.wav"]


def test_a_pipe_is_not_waited_for() -> None:
    os.mkfifo("in/pipe.ts")
    touch("in/a.wav")

    assert find("in").relative == ["a.wav"]


def test_a_damaged_film_of_a_camera_is_a_failure_that_is_told() -> None:
    Path("in/film.mts").write_bytes(bytes(1000))

    assert find("in").relative == ["film.mts"]


def test_what_is_passed_over_is_counted() -> None:
    touch("in/a.wav", "in/b.doc", "in/c.doc", "in/noending", "in/.hidden", "in/day/d.wav")
    touch("in/a.txt", "in/a.en.srt", "in/a.wav.part")

    assert find("in").passed_over == {".doc": 2, "": 1, "folder": 1}
    assert find("in", recursive=True).passed_over == {".doc": 2, "": 1}


@pytest.mark.parametrize(
    ("counts", "text"),
    [
        ({".ts": 1}, "1 file that is no recording (.ts 1)"),
        ({".a": 1, ".b": 2, "": 1}, "4 files that are no recordings (.b 2, .a 1, no ending 1)"),
        ({"folder": 2}, "2 folders (--recursive enters them)"),
        (
            {".a": 3, "folder": 1},
            "3 files that are no recordings (.a 3) and 1 folder (--recursive enters them)",
        ),
        (
            {f".{letter}": 1 for letter in "abcdefg"},
            "7 files that are no recordings (.a 1, .b 1, .c 1, .d 1, .e 1, .f 1, …)",
        ),
    ],
)
def test_the_count_as_text(counts: dict[str, int], text: str) -> None:
    assert passed_over_text(counts) == text


def test_a_folder_without_recordings_says_what_it_holds() -> None:
    Path("in/code.ts").write_text(TYPESCRIPT)

    with pytest.raises(InputError, match=r"passed over: 1 file that is no recording \(\.ts 1\)"):
        find("in")
