"""Ctrl-C reaches the processes that tests start, however the run of tests was started.

A shell starts what runs in the background with SIGINT ignored, and an ignored signal stays ignored
in every process below. A signal with a handler is different: exec gives it its default action. So
a handler here is all that is needed for every child to end by Ctrl-C as it would at a terminal.
"""

import signal

import pytest


def pytest_configure(config: pytest.Config) -> None:
    del config
    let_children_be_interrupted()


def let_children_be_interrupted() -> None:
    """Replace an ignored SIGINT by Python's own handler, which children do not inherit."""
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
