"""Uploads of jobs: none is removed that a job may have, none stays for ever, all are counted."""

import asyncio
import sqlite3
import threading
import time
from collections.abc import AsyncIterator, Callable, Collection, Iterator
from contextlib import asynccontextmanager, closing, suppress
from pathlib import Path

import httpx2
import msgspec
import pytest
from starlette.requests import Request
from tests.support.pipeline_home import PipelineHome, write_model
from tests.support.redis_server import RedisServer, needs_redis, redis_server

from dalston_cli.pipeline.remote.address import Address
from dalston_cli.pipeline.remote.stores import forget_all, store_of
from dalston_cli.private_file import make_private_folder
from dalston_cli.server import shared_jobs
from dalston_cli.server.fetching import Fetcher
from dalston_cli.server.job_endpoints import JobEndpoints
from dalston_cli.server.job_files import JobFiles
from dalston_cli.server.jobs import Jobs
from dalston_cli.server.leases import Leases
from dalston_cli.server.lifetime import make_service
from dalston_cli.server.limits import Limits
from dalston_cli.server.queue import QueuedJob, QueueError
from dalston_cli.server.redis_queue import RedisQueue
from dalston_cli.server.service import Service
from dalston_cli.server.shared_jobs import SharedJobs
from dalston_cli.server.sqlite_queue import QUEUE_NAME, SqliteQueue
from dalston_cli.server.steady import Steady
from dalston_cli.server.telling import Teller
from dalston_cli.server.tokens import Caller

SOUND = b"sound" * 100
STORE = Address("memory://talks/served")


class DyingBefore(RedisQueue):
    """Its Redis dies before it has the job."""

    def __init__(self, server: RedisServer) -> None:
        super().__init__(server.url)
        self._server = server

    def add(self, job: QueuedJob) -> QueuedJob:
        self._server.kill()
        return super().add(job)


class DyingAfter(DyingBefore):
    """Its Redis dies once it has the job, and before it says so."""

    def add(self, job: QueuedJob) -> QueuedJob:
        RedisQueue.add(self, job)
        return super().add(job)


class SlowQueue(SqliteQueue):
    """Keeps a job, and answers when it may."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.has_kept, self.may_answer = threading.Event(), threading.Event()

    def add(self, job: QueuedJob) -> QueuedJob:
        kept = super().add(job)
        self.has_kept.set()
        self.may_answer.wait()
        return kept


class SlowToTidy(JobFiles):
    """Removes what a job needed when it may."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.tidies, self.may_end, self.has_ended = threading.Event(), threading.Event(), False

    def tidy(self, number: str) -> None:
        self.tidies.set()
        self.may_end.wait()
        super().tidy(number)
        self.has_ended = True


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    (tmp_path / "redis").mkdir()
    with redis_server(tmp_path / "redis") as started:
        yield started


@pytest.fixture(params=[None, STORE], ids=["folder", "store"])
def files(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[JobFiles]:
    yield JobFiles(tmp_path / "gateway" / "jobs", request.param)
    if request.param is not None:
        with suppress(FileNotFoundError):
            store_of(STORE).system.rm("/talks", recursive=True)
        forget_all()


@pytest.fixture
def service(home: PipelineHome, tmp_path: Path) -> Service:
    write_model(home.folder / "catalog", "speech", "transcribe")
    folder = tmp_path / "gateway"
    make_private_folder(folder)
    return make_service(home.environment(), folder, Limits(), None, lambda _: None)


def local_jobs(service: Service, queue: SqliteQueue) -> Jobs:
    files = JobFiles(service.folder / "jobs")
    steady = Steady(queue, lambda _: None, (0.01,))
    return Jobs(service, files, steady, Teller(frozenset()), fetcher(service))


def fetcher(service: Service) -> Fetcher:
    return Fetcher(room=service.room, most_bytes=10_000)


async def send(service: Service, jobs: Jobs | SharedJobs, key: str = "k") -> int:
    """Hand in a recording, as a caller does; return the status of the answer."""
    endpoints = JobEndpoints(service, jobs, frozenset(), fetcher(service))
    sent = httpx2.Request(
        "POST",
        "http://gateway/v1/jobs",
        files={"file": ("talk.wav", SOUND)},
        data={"options": '{"model": "speech"}'},
        headers={"idempotency-key": key},
    )
    body = sent.read()

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": body, "more_body": False}

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/v1/jobs",
        "headers": [(name.lower(), value) for name, value in sent.headers.raw],
        "state": {"caller": Caller(name="ada", scopes=frozenset({"jobs"}))},
    }
    return (await endpoints.create(Request(scope, receive))).status_code


async def until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 180
    while not is_so():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)


@asynccontextmanager
async def sharing(
    service: Service, queue: RedisQueue, files: JobFiles
) -> AsyncIterator[SharedJobs]:
    jobs = SharedJobs(service, queue, files, Steady(queue, lambda _: None, (0.01,)))
    async with jobs.working():
        yield jobs


def silent(_code: str, message: str) -> None:
    raise AssertionError(message)


def num_stored(files: JobFiles) -> int:
    if files.address is None:
        return len([*files.folder.iterdir()])
    with suppress(FileNotFoundError):
        return len(store_of(STORE).system.find("/talks"))
    return 0


@needs_redis
async def test_a_redis_that_dies_before_it_answers_has_the_job_and_its_upload(
    server: RedisServer,
    service: Service,
    files: JobFiles,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(shared_jobs, "FORGOTTEN_S", 0.0)
    with closing(DyingAfter(server)) as dying, closing(RedisQueue(server.url)) as queue:
        async with sharing(service, dying, files) as jobs:
            with pytest.raises(QueueError, match="no connection"):
                await send(service, jobs)
            assert service.room.used_bytes == len(SOUND)
        server.start()
        monkeypatch.setattr(shared_jobs, "_COLLECT_S", 0.01)
        async with sharing(service, queue, files) as jobs:  # it was started again
            await until(lambda: service.room.used_bytes == 0)
            assert queue.upload_bytes() == len(SOUND)
            assert await send(service, jobs) == 200  # the same key finds the same job
            await until(lambda: num_stored(files) == 1)
        worker = JobFiles(files.folder if files.address is None else tmp_path / "w", files.address)
        taken = queue.take()
        assert taken is not None
        assert (await worker.bring(taken.id, silent)).read_bytes() == SOUND


@needs_redis
async def test_an_upload_that_no_job_has_is_removed_when_that_is_certain(
    server: RedisServer, service: Service, files: JobFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(DyingBefore(server)) as dying, closing(RedisQueue(server.url)) as queue:
        async with sharing(service, dying, files) as jobs:
            with pytest.raises(QueueError, match="no connection"):
                await send(service, jobs)
        server.start()
        monkeypatch.setattr(shared_jobs, "_COLLECT_S", 0.01)
        async with sharing(service, queue, files) as jobs:
            looked = queue.known
            looks: list[object] = []

            def look(numbers: Collection[str]) -> frozenset[str]:
                looks.append(numbers)
                return looked(numbers)

            monkeypatch.setattr(queue, "known", look)
            await until(lambda: len(looks) > 2)
            assert num_stored(files) == 1  # a request may still be under way
            monkeypatch.setattr(shared_jobs, "FORGOTTEN_S", 0.0)
            await until(lambda: num_stored(files) == 0)
            await until(lambda: service.room.used_bytes == 0)
            assert await send(service, jobs) == 202
            assert (service.room.used_bytes, queue.upload_bytes()) == (0, len(SOUND))


@needs_redis
async def test_a_worker_gives_back_only_room_that_it_took(
    server: RedisServer, service: Service, tmp_path: Path
) -> None:
    """The server has counted an upload; what the worker fetches meanwhile stays counted here."""
    with closing(RedisQueue(server.url)) as queue:
        made = QueuedJob(
            id="a", owner="ada", state="queued", name="a", created_at=1.0, model="speech"
        )
        queue.add(msgspec.structs.replace(made, upload_bytes=500))
        steady = Steady(queue, lambda _: None, (0.01,))
        files, leases = JobFiles(tmp_path / "w"), Leases(queue, steady)
        teller, state = Teller(frozenset()), files.folder_of("a") / "state"
        state.mkdir(parents=True)
        service.room.take(700)
        async with Jobs(service, files, steady, teller, fetcher(service), leases).working():
            await until(lambda: not state.exists())  # the job has ended
        ended = queue.get("a")
        assert ended is not None
        assert (ended.state, ended.upload_bytes, service.room.used_bytes) == ("failed", 0, 700)


@pytest.mark.parametrize(
    "shares", [pytest.param(True, id="redis", marks=needs_redis), pytest.param(False, id="sqlite")]
)
async def test_a_server_that_stops_while_a_job_ends_leaves_it_ended(
    service: Service, tmp_path: Path, request: pytest.FixtureRequest, shares: bool
) -> None:
    made = QueuedJob(id="a", owner="ada", state="queued", name="a", created_at=1.0, model="speech")
    queue = (
        RedisQueue(request.getfixturevalue("server").url) if shares else SqliteQueue(service.folder)
    )
    with closing(queue):
        queue.add(made)
        steady, files = Steady(queue, lambda _: None, (0.01,)), SlowToTidy(tmp_path / "w")
        leases = Leases(queue, steady) if isinstance(queue, RedisQueue) else None
        jobs = Jobs(service, files, steady, Teller(frozenset()), fetcher(service), leases)
        async with jobs.working():
            await until(files.tidies.is_set)
            # By then the cancel is there.
            asyncio.get_running_loop().call_later(0.2, files.may_end.set)
        ended = queue.get("a")
        assert ended is not None
        assert (ended.state, queue.num_waiting(), files.has_ended) == ("failed", 0, True)


async def test_what_one_server_alone_does_not_keep_is_removed_at_once(service: Service) -> None:
    with closing(SqliteQueue(service.folder)) as queue:
        jobs = local_jobs(service, queue)
        assert await send(service, jobs) == 202
        assert await send(service, jobs) == 200  # the same key finds the same job
        [kept] = queue.of("ada", most=9)
        assert [each.name for each in (service.folder / "jobs").iterdir()] == [kept.id]
        with closing(sqlite3.connect(service.folder / QUEUE_NAME)) as other:
            other.execute(
                "create trigger t before insert on jobs begin select raise(abort, 'x'); end"
            )
        with pytest.raises(QueueError):
            await send(service, jobs, "another")
        assert [each.name for each in (service.folder / "jobs").iterdir()] == [kept.id]
        assert service.room.used_bytes == len(SOUND)


async def test_a_request_that_is_cut_off_takes_no_upload_from_its_job(service: Service) -> None:
    with closing(SlowQueue(service.folder)) as queue:
        sending = asyncio.create_task(send(service, local_jobs(service, queue)))
        await until(queue.has_kept.is_set)
        sending.cancel()
        queue.may_answer.set()
        with pytest.raises(asyncio.CancelledError):
            await sending
        [kept] = queue.of("ada", most=9)
        assert (service.folder / "jobs" / kept.id / "upload").read_bytes() == SOUND


async def test_a_job_that_ends_while_it_is_removed_gives_its_room_back_once(
    service: Service,
) -> None:
    with closing(SqliteQueue(service.folder)) as queue:
        jobs = local_jobs(service, queue)
        await send(service, jobs)
        [waiting] = queue.of("ada", most=9)  # as a caller's DELETE has read it
        service.room.take(700)
        await jobs._end(msgspec.structs.replace(waiting, state="failed"))
        assert service.room.used_bytes == 700
        await jobs.remove(waiting)
        assert service.room.used_bytes == 700
