"""Ctrl-C, SIGTERM and the end of the terminal (SIGHUP) during a run, and the quiet end of it."""

import asyncio
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Any

_STREAMS = (1, 2)


@contextmanager
def handled_interrupts(interrupt: Callable[[], None]) -> Iterator[None]:
    """Call ``interrupt`` on the event loop at the first Ctrl-C; the second ends the process.

    A terminal that is closed interrupts once: its shell and the system may both say so. A process
    that was started to outlive it, as ``nohup`` does, goes on.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in _interrupting()}
    terminals = [stream for stream in _STREAMS if os.isatty(stream)]

    def handle(number: int, frame: FrameType | None) -> None:
        del frame
        for each in before:
            again = signal.SIG_IGN if each == signal.SIGHUP else signal.default_int_handler
            signal.signal(each, again)
        if number == signal.SIGHUP:
            _write_to_nowhere(terminals)
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


def _interrupting() -> Iterator[signal.Signals]:
    yield signal.SIGINT
    yield signal.SIGTERM
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        yield signal.SIGHUP


def _write_to_nowhere(streams: Sequence[int]) -> None:
    """Keep a terminal that is gone from failing what is written while the run ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC)
    for stream in streams:
        os.dup2(nowhere, stream)
    os.close(nowhere)
