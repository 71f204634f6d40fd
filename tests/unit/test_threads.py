"""Work in threads, and tasks that are cancelled meanwhile."""

import asyncio
import contextvars
import threading
from pathlib import Path

import pytest

from dalston_cli.threads import to_its_end

NAME: contextvars.ContextVar[str] = contextvars.ContextVar("NAME", default="nobody")


class Slow:
    """Writes a file once it may; ``began`` says that it is at work."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.began = threading.Event()
        self.may_end = threading.Event()

    def write(self) -> str:
        self.began.set()
        assert self.may_end.wait(60)
        self.path.write_text("whole", encoding="ascii")
        return "written"

    async def has_begun(self) -> None:
        assert await asyncio.to_thread(self.began.wait, 60)


async def test_what_it_returns_and_raises_is_that_of_the_work() -> None:
    assert await to_its_end(divmod, 7, 2) == (3, 1)
    with pytest.raises(ZeroDivisionError):
        await to_its_end(divmod, 7, 0)


async def test_it_works_in_the_context_of_its_caller() -> None:
    NAME.set("Ada")
    assert await to_its_end(NAME.get) == "Ada"


@pytest.mark.parametrize("times", [1, 2])
async def test_a_cancelled_task_waits_for_its_thread(tmp_path: Path, times: int) -> None:
    slow = Slow(tmp_path / "file")

    async def write_and_remove() -> None:
        try:
            await to_its_end(slow.write)
        finally:
            slow.path.unlink()  # raises where nothing was written yet

    task = asyncio.create_task(write_and_remove())
    await slow.has_begun()
    for _ in range(times):
        task.cancel()
        await asyncio.sleep(0)
    assert not task.done()
    slow.may_end.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not slow.path.exists()


async def test_an_error_of_work_that_was_cancelled_is_not_lost_loudly(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    slow = Slow(tmp_path / "missing" / "file")
    task = asyncio.create_task(to_its_end(slow.write))
    await slow.has_begun()
    task.cancel()
    await asyncio.sleep(0)
    slow.may_end.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not caplog.records
