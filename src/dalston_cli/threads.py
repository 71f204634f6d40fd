"""Work in a thread that has ended when its caller goes on."""

import asyncio
import contextvars
from collections.abc import Callable
from typing import ParamSpec, TypeVar

Parameters = ParamSpec("Parameters")
Value = TypeVar("Value")


async def to_its_end(
    work: Callable[Parameters, Value], *args: Parameters.args, **kwargs: Parameters.kwargs
) -> Value:
    """Do ``work`` in a thread; it has ended when this is left, also by being cancelled.

    A thread cannot be stopped from outside. With ``asyncio.to_thread``, it would go on after its
    task was cancelled, and write files where they were removed already.
    """
    context = contextvars.copy_context()
    # Not a task, which the end of the event loop would cancel, too.
    return await waited_for(
        asyncio.get_running_loop().run_in_executor(None, lambda: context.run(work, *args, **kwargs))
    )


async def waited_for(doing: asyncio.Future[Value]) -> Value:
    """Return what ``doing`` has; it is done when this is left, however often it is cancelled."""
    cancelled: asyncio.CancelledError | None = None
    while not doing.done():
        try:
            await asyncio.wait([doing])
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        if not doing.cancelled():
            doing.exception()  # else asyncio would log it as lost
        raise cancelled
    return doing.result()
