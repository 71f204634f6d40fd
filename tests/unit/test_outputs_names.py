"""Output names: mirrored, told apart, stable, and never a recording's own."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dalston_cli.errors import InputError
from dalston_cli.pipeline.endpoints import LocalFile, StandardInput
from dalston_cli.pipeline.events import WarningRaised
from dalston_cli.pipeline.intake.beside import without_transcripts
from dalston_cli.pipeline.outputs.folder import ignores_case
from dalston_cli.pipeline.outputs.names import (
    NoFolderError,
    OutputCollisionError,
    name_beside,
    name_outputs,
    output_file,
)
from dalston_cli.pipeline.remote.address import Address
from dalston_cli.pipeline.remote.recording import RemoteFile
from dalston_cli.pipeline.request import RecordingRequest


def request(source: str, relative: str | None = None) -> RecordingRequest:
    path = Path(source)
    return RecordingRequest(
        source=LocalFile(path),
        name=source,
        relative=Path(relative) if relative else Path(path.name),
    )


def names(*requests: RecordingRequest, folder: Path = Path("out")) -> list[str]:
    stems = name_outputs(requests, folder, (".srt", ".json"))
    return [str(stem.relative_to(folder)) for stem in stems]


@pytest.mark.parametrize(
    ("requests", "expected"),
    [
        pytest.param([request("in/d/a.wav", "d/a.wav")], ["d/a"], id="mirrors-the-tree"),
        pytest.param([request("talk.v1.2.wav")], ["talk.v1.2"], id="keeps-dots"),
        pytest.param([request("talk")], ["talk"], id="no-suffix"),
        pytest.param(
            [request("in/a.wav"), request("in/a.mp3"), request("in/b.wav")],
            ["a.wav", "a.mp3", "b"],
            id="one-folder-keeps-suffixes",
        ),
        pytest.param(
            [request("mon/a.wav"), request("tue/a.wav")],
            ["mon/a", "tue/a"],
            id="folders-tell-apart",
        ),
        pytest.param(
            [request("w/mon/a.wav"), request("w/tue/a.wav"), request("w/tue/a.mp3")],
            ["mon/a", "tue/a.wav", "tue/a.mp3"],
            id="folders-then-suffixes",
        ),
    ],
)
def test_names(requests: list[RecordingRequest], expected: list[str]) -> None:
    assert names(*requests) == expected
    assert names(*requests) == expected  # and again


def test_standard_input_has_a_name() -> None:
    stdin = RecordingRequest(source=StandardInput(), name="-", relative=Path("stdin"))
    assert names(stdin) == ["stdin"]


def test_a_collision_that_nothing_solves() -> None:
    stdin = RecordingRequest(source=StandardInput(), name="-", relative=Path("stdin"))
    with pytest.raises(InputError, match=r"^the transcripts of -, in/stdin would all be out/stdin"):
        names(stdin, request("in/stdin"))


def test_a_transcript_never_replaces_a_recording(tmp_path: Path) -> None:
    recording = request(str(tmp_path / "talk.json"))
    with pytest.raises(InputError, match="would replace the recording"):
        names(recording, folder=tmp_path)
    assert names(recording, folder=tmp_path / "out") == ["talk"]


@pytest.mark.parametrize("name", ["x" * 251, "é" * 125, "\U0001f3a4" * 62])
def test_long_names_are_shortened(name: str, tmp_path: Path) -> None:
    first, second = name_outputs(
        [request(f"{name}.wav"), request(f"{name[:-1]}z.wav")], tmp_path, (".textgrid", ".srt")
    )
    assert first != second
    for stem in (first, second):
        file = output_file(stem, ".textgrid")
        file.touch()
        assert len(file.name.encode()) <= 255
    assert first.name[:50] == name[:50]


def test_case_matters_where_the_file_system_says_so(tmp_path: Path) -> None:
    (tmp_path / "Probe").touch()
    same = (tmp_path / "pROBE").exists()
    assert ignores_case(tmp_path / "not" / "there") == same
    found = names(request("in/A.wav"), request("in/a.mp3"), folder=tmp_path)
    assert found == (["A.wav", "a.mp3"] if same else ["A", "a"])


PATHS = st.lists(
    st.builds(
        lambda folder, stem, suffix: f"in/{folder}{stem}{suffix}",
        st.sampled_from(["", "x/", "y/"]),
        st.sampled_from(["a", "b", "a.b"]),
        st.sampled_from(["", ".wav", ".mp3", ".b"]),
    ),
    min_size=1,
    max_size=12,
    unique=True,
)


@given(PATHS)
def test_outputs_are_distinct_or_refused(paths: list[str]) -> None:
    requests = [request(path, path.removeprefix("in/")) for path in paths]
    try:
        stems = name_outputs(requests, Path("out"), (".srt",))
    except OutputCollisionError:
        return
    assert len(set(stems)) == len(paths)
    assert name_outputs(requests, Path("out"), (".srt",)) == stems


def test_names_beside_recordings() -> None:
    requests = [
        request("in/a.wav"),
        request("./in/a.mp3"),
        request("in/day/a.wav", "day/a.wav"),
        request("in/b.wav", "named/c.wav"),
    ]
    stems = name_beside(requests, (".srt",))
    assert [str(stem) for stem in stems] == ["in/a.wav", "in/a.mp3", "in/day/a", "in/c"]


def test_nothing_lies_beside_standard_input() -> None:
    stdin = RecordingRequest(source=StandardInput(), name="-", relative=Path("stdin"))
    with pytest.raises(NoFolderError, match="nothing can lie beside it"):
        name_beside([stdin], (".srt",))


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        pytest.param(["a.wav", "a.srt", "a.TextGrid"], ["a.wav"], id="transcripts"),
        pytest.param(["a.wav", "a.mp3", "a.wav.srt"], ["a.wav", "a.mp3"], id="told-apart"),
        pytest.param(["a.srt", "b.wav"], ["a.srt", "b.wav"], id="alone"),
        pytest.param(["d/a.wav", "a.srt"], ["d/a.wav", "a.srt"], id="elsewhere"),
        pytest.param(["a.srt", "a.txt"], ["a.srt", "a.txt"], id="no-recording"),
        pytest.param(["./a.wav", "a.b.srt"], ["./a.wav", "a.b.srt"], id="another-name"),
    ],
)
def test_transcripts_beside_recordings_are_no_recordings(given: list[str], kept: list[str]) -> None:
    warnings: list[WarningRaised] = []
    left = without_transcripts([request(name) for name in given], warnings.append)
    assert [each.name for each in left] == kept
    assert bool(warnings) is (given != kept)


def at(url: str, relative: str | None = None) -> RecordingRequest:
    address = Address(url)
    return RecordingRequest(
        source=RemoteFile(address), name=address.shown, relative=Path(relative or address.name)
    )


def placed(source: str, output: str) -> RecordingRequest:
    return replace(request(source, output), is_placed=True)


@pytest.mark.parametrize(
    ("requests", "expected"),
    [
        pytest.param(
            [at("s3://talks/mon/a.wav"), at("s3://talks/tue/a.wav")],
            ["mon/a", "tue/a"],
            id="folders-of-a-bucket",
        ),
        pytest.param(
            [at("s3://one/a.wav"), at("s3://two/a.wav"), at("s3://two/a.mp3")],
            ["one/a", "two/a.wav", "two/a.mp3"],
            id="buckets",
        ),
        pytest.param(
            [at("s3://talks/a.wav"), request("/in/a.wav")],
            ["s3/talks/a", "in/a"],
            id="here-and-elsewhere",
        ),
        pytest.param(
            [at("https://talks.example/download?id=1"), at("https://talks.example/download?id=2")],
            ["download-0106db1c", "download-87a41c5e"],
            id="queries",
        ),
        pytest.param(
            [at("s3://talks/a//b.wav", "a/_/b.wav"), at("s3://talks/a/_/b.wav", "a/_/b.wav")],
            ["_/b.wav-bfbcfb5d", "_/b.wav-89baf9cb"],
            id="keys-that-files-cannot-have",
        ),
    ],
)
def test_addresses_of_one_name_are_told_apart(
    requests: list[RecordingRequest], expected: list[str]
) -> None:
    assert names(*requests) == expected


def test_names_never_lead_out_of_the_folder(tmp_path: Path) -> None:
    found = names(request("../mon/a.wav"), request("tue/a.wav"), folder=tmp_path)
    assert not any(".." in Path(name).parts for name in found)
    assert {Path(name).parent.name for name in found} == {"mon", "tue"}


def test_the_name_of_a_manifest_stays() -> None:
    found = names(placed("mon/a.wav", "talk.wav"), request("tue/talk.wav"), request("b.wav"))
    assert found == ["talk", "talk.wav", "b"]


@pytest.mark.parametrize("second", ["tue/a.wav", "tue/b.mp3", "mon/b.mp3"])
def test_two_recordings_cannot_be_given_one_name(second: str) -> None:
    requests = [
        placed("mon/a.wav", "week/talk.wav"),
        placed(second, f"week/talk{Path(second).suffix}"),
    ]
    with pytest.raises(InputError, match=r"would all be out/week/talk\.srt$") as raised:
        names(*requests)
    assert "column output" in str(raised.value.hint)


def test_a_transcript_never_replaces_a_recording_on_another_machine() -> None:
    recording = at("s3://talks/in/talk.json")
    folder = Path(Address("s3://talks/in").shown)
    with pytest.raises(InputError, match=r"would replace the recording s3://talks/in/talk\.json"):
        names(recording, folder=folder)
    assert names(recording, folder=folder / "out") == ["talk"]


@pytest.mark.parametrize("way", ["{}/real/../real/talk.json", "{}/link/talk.json"])
def test_a_recording_is_known_by_any_name(tmp_path: Path, way: str) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "talk.json").touch()
    (tmp_path / "link").symlink_to("real")
    with pytest.raises(InputError, match="would replace the recording"):
        names(request(way.format(tmp_path)), folder=tmp_path / "real")
