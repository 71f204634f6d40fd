"""Engines and decoders of the machine that this process runs on."""

from collections.abc import Callable
from contextlib import AsyncExitStack

from dalston_cli.audio.prepare import Preparer
from dalston_cli.launchers.pool.engines import EngineUse, RunEngines
from dalston_cli.launchers.pool.notices import PoolNotice, Trouble
from dalston_cli.launchers.pool.pool import Pool
from dalston_cli.launchers.registry import Launchers
from dalston_cli.pipeline.events import Event, WarningRaised


async def engines_and_decoder(
    stack: AsyncExitStack, launchers: Launchers, use: EngineUse, emit: Callable[[Event], None]
) -> tuple[RunEngines, Preparer]:
    """Return what jobs of this process need; what has to be closed is put on ``stack``."""

    def tell(notice: PoolNotice) -> None:
        if isinstance(notice, Trouble):
            emit(WarningRaised(code=notice.code, message=notice.message))
        else:
            emit(notice)

    pool = await stack.enter_async_context(Pool(launchers, on_event=tell))
    preparer = await stack.enter_async_context(Preparer())
    engines = RunEngines(pool, use)
    stack.push_async_callback(engines.close)
    return engines, preparer
