"""Claims on work: one job at a time, in any process, and none that outlives its process."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from dalston_cli.pipeline.records.claims import Claims
from dalston_cli.pipeline.records.journal import Journal

HOLD = """\
import asyncio, sys
from pathlib import Path
from dalston_cli.pipeline.records.claims import Claims
from dalston_cli.pipeline.records.journal import Journal

async def main(folder):
    with Journal(folder / "journal") as journal, Claims(journal, folder / "claims") as claims:
        async with claims.held("key"):
            print("held", flush=True)
            await asyncio.sleep(600)

asyncio.run(main(Path(sys.argv[1])))
"""

Opener = Callable[[], Claims]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Opener]:
    """Open the claims as another process would."""
    with ExitStack() as stack:

        def open_claims() -> Claims:
            journal = stack.enter_context(Journal(tmp_path / "journal"))
            return stack.enter_context(Claims(journal, tmp_path / "claims"))

        yield open_claims


def rows(folder: Path) -> list[tuple[str, int]]:
    with Journal(folder / "journal") as journal:
        found = journal.connection.execute("SELECT key, pid FROM claims")
        return [tuple(row) for row in found.fetchall()]


def holding(folder: Path) -> subprocess.Popen[str]:
    """A process that has a claim."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, folder], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


async def order_of(first: Claims, second: Claims, key: str, other_key: str) -> list[str]:
    """What happens if a second job begins while a first one is at work."""
    order: list[str] = []
    began = asyncio.Event()

    async def one() -> None:
        async with first.held(key):
            began.set()
            await asyncio.sleep(0.3)
            order.append("first")

    async def two() -> None:
        await began.wait()
        async with second.held(other_key):
            order.append("second")

    await asyncio.gather(one(), two())
    return order


async def test_the_second_waits_for_the_first(opened: Opener) -> None:
    waited: list[int | None] = []
    second = opened()
    second.on_wait = waited.append
    assert await order_of(opened(), second, "key", "key") == ["first", "second"]
    assert len(waited) == 1


async def test_jobs_of_one_process_wait_for_each_other(opened: Opener) -> None:
    claims = opened()
    assert await order_of(claims, claims, "key", "key") == ["first", "second"]


async def test_other_work_does_not_wait(opened: Opener) -> None:
    assert await order_of(opened(), opened(), "key", "other") == ["second", "first"]


async def test_a_job_that_fails_lets_go(opened: Opener) -> None:
    claims = opened()
    with pytest.raises(ZeroDivisionError):
        async with claims.held("key"):
            raise ZeroDivisionError
    async with asyncio.timeout(60), opened().held("key"):
        pass


async def test_a_killed_process_lets_go(opened: Opener, tmp_path: Path) -> None:
    process = holding(tmp_path)
    claims = opened()
    waited: list[int | None] = []
    claims.on_wait = waited.append

    async def take() -> None:
        async with claims.held("key"):
            assert rows(tmp_path) == [("key", os.getpid())]

    taking = asyncio.create_task(take())
    await asyncio.sleep(0.5)
    assert not taking.done()
    assert waited == [process.pid]

    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=180)
    async with asyncio.timeout(60):
        await taking


async def test_a_process_with_the_number_of_a_dead_one_has_no_claim(
    opened: Opener, tmp_path: Path
) -> None:
    """The number in the claim is of a process that lives: this one."""
    with Journal(tmp_path / "journal") as journal:
        journal.connection.execute("INSERT INTO claims VALUES ('key', 'gone', ?)", (os.getpid(),))
    (tmp_path / "claims").mkdir()
    (tmp_path / "claims" / "gone").touch()

    async with asyncio.timeout(60), opened().held("key"):
        assert len(rows(tmp_path)) == 1
    assert not (tmp_path / "claims" / "gone").exists()


async def test_what_killed_processes_left_goes_with_the_next_claim(
    opened: Opener, tmp_path: Path
) -> None:
    with Journal(tmp_path / "journal") as journal:
        journal.connection.execute("INSERT INTO claims VALUES ('old', 'gone', 1)")
    async with opened().held("key"):
        assert rows(tmp_path) == [("key", os.getpid())]


async def test_nothing_is_left(tmp_path: Path) -> None:
    with Journal(tmp_path / "journal") as journal, Claims(journal, tmp_path / "claims") as claims:
        async with claims.held("key"):
            pass
    assert rows(tmp_path) == []
    assert list((tmp_path / "claims").iterdir()) == []
