"""The queue in a file: what outlives its process, what is read, and where it fails."""

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import msgspec
import pytest

from dalston_cli.server.queue import QueuedJob, QueueError
from dalston_cli.server.sqlite_queue import QUEUE_NAME, QueueFileError, SqliteQueue
from dalston_cli.server.steady import Steady
from dalston_cli.server.webhooks import Webhook

HOOK = Webhook(url="https://example.org/", secret="whsec_")


def job(number: str, *, owner: str = "ada", at: float = 1.0, key: str | None = None) -> QueuedJob:
    return QueuedJob(
        id=number, owner=owner, state="queued", name="a", created_at=at, model="m", key=key
    )


def test_a_queue_outlives_its_process(tmp_path: Path) -> None:
    queue = SqliteQueue(tmp_path)
    assert (tmp_path / QUEUE_NAME).stat().st_mode & 0o777 == 0o600
    queue.add(job("b", at=2))
    queue.add(job("a", at=1, key="k"))
    assert queue.add(job("c", at=3, key="k")).id == "a"
    assert queue.add(job("d", at=4, key="k", owner="grace")).id == "d"
    assert (queue.num_waiting("ada"), queue.num_waiting()) == (2, 3)
    taken = queue.take()
    assert taken is not None
    assert (taken.id, taken.state) == ("a", "running")
    queue.close()

    queue = SqliteQueue(tmp_path)
    assert {each.id: each.state for each in queue.requeue()} == dict.fromkeys("abd", "queued")
    assert queue.known(["a", "z", "d"]) == {"a", "d"}
    first = queue.take()
    assert first is not None
    assert first.id == "a"
    assert queue.put(msgspec.structs.replace(first, state="done"))
    queue.remove("a")
    assert not queue.put(first)
    assert queue.get("a") is None
    assert [each.id for each in queue.of("ada", most=5)] == ["b"]
    queue.close()


def test_what_has_ended_waits_no_more(tmp_path: Path) -> None:
    """A server that stops gives back what it takes for its work."""
    with closing(SqliteQueue(tmp_path)) as queue:
        queue.add(job("a"))
        ended = msgspec.structs.replace(job("a"), state="partial")
        assert queue.put(ended)
        assert not queue.put(job("a"))
        assert not queue.put(msgspec.structs.replace(job("a"), state="running"))
        assert (queue.get("a"), queue.num_waiting(), queue.take()) == (ended, 0, None)
        assert queue.put(msgspec.structs.replace(ended, told=True))


def test_a_file_that_is_no_queue_is_not_used(tmp_path: Path) -> None:
    (tmp_path / QUEUE_NAME).write_bytes(b"nonsense" * 100)
    with pytest.raises(QueueFileError):
        SqliteQueue(tmp_path)


@contextmanager
def without_jobs(folder: Path) -> Iterator[None]:
    """While the block runs, every statement about jobs fails."""
    with closing(sqlite3.connect(folder / QUEUE_NAME)) as other:
        other.execute("alter table jobs rename to elsewhere")
        yield
        other.execute("alter table elsewhere rename to jobs")


@pytest.fixture
def queue(tmp_path: Path) -> Iterator[SqliteQueue]:
    with closing(SqliteQueue(tmp_path)) as made:
        yield made


ASKED: dict[str, Callable[[SqliteQueue], object]] = {
    "check": lambda queue: queue.check(),
    "add": lambda queue: queue.add(job("b")),
    "take": lambda queue: queue.take(),
    "put": lambda queue: queue.put(job("a")),
    "get": lambda queue: queue.get("a"),
    "of": lambda queue: queue.of("ada", most=1),
    "num_waiting": lambda queue: queue.num_waiting(),
    "remove": lambda queue: queue.remove("a"),
    "requeue": lambda queue: queue.requeue(),
    "known": lambda queue: queue.known(["a"]),
    "untold": lambda queue: queue.untold(),
}


@pytest.mark.parametrize("asked", ASKED.values(), ids=ASKED)
def test_a_failure_has_a_name_and_changes_nothing(
    queue: SqliteQueue, tmp_path: Path, asked: Callable[[SqliteQueue], object]
) -> None:
    queue.add(job("a"))
    with without_jobs(tmp_path), pytest.raises(QueueError, match="no such table"):
        asked(queue)
    assert queue.get("a") == job("a")
    assert queue.get("b") is None


def test_a_start_reads_what_waits_and_what_was_not_told_alone(
    queue: SqliteQueue, tmp_path: Path
) -> None:
    for number in range(3):
        queue.add(job(f"old{number}"))
        queue.put(msgspec.structs.replace(job(f"old{number}"), state="done"))
    ended = msgspec.structs.replace(job("told"), state="done", webhook=HOOK, told=True)
    untold = msgspec.structs.replace(job("untold"), state="failed", webhook=HOOK)
    for each in (ended, untold):
        queue.add(msgspec.structs.replace(each, state="queued"))
        queue.put(each)
    queue.add(job("waits"))
    with closing(sqlite3.connect(tmp_path / QUEUE_NAME)) as other:
        other.execute("update jobs set document = 'unreadable' where id like 'old%'")
        other.execute("update jobs set document = 'unreadable' where id = 'told'")
        other.commit()
        plans = [
            str(other.execute(f"explain query plan select document from jobs {where}").fetchall())
            for where in ("where untold order by created_at", "where state = 'queued'")
        ]
    assert [each.id for each in queue.requeue()] == ["waits"]
    assert [each.id for each in queue.untold()] == ["untold"]
    assert "by_untold" in plans[0]
    assert "by_state" in plans[1]


def test_a_file_of_an_earlier_version_tells_what_it_did_not(tmp_path: Path) -> None:
    untold = msgspec.structs.replace(job("a"), state="done", webhook=HOOK)
    with closing(sqlite3.connect(tmp_path / QUEUE_NAME)) as earlier:
        earlier.execute(
            "create table jobs (id text primary key, owner text not null, state text not null,"
            " created_at real not null, key text, document blob not null)"
        )
        for each in (untold, msgspec.structs.replace(job("b"), state="done")):
            document = msgspec.json.encode(each)
            values = (each.id, each.owner, each.state, 1.0, None, document)
            earlier.execute("insert into jobs values (?, ?, ?, ?, ?, ?)", values)
        earlier.execute("pragma user_version = 1")
        earlier.commit()
    for _ in range(2):
        with closing(SqliteQueue(tmp_path)) as queue:
            assert queue.untold() == (untold,)
            assert queue.known(["a", "b", "c"]) == {"a", "b"}
    with closing(sqlite3.connect(tmp_path / QUEUE_NAME)) as later:
        later.execute("pragma user_version = 99")
    with pytest.raises(QueueFileError, match="another version"):
        SqliteQueue(tmp_path)


async def test_a_queue_that_fails_is_asked_again_and_told_of_once(
    queue: SqliteQueue, tmp_path: Path
) -> None:
    said: list[str] = []
    is_told = asyncio.Event()

    def warn(message: str) -> None:
        said.append(message)
        is_told.set()

    steady = Steady(queue, warn, (0.01,))
    await steady.check()
    with without_jobs(tmp_path):
        asking = [asyncio.create_task(steady.ask(queue.take)) for _ in range(2)]
        await is_told.wait()
        with pytest.raises(QueueError, match="no such table"):
            await steady.check()
        assert len(said) == 1
        assert str(tmp_path / QUEUE_NAME) in said[0]
    queue.add(job("a"))
    taken = await asyncio.gather(*asking)
    assert sorted(each.id for each in taken if each is not None) in ([], ["a"])
    assert said[1:] == [f"{queue.place}: jobs can be read and kept again"]
    await steady.check()
