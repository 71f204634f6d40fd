"""The end of watching: Ctrl-C, SIGTERM or the end of the terminal."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Ending(threading.Event):
    """Set once the end is wanted.

    Attributes:
        at_work: A run goes on: the first signal interrupts it. While it transcribes, the run
            itself takes the signal, and ends with its recordings' finished stages kept.
    """

    at_work = False


@contextmanager
def ended_by_signals() -> Iterator[Ending]:
    """Yield what the first signal sets; a second one raises KeyboardInterrupt."""
    ending = Ending()

    def handle(number: int, frame: FrameType | None) -> None:
        del number, frame
        if ending.at_work or ending.is_set():
            ending.set()
            raise KeyboardInterrupt
        ending.set()

    before = {number: signal.getsignal(number) for number in _SIGNALS}
    for number, handler in before.items():
        if number is not signal.SIGHUP or handler is not signal.SIG_IGN:  # as nohup sets it
            signal.signal(number, handle)
    try:
        yield ending
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
