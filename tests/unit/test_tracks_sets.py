"""Folders and archives of tracks: what is taken as one, and archives that mean harm."""

import asyncio
import zipfile
from pathlib import Path

import pytest

from dalston_cli.audio.track_list import read_track_list, track_path
from dalston_cli.errors import DalstonError
from dalston_cli.pipeline.intake.track_folders import (
    NoTrackSetError,
    TrackNumberError,
    track_set_request,
)
from dalston_cli.pipeline.track_sets.archive import TrackArchiveError
from dalston_cli.pipeline.track_sets.source import TrackSet

INFO = "Recording x\r\n\r\nStart time:\t2024-05-17T09:30:00.5Z\r\n\r\nTracks:\r\n\tada (1)\r\n"


def found(path: Path) -> TrackSet:
    source = track_set_request(str(path)).source
    assert isinstance(source, TrackSet)
    return source


def speakers(path: Path) -> list[str]:
    return [member.speaker for member in found(path).members]


def put(path: Path, *names: str) -> Path:
    for name in names:
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(name.encode() * 10)
    return path


def archive(path: Path, *names: str, text: str = "") -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name in names:
            file.writestr(name, name * 10)
        if text:
            file.writestr("info.txt", text)
    return path


def fetched(source: TrackSet, folder: Path, most_bytes: int = 1 << 20) -> Path:
    return asyncio.run(source.fetch(folder, lambda *_: None, most_bytes))


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["Ada.wav", "Grace.wav", "notes.txt", ".hidden.wav"], ["Ada", "Grace"]),
        (["1-ada.flac", "2-grace_1234.flac", "info.txt", "raw.dat"], ["ada", "grace"]),
        (
            [
                "video1234567890.mp4",
                "audio1234567890.m4a",
                "Audio Record/audioAdaLovelace11234567890.m4a",
                "Audio Record/audioGrace21234567890.m4a",
            ],
            ["Ada Lovelace", "Grace"],
        ),
        (["Ada.wav", "Grace.wav", "below/Linus.wav"], ["Ada", "Grace"]),
    ],
    ids=["plain", "craig", "zoom", "below"],
)
def test_a_folder_and_its_archive_hold_the_same(
    names: list[str], expected: list[str], tmp_path: Path
) -> None:
    folder = put(tmp_path / "call", *names)
    packed = archive(tmp_path / "call.zip", *(f"call/{name}" for name in names))

    assert speakers(folder) == speakers(packed) == expected
    first = fetched(found(folder), tmp_path / "one")
    second = fetched(found(packed), tmp_path / "two")
    lists = [[each.name for each in read_track_list(path).tracks] for path in (first, second)]
    assert lists[0] == lists[1]


def test_the_list_tells_the_bytes_of_the_tracks_and_no_places(tmp_path: Path) -> None:
    put(tmp_path / "a/call", "Ada.wav", "Grace.wav")
    put(tmp_path / "b/call", "Ada.wav", "Grace.wav")

    lists = [fetched(found(tmp_path / one / "call"), tmp_path / f"{one}-out") for one in "ab"]

    assert lists[0].read_bytes() == lists[1].read_bytes()
    assert track_path(lists[0], 1).read_bytes() == b"Grace.wav" * 10
    (tmp_path / "b/call/Grace.wav").write_bytes(b"else")
    again = fetched(found(tmp_path / "b/call"), tmp_path / "again")
    assert again.read_bytes() != lists[0].read_bytes()


def test_craigs_tracks_begin_together(tmp_path: Path) -> None:
    packed = archive(tmp_path / "craig.flac.zip", "1-ada.flac", "2-grace.flac", text=INFO)

    tracks = read_track_list(fetched(found(packed), tmp_path / "out"))

    assert [each.start_s for each in tracks.tracks] == [0.0, 0.0]
    assert tracks.recorded == "2024-05-17T09:30:00Z"


def test_a_change_of_one_track_is_a_change(tmp_path: Path) -> None:
    source = found(put(tmp_path / "call", "Ada.wav", "Grace.wav"))
    before = source.version()

    (tmp_path / "call/Grace.wav").write_bytes(b"else")

    assert before is not None
    assert source.version() != before
    (tmp_path / "call/Grace.wav").unlink()
    assert source.stamp() is None


@pytest.mark.parametrize(
    ("names", "error"),
    [
        ([], TrackNumberError),
        (["Ada.wav"], TrackNumberError),
        ([f"{number}.wav" for number in range(101)], TrackNumberError),
    ],
    ids=["none", "one", "too-many"],
)
def test_what_is_no_conversation(
    names: list[str], error: type[DalstonError], tmp_path: Path
) -> None:
    folder = put(tmp_path / "call", "notes.txt", *names)

    with pytest.raises(error, match="holds"):
        track_set_request(str(folder))


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("a.wav", "is neither a folder nor a zip archive"),
        ("https://x.org/a.zip", "is neither a folder nor a zip archive"),
        ("missing", "does not exist"),
    ],
)
def test_what_is_neither_a_folder_nor_an_archive(
    name: str, problem: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path, "a.wav")
    monkeypatch.chdir(tmp_path)

    with pytest.raises(NoTrackSetError, match=f"^{name} {problem}"):
        track_set_request(name)


def test_names_in_an_archive_lead_nowhere(tmp_path: Path) -> None:
    packed = archive(tmp_path / "evil.zip", "../../evil.wav", "/etc/worse.wav")
    out = tmp_path / "deep/down/out"
    before = set(tmp_path.rglob("*"))

    listed = fetched(found(packed), out)

    new = {path for path in set(tmp_path.rglob("*")) - before if path.is_file()}
    assert new == {listed, track_path(listed, 0), track_path(listed, 1)}
    assert sorted(each.name for each in read_track_list(listed).tracks) == ["evil.wav", "worse.wav"]
    assert not Path("/etc/worse.wav").exists()


def test_names_are_those_that_other_systems_meant(tmp_path: Path) -> None:
    """UTF-8 without its flag, as macOS writes it, and separators of Windows."""
    packed = tmp_path / "call.zip"
    with zipfile.ZipFile(packed, "w") as file:
        for name in ("call\\Ju\u0308rgen.wav", "call\\Ada.wav", "__MACOSX\\call\\._Ada.wav"):
            file.writestr(name, name * 10)
    data = packed.read_bytes()
    for flagged in (b"PK\x03\x04\x14\x00\x00\x08", b"PK\x01\x02\x14\x03\x14\x00\x00\x08"):
        assert flagged in data
        data = data.replace(flagged, flagged[:-1] + b"\x00")
    packed.write_bytes(data)

    assert speakers(packed) == ["Ada", "Jürgen"]
    listed = fetched(found(packed), tmp_path / "out")
    assert track_path(listed, 1).read_text("utf-8").startswith("call\\Ju\u0308rgen.wav")


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_that_is_there_twice_is_one_track(tmp_path: Path) -> None:
    packed = archive(tmp_path / "call.zip", "Ada.wav", "Grace.wav", "Ada.wav")

    listed = fetched(found(packed), tmp_path / "out")
    assert [each.speaker for each in read_track_list(listed).tracks] == ["Ada", "Grace"]


def test_an_archive_that_holds_too_much_is_stopped_on_its_way(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as file:
        for name in ("a.wav", "b.wav"):
            file.writestr(name, bytes(3 << 20))
    assert (tmp_path / "bomb.zip").stat().st_size < 10_000

    with pytest.raises(TrackArchiveError, match="holds more than") as raised:
        fetched(found(tmp_path / "bomb.zip"), tmp_path / "out", 4 << 20)

    assert "--spool-limit" in str(raised.value.hint)
    written = sum(path.stat().st_size for path in (tmp_path / "out").rglob("*") if path.is_file())
    assert written <= 4 << 20


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda data: data[:-40], "no zip archive that can be read"),
        (lambda data: b"PK nothing", "no zip archive that can be read"),
        (lambda data: data.replace(b"Ada.wav" * 3, b"xda.wav" * 3, 1), "no zip archive"),
        (lambda data: data.replace("Ä".encode(), b"\xff\xff"), "no zip archive that can be read"),
    ],
    ids=["cut", "another", "damaged", "no text"],
)
def test_a_damaged_archive(change: object, problem: str, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "call.zip", "w") as file:
        file.writestr("Ada.wav", "Ada.wav" * 10)
        file.writestr("Grace.wav", "Grace.wav" * 10)
        file.writestr("Ä.wav", "A.wav")
    data = (tmp_path / "call.zip").read_bytes()
    (tmp_path / "call.zip").write_bytes(change(data))  # type: ignore[operator] # a table

    with pytest.raises(TrackArchiveError, match=problem):
        fetched(found(tmp_path / "call.zip"), tmp_path / "out")


def test_an_encrypted_archive(tmp_path: Path) -> None:
    packed = archive(tmp_path / "call.zip", "Ada.wav", "Grace.wav")
    data = bytearray(packed.read_bytes())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = data.find(mark)
        while at >= 0:
            data[at + offset] |= 1
            at = data.find(mark, at + 4)
    packed.write_bytes(data)

    with pytest.raises(TrackArchiveError, match="is encrypted"):
        fetched(found(packed), tmp_path / "out")
