"""An engine's worker threads, and callers that give up."""

import asyncio
import gc
import logging
import threading

import pytest

from dalston_sdk.errors import CancelledError
from dalston_sdk.server.threads import Threads

LONG_S = 30.0


def test_a_cancelled_caller_waits_for_the_work_and_its_error_is_not_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    begun, cancelled = threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        assert cancelled.wait(LONG_S)
        raise CancelledError

    async def give_up(threads: Threads) -> None:
        task = asyncio.create_task(threads.run(work))
        assert await asyncio.to_thread(begun.wait, LONG_S)
        task.cancel()
        cancelled.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert threads.busy == 0

    threads = Threads(1, name="slot")
    with caplog.at_level(logging.ERROR):
        asyncio.run(give_up(threads))
        gc.collect()
    threads.close()
    assert not caplog.records
