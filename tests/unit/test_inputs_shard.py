"""Shards of a folder: every recording is in one of them, whatever else there is."""

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dalston_cli.pipeline.endpoints import LocalFile
from dalston_cli.pipeline.intake.shard import (
    SAMPLE_BYTES,
    ShardError,
    parse_shard,
    shard_number,
    share_of,
)
from dalston_cli.pipeline.remote.address import Address
from dalston_cli.pipeline.remote.recording import RemoteFile
from dalston_cli.pipeline.request import RecordingRequest, Shard


def request(path: Path) -> RecordingRequest:
    return RecordingRequest(source=LocalFile(path), name=path.name, relative=Path(path.name))


def written(folder: Path, contents: Sequence[bytes]) -> list[RecordingRequest]:
    paths = [folder / f"{number}.wav" for number in range(len(contents))]
    for path, content in zip(paths, contents, strict=True):
        path.write_bytes(content)
    return [request(path) for path in paths]


def names(recordings: Sequence[RecordingRequest], shard: Shard) -> list[str]:
    return [each.name for each in share_of(recordings, None, shard).recordings]


@settings(
    deadline=None,
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    contents=st.lists(st.binary(max_size=40), max_size=20),
    added=st.lists(st.binary(max_size=40), max_size=5),
    of=st.integers(min_value=1, max_value=7),
)
def test_shards_are_disjoint_and_complete_and_stay_when_files_are_added(
    tmp_path: Path, contents: list[bytes], added: list[bytes], of: int
) -> None:
    recordings = written(tmp_path, contents)
    shards = [names(recordings, Shard(number=one, of=of)) for one in range(1, of + 1)]
    assert sorted(name for shard in shards for name in shard) == sorted(
        each.name for each in recordings
    )
    more = written(tmp_path, [*contents, *added])
    for number, shard in enumerate(shards, start=1):
        later = names(more, Shard(number=number, of=of))
        assert [name for name in later if name in {each.name for each in recordings}] == shard


def test_a_share_keeps_the_order_the_names_among_all_and_the_count_of_all(tmp_path: Path) -> None:
    recordings = written(tmp_path, [bytes([number]) * 9 for number in range(50)])
    stems = [Path(f"named among all {number}") for number in range(50)]
    seen = []
    for number in (1, 2, 3):
        share = share_of(recordings, stems, Shard(number=number, of=3))
        assert share.info is not None
        assert (share.info.number, share.info.of, share.info.found) == (number, 3, 50)
        places = [recordings.index(each) for each in share.recordings]
        assert all(one < two for one, two in pairwise(places))
        assert share.stems == tuple(stems[place] for place in places)
        seen += places
    assert sorted(seen) == list(range(50))
    assert share_of(recordings, stems, None).recordings is recordings


def test_recordings_are_spread_evenly(tmp_path: Path) -> None:
    recordings = written(tmp_path, [number.to_bytes(2) for number in range(800)])
    counts = Counter(shard_number(each, 8) for each in recordings)
    assert set(counts) == {1, 2, 3, 4, 5, 6, 7, 8}
    assert min(counts.values()) > 60, counts  # 100 on average, with a standard deviation of 9.4
    assert max(counts.values()) < 140, counts


@pytest.mark.parametrize(
    "place",
    [
        pytest.param(0, id="beginning"),
        pytest.param(150_000, id="middle"),
        pytest.param(299_999, id="end"),
    ],
)
def test_a_shard_follows_from_the_bytes_and_not_from_name_or_place(
    tmp_path: Path, place: int
) -> None:
    content = bytearray(300_000)
    (tmp_path / "one.wav").write_bytes(content)
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "another name.mp3").write_bytes(content)
    of = 999_999_937
    first = shard_number(request(tmp_path / "one.wav"), of)
    assert first == shard_number(request(tmp_path / "below" / "another name.mp3"), of)
    content[place] = 1
    (tmp_path / "one.wav").write_bytes(content)
    assert shard_number(request(tmp_path / "one.wav"), of) != first


def test_a_recording_on_another_machine_goes_by_its_address() -> None:
    addresses = [f"https://example.org/talks/{number}.mp3" for number in range(60)]
    recordings = [
        RecordingRequest(source=RemoteFile(Address(each)), name=each, relative=Path("talk.mp3"))
        for each in addresses
    ]
    shards = [names(recordings, Shard(number=number, of=3)) for number in (1, 2, 3)]
    assert sorted(name for shard in shards for name in shard) == sorted(addresses)
    assert all(len(shard) > 8 for shard in shards)


def test_of_a_long_recording_little_is_read(tmp_path: Path) -> None:
    path = tmp_path / "long.wav"
    with path.open("wb") as file:
        file.truncate(2**40)  # a terabyte without a block on the disk
    assert shard_number(request(path), 8) in range(1, 9)
    assert 3 * SAMPLE_BYTES < 65_536


def test_what_is_missing_or_empty_is_told_by_one_shard(tmp_path: Path) -> None:
    (tmp_path / "empty.wav").touch()
    (tmp_path / "folder.wav").mkdir()
    recordings = [request(tmp_path / f"{name}.wav") for name in ("gone", "empty", "folder")]
    told = [name for number in (1, 2, 3) for name in names(recordings, Shard(number=number, of=3))]
    assert sorted(told) == ["empty.wav", "folder.wav", "gone.wav"]


def test_what_cannot_be_read_here_is_told_by_every_shard(tmp_path: Path) -> None:
    loop = tmp_path / "loop.wav"
    loop.symlink_to(loop)  # unlike rights, this holds for root, too
    for number in (1, 2, 3):
        assert names([request(loop)], Shard(number=number, of=3)) == ["loop.wav"]


@pytest.mark.parametrize("text", ["1/1", "2/8", " 8/8 ", "08/8"])
def test_shards_that_are(text: str) -> None:
    number, of = map(int, text.split("/"))
    assert parse_shard(text) == Shard(number=number, of=of)


@pytest.mark.parametrize(
    ("text", "problem", "hint"),
    [
        pytest.param("/8", "a number is missing", "is the variable set", id="unset-variable"),
        pytest.param("3/", "a number is missing", "is the variable set", id="unset-count"),
        pytest.param("0/8", "counted from 1", "add one, $((I + 1))/8", id="from-zero"),
        pytest.param("9/8", "only 8 shards", "numbered 1 to 8", id="too-many"),
        pytest.param("1/0", "no shards of 0", "--shard 1/1", id="of-none"),
        pytest.param("2 of 8", "not I/N", "--shard 2/8", id="words"),
        pytest.param("-1/8", "not I/N", "--shard 2/8", id="negative"),
        pytest.param("1.5/8", "not I/N", "--shard 2/8", id="fraction"),
        pytest.param("٢/8", "not I/N", "--shard 2/8", id="other-digits"),
        pytest.param("", "not I/N", "--shard 2/8", id="empty"),
    ],
)
def test_what_is_no_shard(text: str, problem: str, hint: str) -> None:
    with pytest.raises(ShardError, match=problem) as caught:
        parse_shard(text)
    assert hint in (caught.value.hint or "")
