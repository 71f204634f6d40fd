"""Engines and decoders of the machine that this process runs on."""

from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from dalston_cli.audio.prepare import Preparer
from dalston_cli.audio.scratch import SCRATCH_NAME, scratch_folder
from dalston_cli.launchers.pool.engines import EngineUse, RunEngines
from dalston_cli.launchers.pool.notices import PoolNotice, Trouble
from dalston_cli.launchers.pool.pool import Pool
from dalston_cli.launchers.registry import Launchers
from dalston_cli.pipeline.events import Event, WarningRaised


@dataclass(frozen=True, kw_only=True)
class SharedTools:
    """Engines and decoders that several runs of one process use, one after the other or at once.

    Attributes:
        scratch: For folders of the runs, which go with them; None has each run make its own.
        passing: The run leaves no records: what it finds out is not asked for again.
    """

    pool: Pool
    decoder: Preparer
    scratch: Path | None = None
    passing: bool = False


async def open_tools(
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
    engines = RunEngines(shared.pool, use, measures=not shared.passing)
    stack.push_async_callback(engines.close)
    return engines


def scratch_of(stack: AsyncExitStack, shared: SharedTools | None, cache: Path) -> Path:
    """Return a folder for what goes with a run; it is removed by ``stack``.

    Raises:
        ScratchFolderError: There is no place for it in the folder ``cache``.
    """
    if shared is not None and shared.scratch is not None:
        with suppress(OSError):  # such as one that was cleared away meanwhile
            made = TemporaryDirectory(dir=shared.scratch, ignore_cleanup_errors=True)
            return Path(stack.enter_context(made))
    return stack.enter_context(scratch_folder(cache / SCRATCH_NAME))


async def engines_and_decoder(
    stack: AsyncExitStack, launchers: Launchers, use: EngineUse, emit: Callable[[Event], None]
) -> tuple[RunEngines, Preparer]:
    """Return what jobs of this process need; what has to be closed is put on ``stack``."""
    tools = await open_tools(stack, launchers, emit)
    return run_engines(stack, tools, use), tools.decoder
