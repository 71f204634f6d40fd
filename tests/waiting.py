"""Waiting for a condition instead of sleeping for a guess."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")

POLL_S = 0.02


async def eventually(look: Callable[[], Awaitable[T | None]], *, timeout_s: float = 20.0) -> T:
    """Ask ``look`` again and again until it answers something true."""
    deadline = asyncio.get_running_loop().time() + timeout_s
    while not (answer := await look()):
        assert asyncio.get_running_loop().time() < deadline, f"not within {timeout_s:g} s"
        await asyncio.sleep(POLL_S)
    return answer
