"""Engines and decoders of the machine that this process runs on."""

from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass

from dalston_cli.audio.prepare import Preparer
from dalston_cli.launchers.pool.engines import EngineUse, RunEngines
from dalston_cli.launchers.pool.notices import PoolNotice, Trouble
from dalston_cli.launchers.pool.pool import Pool
from dalston_cli.launchers.registry import Launchers
from dalston_cli.pipeline.events import Event, WarningRaised


@dataclass(frozen=True, kw_only=True)
class SharedTools:
    """Engines and decoders that several runs of one process use, one after the other or at once.

    Attributes:
        passing: The run leaves no records: nobody asks again for what it finds out.
    """

    pool: Pool
    decoder: Preparer
    passing: bool = False


async def open_shared_tools(
    stack: AsyncExitStack,
    launchers: Launchers,
    emit: Callable[[Event], None],
    *,
    looks_hold_s: float = 0.0,
) -> SharedTools:
    """Return tools for runs to share; what has to be closed after them is put on ``stack``.

    Args:
        stack: Closes them.
        launchers: Of this machine.
        emit: Takes what engines tell.
        looks_hold_s: See ``Pool``.
    """

    def tell(notice: PoolNotice) -> None:
        if isinstance(notice, Trouble):
            emit(WarningRaised(code=notice.code, message=notice.message))
        else:
            emit(notice)

    pool = await stack.enter_async_context(
        Pool(launchers, on_event=tell, looks_hold_s=looks_hold_s)
    )
    decoder = await stack.enter_async_context(Preparer())
    return SharedTools(pool=pool, decoder=decoder)


def run_engines(stack: AsyncExitStack, shared: SharedTools, use: EngineUse) -> RunEngines:
    """Return the engines of one run; what has to be closed after it is put on ``stack``."""
    engines = RunEngines(shared.pool, use)
    stack.push_async_callback(engines.close)
    return engines


async def engines_and_decoder(
    stack: AsyncExitStack, launchers: Launchers, use: EngineUse, emit: Callable[[Event], None]
) -> tuple[RunEngines, Preparer]:
    """Return what jobs of this process need; what has to be closed is put on ``stack``."""
    tools = await open_shared_tools(stack, launchers, emit)
    return run_engines(stack, tools, use), tools.decoder
