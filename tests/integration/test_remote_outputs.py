"""Transcripts on other machines: in a real S3 store, by SFTP, and in memory."""

import json
import logging
from pathlib import Path

import pytest
from tests.integration.test_remote_recordings import find
from tests.support.pipeline_home import PipelineHome, write_recording
from tests.support.remote_stores import BUCKET, KEY, requests_for
from tests.support.sftp_server import PASSWORD, sftp_server

from dalston_cli.pipeline.events import JobFinished, WarningRaised
from dalston_cli.pipeline.outputs.remote_place import path_of
from dalston_cli.pipeline.records.journal import JOURNAL_NAME, Journal
from dalston_cli.pipeline.records.refusals import Refusals
from dalston_cli.pipeline.records.store import STORE_NAME, FileStore
from dalston_cli.pipeline.records.traces import NothingKeptError, find_traces, remove_traces
from dalston_cli.pipeline.remote import stores
from dalston_cli.pipeline.remote.address import Address
from dalston_cli.pipeline.remote.errors import RemoteConflictError, RemoteMissingError
from dalston_cli.pipeline.remote.filesystem import Condition
from dalston_cli.pipeline.remote.stores import store_of
from dalston_cli.pipeline.request import OutputTarget


def target(url: str) -> OutputTarget:
    address = Address(url)
    return OutputTarget(folder=path_of(address), remote=address)


def names() -> list[str]:
    found = store_of(Address(f"s3://{BUCKET}")).system.find(BUCKET)
    return [name.removeprefix(f"{BUCKET}/") for name in found]


def local_folders() -> list[Path]:
    return list(Path().glob("s3:*"))


def read(key: str) -> bytes:
    data: bytes = store_of(Address(f"s3://{BUCKET}")).system.cat_file(f"{BUCKET}/{key}")
    return data


def put(key: str, data: bytes) -> None:
    store_of(Address(f"s3://{BUCKET}")).system.pipe_file(f"{BUCKET}/{key}", data)


async def test_transcripts_go_to_a_bucket_and_are_not_written_twice(
    home: PipelineHome, bucket: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "werkzeug")
    recordings = home.record(2)
    report = await home.run(recordings, output=target(f"{bucket}/out/"))
    assert report.counts == {"done": 2}
    assert names() == [
        f"out/note {number}.{ending}" for number in ("00", "01") for ending in ("json", "txt")
    ]
    assert read("out/note 00.txt").startswith(b"word0 word1")
    assert json.loads(read("out/note 00.json"))["recording"]["name"] == "note 00.wav"
    outputs = [name for job in home.of(JobFinished) for name in job.outputs]
    assert f"{bucket}/out/note 00.txt" in outputs
    assert len([path for path in requests_for(caplog.text, "PUT") if "/out/" in path]) == 4
    caplog.clear()

    again = await home.run(recordings, output=target(f"{bucket}/out/"))

    assert again.counts == {"unchanged": 2}
    assert requests_for(caplog.text, "PUT") == []
    assert not [path for path in requests_for(caplog.text, "GET") if "note" in path]
    assert local_folders() == []


async def test_a_foreign_object_is_never_replaced(home: PipelineHome, bucket: str) -> None:
    put("out/note 00.txt", b"of a person")
    recordings = home.record(2)
    report = await home.run(recordings, output=target(f"{bucket}/out"))
    assert report.counts == {"done": 1, "failed": 1}
    assert report.errors[0].code == "output_exists"
    assert f"{bucket}/out/note 00.txt exists" in report.errors[0].message
    assert read("out/note 00.txt") == b"of a person"

    await home.run(recordings, output=target(f"{bucket}/out"), overwrite=True)

    assert read("out/note 00.txt").startswith(b"word0")


async def test_a_lost_object_is_written_again_and_an_edited_one_stays(
    home: PipelineHome, bucket: str
) -> None:
    recordings = home.record(2)
    await home.run(recordings, output=target(f"{bucket}/out"))
    store_of(Address(bucket)).system.rm(f"{BUCKET}/out/note 00.txt")
    put("out/note 01.txt", b"better words\n")

    report = await home.run(recordings, output=target(f"{bucket}/out"))

    assert report.counts == {"done": 1, "unchanged": 1}
    assert read("out/note 00.txt").startswith(b"word0")
    assert read("out/note 01.txt") == b"better words\n"
    assert home.num_engine_runs == 2


async def test_another_machine_recognizes_what_is_there(home: PipelineHome, bucket: str) -> None:
    recordings = home.record(1)
    await home.run(recordings, output=target(f"{bucket}/out"))
    for path in home.locations.state.glob("journal*"):
        path.unlink()

    report = await home.run(recordings, output=target(f"{bucket}/out"))

    assert report.counts == {"unchanged": 1}
    assert home.num_engine_runs == 1


async def test_what_is_forgotten_here_is_named_there(home: PipelineHome, bucket: str) -> None:
    put("in/a.wav", write_recording(home.base / "a.wav").read_bytes())
    put("in/bad.wav", b"no sound at all " * 100)
    recordings = find(f"{bucket}/in")
    await home.run(recordings, output=target(f"{bucket}/out"))
    with Journal(home.locations.state / JOURNAL_NAME) as journal:
        [accepted] = Refusals(journal).accept([Address(f"{bucket}/in/bad.wav")])
        assert accepted.path == f"{bucket}/in/bad.wav"
        store = FileStore(home.locations.state / STORE_NAME)
        [traces] = find_traces(journal, store, [f"{bucket}/in/a.wav"])
        assert set(traces.elsewhere) == {f"{bucket}/out/a.json", f"{bucket}/out/a.txt"}
        assert len(traces.jobs) == 1
        remove_traces(journal, store, traces)
        with pytest.raises(NothingKeptError):
            find_traces(journal, store, [f"{bucket}/in/a.wav"])
    report = await home.run(recordings, output=target(f"{bucket}/out"))
    assert report.counts["known_bad"] == 1
    assert read("out/a.txt").startswith(b"word0")


def test_a_write_at_the_same_moment_is_noticed(bucket: str) -> None:
    address = Address(f"{bucket}/out/a.txt")
    store = store_of(address)
    nothing = Condition(there=None)
    first = store.write(address, b"one", nothing)
    with pytest.raises(RemoteConflictError, match="by another program meanwhile"):
        store.write(address, b"two", nothing)
    put("out/a.txt", b"theirs")
    with pytest.raises(RemoteConflictError):
        store.write(address, b"three", Condition(there=first))
    assert read("out/a.txt") == b"theirs"
    store.write(address, b"mine", Condition(there=store.look(address)))
    assert read("out/a.txt") == b"mine"


async def test_a_bucket_that_is_missing_fails_without_a_local_folder(
    home: PipelineHome, bucket: str
) -> None:
    with pytest.raises(RemoteMissingError, match="s3://nowhere-at-all does not exist") as raised:
        await home.run(home.record(1), output=target("s3://nowhere-at-all/out"))
    assert KEY not in f"{raised.value} {home.events}"
    assert home.num_engine_runs == 0
    assert local_folders() == []


async def test_transcripts_by_sftp(
    home: PipelineHome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home.base / ".ssh").mkdir()
    monkeypatch.setenv("HOME", str(home.base))
    recordings = home.record(2)
    with sftp_server(tmp_path, home.base) as url:
        line = (home.base / "host-line").read_bytes()
        (home.base / ".ssh" / "known_hosts").write_bytes(line)
        report = await home.run(recordings, output=target(f"{url}/deep/out"))
        assert report.counts == {"done": 2}
        [told] = [one for one in home.of(WarningRaised) if one.code == "unconditional_writes"]
        assert PASSWORD not in repr(home.events)
        assert "knows no conditional writes" in told.message
        again = await home.run(recordings, output=target(f"{url}/deep/out"))
        stores.forget_all()
    assert again.counts == {"unchanged": 2}
    out = tmp_path / "deep" / "out"
    assert sorted(path.name for path in out.iterdir()) == [
        "note 00.json",
        "note 00.txt",
        "note 01.json",
        "note 01.txt",
    ]
    assert (out / "note 00.txt").read_text("utf-8").startswith("word0")
    assert PASSWORD.encode() not in b"".join(
        path.read_bytes() for path in home.locations.state.rglob("*") if path.is_file()
    )


async def test_a_store_in_memory(home: PipelineHome) -> None:
    stores.forget_all()
    report = await home.run(home.record(1), output=target("memory://out"))
    assert report.counts == {"done": 1}
    again = await home.run(home.record(1), output=target("memory://out"))
    assert again.counts == {"unchanged": 1}
    system = store_of(Address("memory://out")).system
    assert system.cat_file("/out/note 00.txt").startswith(b"word0")
    system.rm("/out", recursive=True)
    stores.forget_all()
