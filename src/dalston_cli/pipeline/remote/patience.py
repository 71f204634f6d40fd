"""Asking again, where what failed may go well a moment later."""

import time
from collections.abc import Callable
from typing import TypeVar

from dalston_cli.pipeline.remote.errors import RemoteError

Value = TypeVar("Value")

PAUSES_S = (1.0, 3.0, 9.0)
"""Before something that may pass is tried again."""


def do_nothing() -> None:
    """Go on as before."""


def patiently(ask: Callable[[], Value], between: Callable[[], None] = do_nothing) -> Value:
    """Return what ``ask`` returns; ask again where a failure may pass, after ``between``.

    Raises:
        RemoteError: It does not pass.
    """
    for pause_s in PAUSES_S:
        try:
            return ask()
        except RemoteError as error:
            if not error.may_pass:
                raise
            time.sleep(pause_s)
            between()
    return ask()
