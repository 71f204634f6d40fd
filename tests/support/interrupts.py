"""Ctrl-C and SIGHUP reach the processes that tests start, however the run of tests was started.

A shell starts what runs in the background with SIGINT ignored, ``nohup`` does so with SIGHUP, and
an ignored signal stays ignored in every process below. A signal with a handler is different: exec
gives it its default action. So a handler here is all that is needed for every child to end by
Ctrl-C, or with its terminal, as it would at one.
"""

import signal
from types import FrameType

import pytest


def pytest_configure(config: pytest.Config) -> None:
    del config
    let_children_be_interrupted()


def let_children_be_interrupted() -> None:
    """Replace what is ignored by a handler, which children do not inherit."""
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) == signal.SIG_IGN:
        signal.signal(signal.SIGHUP, _outlive)


def _outlive(number: int, frame: FrameType | None) -> None:
    """Go on, as a process does that ignores the signal."""
    del number, frame
