"""Files of jobs that machines share at an address: all of them are there, and then none is."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from dalston_cli.pipeline.remote.address import Address
from dalston_cli.pipeline.remote.stores import forget_all, store_of
from dalston_cli.server.errors import RequestRefusedError
from dalston_cli.server.job_files import JobFiles, JobFilesError
from dalston_cli.server.upload import UPLOAD_NAME
from dalston_cli.server.work import transcript_in

PLACE = Address("memory://talks/served")


@pytest.fixture(autouse=True)
def _store() -> Iterator[None]:
    yield
    store_of(PLACE).system.rm("/talks", recursive=True)
    forget_all()


def there() -> list[str]:
    return [one.path for one in store_of(PLACE).entries(PLACE, recursive=True) if not one.is_folder]


def silent(_code: str, message: str) -> None:
    raise AssertionError(message)


async def test_a_recording_goes_to_a_worker_and_its_transcript_comes_back(tmp_path: Path) -> None:
    gateway, worker = JobFiles(tmp_path / "a", PLACE), JobFiles(tmp_path / "b", PLACE)
    gateway.mark("m")
    assert worker.has_mark("m")
    worker.unmark("m")
    assert not gateway.has_mark("m")

    gateway.folder_of("1").mkdir(parents=True)
    (gateway.folder_of("1") / UPLOAD_NAME).write_bytes(b"sound")
    assert gateway.upload_bytes("1") == len(b"sound")
    gateway.hand_in("1")
    assert gateway.upload_bytes("1") == 0
    assert gateway.age_s("1") < 3600
    gateway.leave("1")
    assert not gateway.folder_of("1").exists()
    for _ in range(2):  # it is fetched once
        brought = await worker.bring("1", silent)
        assert brought.read_bytes() == b"sound"
    assert worker.results("1") == f"{PLACE.url}/jobs/1/results"
    store_of(PLACE).system.pipe_file("/talks/served/jobs/1/results/ab/x.json", b"{}")

    made = transcript_in(worker.folder_of("1"))
    worker.hand_out("1")  # a job that failed has none
    made.parent.mkdir()
    made.write_bytes(b"{}")
    worker.hand_out("1")
    worker.tidy("1")
    assert there() == ["jobs/1/transcript.json"]
    assert not worker.folder_of("1").exists()
    with gateway.transcript("1", tmp_path) as path:
        assert path.read_bytes() == b"{}"
    gateway.remove("1")
    gateway.remove("1")
    assert there() == []
    with (
        pytest.raises(RequestRefusedError, match="no such transcript"),
        gateway.transcript("1", tmp_path),
    ):
        pass
    with pytest.raises(RequestRefusedError, match="no such recording"):
        await worker.bring("1", silent)


async def test_a_folder_is_shared_as_it_is(tmp_path: Path) -> None:
    store_of(PLACE).system.makedirs("/talks")
    files = JobFiles(tmp_path / "server" / "jobs")
    files.mark("m")
    assert JobFiles(tmp_path / "server" / "jobs").has_mark("m")
    files.unmark("m")
    folder = files.folder_of("1")
    made = transcript_in(folder)
    made.parent.mkdir(parents=True)
    made.write_bytes(b"{}")
    (folder / UPLOAD_NAME).write_bytes(b"sound")
    files.hand_in("1")
    assert (await files.bring("1", silent)).read_bytes() == b"sound"
    files.hand_out("1")
    files.leave("1")
    files.tidy("1")
    assert [each.name for each in folder.iterdir()] == [made.parent.name]
    assert files.results("1") is None
    with files.transcript("1", tmp_path) as path:
        assert path == made
    files.remove("1")
    assert not folder.exists()
    with pytest.raises(RequestRefusedError, match="no such recording"):
        await files.bring("1", silent)


def test_a_store_that_fails_has_no_address_for_callers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dalston_cli.pipeline.remote.patience.PAUSES_S", (0.01,))
    files = JobFiles(tmp_path / "a", PLACE)
    store_of(PLACE).system.pipe_file("/talks/served/jobs/1", b"a file where a folder has to be")
    made = transcript_in(files.folder_of("1"))
    made.parent.mkdir(parents=True)
    made.write_bytes(b"{}")
    with pytest.raises(JobFilesError) as failed:
        files.hand_out("1")
    assert "memory" not in failed.value.message
    assert failed.value.reason
