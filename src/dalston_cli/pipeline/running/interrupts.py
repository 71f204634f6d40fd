"""Ctrl-C and SIGTERM during a run, and the quiet end of what is cancelled."""

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any


@contextmanager
def handled_interrupts(interrupt: Callable[[], None]) -> Iterator[None]:
    """Call ``interrupt`` on the event loop at the first Ctrl-C; the second ends the process."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def handle(number: int, frame: FrameType | None) -> None:
        del number, frame
        for each in before:
            signal.signal(each, signal.default_int_handler)
        loop.call_soon_threadsafe(interrupt)

    for number in before:
        signal.signal(number, handle)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def expect_late_wakeups() -> None:
    """Keep the event loop from reporting a socket that wakes a request which was just cancelled.

    anyio's streams set a result then that is not wanted any more; nothing else is passed over.
    """
    loop = asyncio.get_running_loop()
    before = loop.get_exception_handler() or type(loop).default_exception_handler

    def handle(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        if not isinstance(context.get("exception"), asyncio.InvalidStateError):
            before(loop, context)

    loop.set_exception_handler(handle)
