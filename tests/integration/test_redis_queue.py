"""The queue in a real Redis: leases, deaths of its processes, and deaths of Redis itself."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path

import msgspec
import pytest
import redis
from tests.support.redis_server import RedisServer, needs_redis, redis_server

from dalston_cli.server.job_files import JobFiles
from dalston_cli.server.queue import News, QueuedJob, QueueError
from dalston_cli.server.redis_connection import (
    STREAM,
    QueueAddressError,
    QueueUnreachableError,
    shown_queue,
)
from dalston_cli.server.redis_queue import RedisQueue
from dalston_cli.server.sharing import OtherFilesError, UnseenFilesError, open_shared_queue
from dalston_cli.server.webhooks import Webhook

pytestmark = needs_redis

HOOK = Webhook(url="https://example.org/", secret="whsec_")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with redis_server(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture
def server(running: RedisServer) -> RedisServer:
    running.empty()
    return running


@pytest.fixture
def queues(server: RedisServer) -> Iterator[tuple[RedisQueue, RedisQueue]]:
    """The same queue, as two processes have it, whose leases are over soon."""
    with (
        closing(RedisQueue(server.url, lease_s=0.5)) as one,
        closing(RedisQueue(server.url, lease_s=0.5)) as other,
    ):
        yield one, other


def job(number: str, *, at: float = 1.0, key: str | None = None, **more: object) -> QueuedJob:
    made = QueuedJob(
        id=number, owner="ada", state="queued", name="a", created_at=at, model="m", key=key
    )
    return msgspec.structs.replace(made, **more)


def taken(queue: RedisQueue) -> QueuedJob:
    """Take a job, which another process may still hold for a moment."""
    deadline = time.monotonic() + 180
    while (found := queue.take()) is None:
        assert time.monotonic() < deadline
    return found


def done(job: QueuedJob, **more: object) -> QueuedJob:
    return msgspec.structs.replace(job, state="done", upload_bytes=0, **more)


def test_it_keeps_what_it_is_given(queues: tuple[RedisQueue, RedisQueue]) -> None:
    one, other = queues
    one.check()
    assert one.add(job("a", key="k", upload_bytes=7)).id == "a"
    assert one.add(job("b", at=2.0, key="k")).id == "a"
    assert one.add(job("b", at=2.0, owner="grace", key="k", upload_bytes=3)).id == "b"
    assert one.add(job("b", at=2.0, owner="grace", key="k", upload_bytes=3)).id == "b"
    one.add(job("c", at=3.0))
    assert (other.num_waiting(), other.num_waiting("ada"), other.upload_bytes()) == (3, 2, 10)
    assert [each.id for each in other.of("ada", most=9)] == ["c", "a"]
    assert [each.id for each in other.of("ada", most=1)] == ["c"]
    assert other.known(["a", "z", "c"]) == {"a", "c"}
    assert other.known([]) == frozenset()
    first = taken(other)
    assert (first.id, first.state, first.takes) == ("a", "running", 1)
    assert one.num_waiting("ada") == 1
    assert other.put(first)
    assert not one.put(first)  # it is not this one's
    assert other.put(done(first))
    assert (one.get("a"), one.upload_bytes()) == (done(first), 3)
    one.remove("b")
    one.remove("c")
    assert (one.take(), one.num_waiting(), one.upload_bytes()) == (None, 0, 0)
    one.remove("a")
    one.remove("a")
    assert (one.get("a"), one.of("ada", most=9)) == (None, ())
    assert one.add(job("d", key="k")).id == "d"


def test_what_has_ended_waits_no_more(queues: tuple[RedisQueue, RedisQueue]) -> None:
    """A worker that stops gives back what it takes for its work."""
    one, other = queues
    one.add(job("a"))
    held = taken(one)
    assert one.put(done(held))
    for queue in queues:
        assert not queue.put(job("a", upload_bytes=7))
        assert not queue.put(job("a", state="running"))
    assert (other.get("a"), other.num_waiting(), other.upload_bytes()) == (done(held), 0, 0)
    assert other.take() is None
    assert one.put(done(held, told=True))


def test_a_job_is_not_given_back_by_halves(
    server: RedisServer, queues: tuple[RedisQueue, RedisQueue]
) -> None:
    """The stream is gone that it would wait in, as after a loss of data."""
    one, other = queues
    one.add(job("a"))
    held = taken(one)
    assert one.put(held)
    with redis.Redis.from_url(server.url) as client:
        client.delete(STREAM)
    with pytest.raises(QueueError, match="NOGROUP"):
        one.put(job("a"))
    assert (other.get("a"), other.num_waiting()) == (held, 0)
    assert one.put(done(held))


def test_a_dead_process_s_job_is_taken_by_another_one_and_a_living_one_s_is_not(
    queues: tuple[RedisQueue, RedisQueue],
) -> None:
    one, other = queues
    one.add(job("a"))
    held = taken(one)
    for _ in range(3):  # each look takes longer than the lease
        assert one.renew("a", News())
        stop = threading.Event()
        renewing = threading.Thread(target=_renew_until, args=(one, "a", stop))
        renewing.start()
        assert other.take() is None
        stop.set()
        renewing.join()
    again = taken(other)
    assert (again.id, again.takes) == ("a", 2)
    assert not one.renew("a", News())
    assert not one.put(done(held))  # what was dead and comes back changes nothing
    assert other.put(done(again))
    assert one.take() is None


def _renew_until(queue: RedisQueue, number: str, stop: threading.Event) -> None:
    while not stop.wait(0.1):
        queue.renew(number, News())


def test_what_is_given_back_is_taken_at_once_and_does_not_count(server: RedisServer) -> None:
    with closing(RedisQueue(server.url)) as queue:
        queue.add(job("a"))
        queue.add(job("b", at=2.0))
        assert queue.put(msgspec.structs.replace(taken(queue), state="queued"))
        assert queue.num_waiting("ada") == 2
        again = taken(queue)
        assert (again.id, again.takes) == ("a", 1)
        queue.remove("a")
        assert not queue.renew("a", News())
        assert not queue.put(again)


def test_each_job_is_taken_once(queues: tuple[RedisQueue, RedisQueue]) -> None:
    for number in range(60):
        queues[0].add(job(f"{number}", at=float(number)))

    def take_all(queue: RedisQueue) -> list[str]:
        found = []
        while (one := queue.take()) is not None:
            assert queue.put(done(one))
            found.append(one.id)
        return found

    with ThreadPoolExecutor(4) as threads:
        each = threads.map(take_all, queues * 2)
    assert sorted(number for found in each for number in found) == sorted(map(str, range(60)))


def test_a_redis_that_is_killed_loses_nothing(tmp_path: Path) -> None:
    with redis_server(tmp_path) as server, closing(RedisQueue(server.url)) as queue:
        queue.add(job("a", key="k"))
        queue.add(job("b", at=2.0))
        held = taken(queue)
        assert queue.renew("a", News(state=b"half", told=(("stage", "{}"),)))
        server.kill()
        for ask in (queue.check, queue.take, lambda: queue.put(done(held))):
            with pytest.raises(QueueError, match="there is no connection to Redis"):
                ask()
        server.start()
        assert queue.news("a", after=0) == News(state=b"half", told=(("stage", "{}"),))
        assert queue.renew("a", News(state=b"more", told=(("word", "{}"),)))
        assert queue.news("a", after=1) == News(state=b"more", told=(("word", "{}"),))
        with closing(RedisQueue(server.url)) as other:
            assert taken(other).id == "b"
        assert queue.put(done(held))
        assert queue.add(job("c", key="k")) == done(held)


def test_a_redis_that_lost_all_it_had_takes_new_jobs(
    server: RedisServer, queues: tuple[RedisQueue, RedisQueue]
) -> None:
    queues[0].add(job("a"))
    server.empty()
    assert queues[0].take() is None
    queues[0].add(job("b"))
    assert taken(queues[1]).id == "b"


def test_ends_are_told_by_one_process_and_by_another_when_that_dies(
    queues: tuple[RedisQueue, RedisQueue],
) -> None:
    one, other = queues
    one.add(job("a", webhook=HOOK))
    ended = done(taken(one))
    assert one.put(ended)
    assert (one.untold(), other.untold()) == ((), ())
    deadline = time.monotonic() + 180
    while not (found := other.untold()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert found == (ended,)
    assert other.put(msgspec.structs.replace(ended, told=True))
    assert other.take() is None  # it waits for longer than the lease
    assert (one.untold(), other.untold()) == ((), ())


@pytest.mark.parametrize(
    ("words", "risks"),
    [
        pytest.param(("--appendonly", "yes"), 0, id="file"),
        pytest.param(("--appendonly", "no"), 1, id="memory"),
        pytest.param(("--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru"), 2, id="evicts"),
    ],
)
def test_it_says_how_jobs_may_be_lost(tmp_path: Path, words: tuple[str, ...], risks: int) -> None:
    with redis_server(tmp_path, *words) as server, closing(RedisQueue(server.url)) as queue:
        assert len([*queue.risks()]) == risks


def test_a_password_is_needed_and_never_shown(tmp_path: Path) -> None:
    with redis_server(tmp_path, "--requirepass", "open-sesame") as server:
        place = server.url.removeprefix("redis://")
        with closing(RedisQueue(f"redis://:open-sesame@{place}")) as queue:
            assert queue.place == server.url
        for login in (":wrong-word@", ""):
            with pytest.raises(QueueUnreachableError, match=r"password|Authentication") as refused:
                RedisQueue(f"redis://{login}{place}")
            assert "word@" not in f"{refused.value.message} {refused.value.hint}"
    with pytest.raises(QueueUnreachableError, match="no connection"):
        RedisQueue(server.url)


@pytest.mark.parametrize("url", ["http://example.org", "talks", "redis://host:port/0", "redis://["])
def test_what_is_no_address_of_a_redis_is_refused(url: str) -> None:
    with pytest.raises(QueueAddressError):
        RedisQueue(url)


def test_an_address_is_shown_without_secrets() -> None:
    shown = shown_queue("rediss://ada:open-sesame@example.org:6380/2?ssl_ca_certs=x")
    assert shown == "rediss://example.org:6380/2"


def test_all_that_share_a_queue_share_the_files(server: RedisServer, tmp_path: Path) -> None:
    def opened(files: JobFiles) -> None:
        with ExitStack() as stack:
            open_shared_queue(server.url, files, said.append, stack)

    said: list[str] = []
    shared = tmp_path / "shared" / "jobs"
    opened(JobFiles(shared))
    opened(JobFiles(shared))
    assert len([*(tmp_path / "shared" / "marks").iterdir()]) == 1
    with pytest.raises(OtherFilesError, match="would be in"):
        opened(JobFiles(tmp_path / "elsewhere" / "jobs"))
    (tmp_path / "shared").rename(tmp_path / "unmounted")
    with pytest.raises(UnseenFilesError):
        opened(JobFiles(shared))
    assert said == []
