"""Waiting for a condition instead of sleeping for a guess."""

import inspect
import time
from asyncio import sleep
from collections.abc import Awaitable, Callable
from typing import TypeVar, overload

T = TypeVar("T")

POLL_S = 0.02


@overload
async def eventually(look: Callable[[], Awaitable[T | None]], *, timeout_s: float = 120) -> T: ...
@overload
async def eventually(look: Callable[[], T], *, timeout_s: float = 120) -> T: ...
async def eventually(look: Callable[[], object], *, timeout_s: float = 120) -> object:
    """Ask ``look`` again and again until it answers something true; that is returned."""
    deadline = time.monotonic() + timeout_s
    while True:
        answer = look()
        if inspect.isawaitable(answer):
            answer = await answer
        if answer:
            return answer
        assert time.monotonic() < deadline, f"not within {timeout_s:g} s"
        await sleep(POLL_S)
