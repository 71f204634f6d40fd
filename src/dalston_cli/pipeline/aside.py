"""Work that must not hold up the events of other recordings."""

import asyncio
from collections.abc import Callable
from typing import ParamSpec, TypeVar

_SHORT_S = 60.0

Parameters = ParamSpec("Parameters")
Value = TypeVar("Value")


async def aside(
    audio_s: float,
    work: Callable[Parameters, Value],
    *args: Parameters.args,
    **kwargs: Parameters.kwargs,
) -> Value:
    """Return what ``work`` returns, which computes something about so many seconds of audio.

    It has a thread of its own where it may take long. For a minute of audio it takes a millisecond,
    and the thread would take a good part of another.
    """
    if audio_s <= _SHORT_S:
        return work(*args, **kwargs)
    return await asyncio.to_thread(work, *args, **kwargs)
