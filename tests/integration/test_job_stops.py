"""Jobs whose work, or whose removal, is stopped between two steps that belong together."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import httpx2
import pytest
from starlette.requests import Request
from starlette.types import Message
from tests.support.pipeline_home import PipelineHome, write_model
from tests.support.redis_server import RedisServer, needs_redis, redis_server

from dalston_cli.pipeline.events import JobFinished
from dalston_cli.pipeline.remote.address import Address
from dalston_cli.pipeline.remote.stores import forget_all, store_of
from dalston_cli.private_file import make_private_folder
from dalston_cli.server import jobs as server_jobs
from dalston_cli.server import leases as server_leases
from dalston_cli.server import shared_jobs
from dalston_cli.server.fetching import Fetcher
from dalston_cli.server.job_files import JobFiles
from dalston_cli.server.jobs import Jobs
from dalston_cli.server.leases import Leases
from dalston_cli.server.lifetime import make_service
from dalston_cli.server.limits import Limits
from dalston_cli.server.once import AudioEndpoints
from dalston_cli.server.progress import Progress
from dalston_cli.server.queue import News, QueuedJob
from dalston_cli.server.redis_queue import RedisQueue
from dalston_cli.server.service import Service
from dalston_cli.server.shared_jobs import SharedJobs
from dalston_cli.server.sqlite_queue import SqliteQueue
from dalston_cli.server.steady import Steady
from dalston_cli.server.telling import Teller
from dalston_cli.server.tokens import Caller
from dalston_cli.server.work import MachineError, Order, Running, transcript_in

STORE = Address("memory://talks/served")


def job(number: str) -> QueuedJob:
    return QueuedJob(
        id=number, owner="ada", state="queued", name="a", created_at=time.time(), model="speech"
    )


async def until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)


async def turns(number: int = 10) -> None:
    """Let the loop do what it has to do at once."""
    for _ in range(number):
        await asyncio.sleep(0)


def stored() -> list[str]:
    found: list[str] = []
    with suppress(FileNotFoundError):
        found += store_of(STORE).system.find("/talks")
    return found


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    (tmp_path / "redis").mkdir()
    with redis_server(tmp_path / "redis") as started:
        yield started


@pytest.fixture
def store() -> Iterator[Address]:
    yield STORE
    with suppress(FileNotFoundError):
        store_of(STORE).system.rm("/talks", recursive=True)
    forget_all()


@pytest.fixture
def service(home: PipelineHome, tmp_path: Path) -> Service:
    write_model(home.folder / "catalog", "speech", "transcribe")
    folder = tmp_path / "gateway"
    make_private_folder(folder)
    return make_service(home.environment(), folder, Limits(jobs=2), None, lambda _: None)


def steady(queue: RedisQueue | SqliteQueue) -> Steady:
    return Steady(queue, lambda _: None, (0.01,))


def means(service: Service) -> tuple[Teller, Fetcher]:
    return Teller(frozenset()), Fetcher(room=service.room, most_bytes=10_000)


async def test_a_job_whose_work_is_stopped_before_it_begins_waits_again(service: Service) -> None:
    is_taken = asyncio.Event()

    class Stopped(Jobs):
        async def _work_alone(self, job: QueuedJob) -> None:
            is_taken.set()
            await super()._work_alone(job)

    with closing(SqliteQueue(service.folder)) as queue:
        queue.add(job("a"))
        files = JobFiles(service.folder / "jobs")
        async with Stopped(service, files, steady(queue), *means(service)).working():
            await is_taken.wait()  # whoever waits goes on before what was made after that
        kept = queue.get("a")
        assert kept is not None
        assert kept.state == "queued"


async def test_a_job_that_waits_again_is_its_next_worker_s(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first one waits a while before it takes another job, and then has nothing to forget."""
    monkeypatch.setattr(server_jobs, "_AWAY_S", 0.3)
    begun: list[str] = []
    stopped: list[str] = []

    class Away(Jobs):
        async def _run(self, job: QueuedJob, progress: Progress) -> JobFinished:
            del progress
            begun.append(job.id)
            if len(begun) == 1:
                raise MachineError("no room")
            try:
                await asyncio.sleep(600)
            finally:
                stopped.append(job.id)
            raise AssertionError(job)

    with closing(SqliteQueue(service.folder)) as queue:
        files = JobFiles(service.folder / "jobs")
        jobs = Away(service, files, steady(queue), *means(service))

        def begins_again() -> bool:
            jobs._wake.set()
            return begun == ["a", "a"]

        async with jobs.working():
            made = await jobs.add(job("a"))
            await until(begins_again)
            await jobs.add(job("b"))  # the first one takes it
            await until(lambda: begun == ["a", "a", "b"])
            assert await jobs.progress("a") is not None
            await jobs.remove(made)
            assert stopped == ["a"]


@needs_redis
async def test_what_a_worker_writes_of_a_job_that_was_removed_goes_with_it(
    server: RedisServer,
    service: Service,
    tmp_path: Path,
    store: Address,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The worker would have seen it a moment later, and is about to note how the job ended."""
    monkeypatch.setattr(server_leases, "BEAT_S", 600.0)
    beats, handed_out = threading.Event(), asyncio.Event()

    class Beating(RedisQueue):
        def renew(self, number: str, news: News) -> bool:
            is_held = super().renew(number, news)
            beats.set()
            return is_held

    class Late(Jobs):
        async def _run(self, job: QueuedJob, progress: Progress) -> JobFinished:
            del progress
            await until(beats.is_set)
            await gateway.remove(job)
            made = transcript_in(self.folder_of(job.id))
            made.parent.mkdir(parents=True)
            made.write_text("{}", encoding="utf-8")
            self._files.hand_out(job.id)
            assert len(stored()) == 1
            handed_out.set()
            return JobFinished(recording=job.name, status="done")

    with closing(RedisQueue(server.url)) as there, closing(Beating(server.url)) as here:
        gateway = SharedJobs(service, there, JobFiles(tmp_path / "g", store), steady(there))
        files, asked = JobFiles(tmp_path / "w", store), steady(here)
        worker = Late(service, files, asked, *means(service), Leases(here, asked))
        here.add(job("a"))
        async with worker.working():
            await until(lambda: handed_out.is_set() and not worker._at_work)
        assert here.get("a") is None
        assert (stored(), [*files.folder.iterdir()]) == ([], [])


class SlowToRemove(RedisQueue):
    """Forgets a job when it may."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.removes, self.may_remove = threading.Event(), threading.Event()

    def remove(self, number: str) -> None:
        self.removes.set()
        self.may_remove.wait()
        super().remove(number)


class DyingBetween(JobFiles):
    """Its process is killed before it removes files."""

    def remove(self, number: str) -> None:
        raise OSError(number)


@needs_redis
async def test_a_removal_that_is_cut_off_leaves_no_file(
    server: RedisServer, service: Service, tmp_path: Path, store: Address
) -> None:
    with closing(SlowToRemove(server.url)) as queue:
        files = JobFiles(tmp_path / "g", store)
        made = queue.add(job("a"))
        store_of(STORE).system.pipe_file("/talks/served/jobs/a/transcript.json", b"{}")
        gateway = SharedJobs(service, queue, files, steady(queue))
        removing = asyncio.create_task(gateway.remove(made))
        await until(queue.removes.is_set)
        removing.cancel()  # the server stops
        await turns()
        queue.may_remove.set()
        with pytest.raises(asyncio.CancelledError):
            await removing
        await until(lambda: queue.get("a") is None)
        assert stored() == []


@needs_redis
async def test_a_server_that_dies_as_it_removes_a_job_goes_on_with_that(
    server: RedisServer,
    service: Service,
    tmp_path: Path,
    store: Address,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(shared_jobs, "FORGOTTEN_S", 0.0)
    monkeypatch.setattr(shared_jobs, "_COLLECT_S", 0.01)
    with closing(RedisQueue(server.url)) as queue:
        made = queue.add(job("a"))
        store_of(STORE).system.pipe_file("/talks/served/jobs/a/transcript.json", b"{}")
        dying = DyingBetween(tmp_path / "g", store)
        with pytest.raises(OSError, match="a"):
            await SharedJobs(service, queue, dying, steady(queue)).remove(made)
        assert (queue.get("a"), len(stored())) == (None, 1)
        files = JobFiles(tmp_path / "g", store)
        async with SharedJobs(service, queue, files, steady(queue)).working():
            await until(lambda: not stored())


async def test_a_run_has_ended_when_its_order_does_though_it_is_cancelled_twice(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    running = Running()
    monkeypatch.setattr(service.worker, "begin", lambda *_: running)
    monkeypatch.setattr(service.worker, "stop", lambda _: None)  # it takes its time
    order = Order(source=Path(), name="a", folder=Path(), options=None)  # type: ignore[arg-type]  # not looked at
    work = asyncio.create_task(service.carry_out(order, None))
    for _ in range(3):  # as the job's removal and the server's end do
        await turns()
        work.cancel()
    await turns()
    assert not work.done()
    running.finished.set_result(JobFinished(recording="a", status="cancelled"))
    with pytest.raises(asyncio.CancelledError):
        await work


async def test_a_stream_that_is_given_up_ends_its_work_before_its_folder(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, is_gone = asyncio.Event(), asyncio.Event()
    has_folder: list[bool] = []

    async def carry_out(order: Order, _emit: object) -> JobFinished:
        begun.set()
        try:
            await asyncio.sleep(600)
        except asyncio.CancelledError:
            with suppress(TimeoutError):  # the end of a run takes a moment
                await asyncio.wait_for(is_gone.wait(), 0.3)
            has_folder.append(order.folder.exists())
            raise
        raise AssertionError

    async def receive() -> Message:
        await begun.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        del message

    monkeypatch.setattr(service, "carry_out", carry_out)
    sent = httpx2.Request(
        "POST",
        "http://gateway/v1/audio/transcriptions",
        files={"file": ("talk.wav", b"sound")},
        data={"model": "speech", "stream": "true"},
    )
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/v1/audio/transcriptions",
        "headers": [(name.lower(), value) for name, value in sent.headers.raw],
        "state": {"caller": Caller(name="ada", scopes=frozenset({"transcribe"}))},
    }
    body = sent.read()

    async def upload() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    streamed = await AudioEndpoints(service).transcriptions(Request(scope, upload))
    await streamed(scope, receive, send)
    is_gone.set()
    await until(lambda: bool(has_folder))
    assert has_folder == [True]
    assert not [*(service.folder / "once").iterdir()]
