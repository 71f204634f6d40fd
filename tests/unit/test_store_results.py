"""The stage store: whole or nothing, and nothing that cannot be trusted."""

import json
import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from dalston_cli.pipeline.records.journal_errors import StateFolderError
from dalston_cli.pipeline.records.keys import digest_bytes, digest_file, make_key
from dalston_cli.pipeline.records.store import FileStore
from dalston_sdk.wire import SpeakerTurn

KEY = make_key("test", number=1)


class Other(Struct, forbid_unknown_fields=True):
    text: str


TURN = SpeakerTurn(start=0.0, end=1.5, speaker="A")


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    return FileStore(tmp_path / "store")


def test_what_was_put_is_there(store: FileStore) -> None:
    store.put(KEY, TURN)

    assert store.get(KEY, SpeakerTurn) == TURN
    assert store.path(KEY).parent.name == KEY[:2]
    assert [path.name for path in store.path(KEY).parent.iterdir()] == [f"{KEY}.json"]


def test_nothing_is_there_at_first(store: FileStore) -> None:
    assert store.get(KEY, SpeakerTurn) is None


async def test_only_what_is_costly_waits_for_the_disk(
    store: FileStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed: list[int] = []
    flush = os.fsync

    def noted(descriptor: int) -> None:
        flushed.append(descriptor)
        flush(descriptor)

    monkeypatch.setattr(os, "fsync", noted)
    await store.keep(KEY, TURN, costly=False)
    assert flushed == []
    assert store.get(KEY, SpeakerTurn) == TURN
    await store.keep(KEY, TURN)
    assert len(flushed) == 1


def test_a_folder_that_goes_meanwhile_is_made_anew_for_this_user_alone(store: FileStore) -> None:
    store.put(KEY, TURN)
    folder = store.path(KEY).parent
    store.path(KEY).unlink()
    folder.rmdir()
    store.put(KEY, TURN)
    assert store.get(KEY, SpeakerTurn) == TURN
    assert folder.stat().st_mode & 0o077 == 0


def _torn(data: bytes) -> bytes:
    return data[: len(data) // 2]


def _empty(data: bytes) -> bytes:
    return data[:0]


def _flipped(data: bytes) -> bytes:
    return data.replace(b"1.5", b"1.6")


def _of_another_version(data: bytes) -> bytes:
    return data.replace(b'"dalston_store_version":1', b'"dalston_store_version":99')


def _under_another_key(data: bytes) -> bytes:
    return data.replace(KEY.encode(), b"0" * 64)


def _foreign(data: bytes) -> bytes:
    return json.dumps(["not", len(data)]).encode()


def _not_text(data: bytes) -> bytes:
    return b"\xff\xfe" + data


@pytest.mark.parametrize(
    "damage",
    [_torn, _empty, _flipped, _of_another_version, _under_another_key, _foreign, _not_text],
)
def test_a_file_that_cannot_be_trusted_is_a_miss_and_goes(
    store: FileStore, damage: Callable[[bytes], bytes]
) -> None:
    store.put(KEY, TURN)
    path = store.path(KEY)
    path.write_bytes(damage(path.read_bytes()))

    assert store.get(KEY, SpeakerTurn) is None
    assert not path.exists()


def test_a_value_of_another_kind_is_a_miss(store: FileStore) -> None:
    store.put(KEY, TURN)

    assert store.get(KEY, Other) is None


def test_a_new_value_replaces_the_old(store: FileStore) -> None:
    store.put(KEY, TURN)
    store.put(KEY, Other(text="new"))

    assert store.get(KEY, Other) == Other(text="new")


def test_a_pipe_among_the_results_is_not_waited_for(store: FileStore) -> None:
    path = store.path(KEY)
    path.parent.mkdir(parents=True)
    os.mkfifo(path)

    with pytest.raises(StateFolderError, match="it is no regular file"):
        store.get(KEY, SpeakerTurn)


def test_results_are_for_their_owner_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        FileStore(tmp_path / "state" / "store").put(KEY, TURN)
    finally:
        os.umask(before)

    modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.rglob("*")}
    assert modes == {"state": 0o700, "store": 0o700, KEY[:2]: 0o700, f"{KEY}.json": 0o600}


@given(st.binary(max_size=1000))
def test_digests_of_bytes_and_files_agree(data: bytes) -> None:
    path = Path("/dev/shm") if Path("/dev/shm").is_dir() else Path("/tmp")
    file = path / f"dalston-test-{threading.get_ident()}"
    file.write_bytes(data)
    try:
        assert digest_file(file) == digest_bytes(data)
    finally:
        file.unlink()


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        pytest.param({"a": 1, "b": 2}, {"b": 2, "a": 1}, True, id="order-of-names"),
        pytest.param({"a": {"x": 1, "y": 2}}, {"a": {"y": 2, "x": 1}}, True, id="order-within"),
        pytest.param({"a": (1, 2)}, {"a": [1, 2]}, True, id="tuple-or-list"),
        pytest.param({"a": (1, 2)}, {"a": (2, 1)}, False, id="order-of-items"),
        pytest.param({"a": 1}, {"a": "1"}, False, id="type"),
        pytest.param({"a": None}, {}, False, id="none-or-missing"),
    ],
)
def test_keys(first: dict[str, object], second: dict[str, object], *, same: bool) -> None:
    assert (make_key("test", **first) == make_key("test", **second)) is same


def test_keys_of_different_purposes_never_meet() -> None:
    assert make_key("one", a=1) != make_key("other", a=1)
