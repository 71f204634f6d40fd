"""What ``start`` and ``restart`` share: an engine made ready while a person watches."""

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING

from dalston_cli.commands.engines.setting import find_engine, load
from dalston_cli.commands.engines.status import show_states
from dalston_cli.console import Console

if TYPE_CHECKING:
    from dalston_cli.launchers.pool.notice import PoolNotice


def launch(console: Console, name: str, profile: str | None, flags: Mapping[str, object]) -> None:
    """Have an engine ready and show what runs of it.

    Args:
        console: Told what happens meanwhile.
        name: The engine's name.
        profile: What ``--profile`` named.
        flags: Settings from the command line; None where one was not given.
    """
    from dalston_cli.catalog.machine_probe import probe_machine  # noqa: PLC0415 - runs nvidia-smi
    from dalston_cli.launchers.base import EngineSpec  # noqa: PLC0415 - loads pydantic
    from dalston_cli.launchers.control import (  # noqa: PLC0415 - loads psutil
        engine_device,
        start_engine,
    )
    from dalston_cli.settings.locations import Locations  # noqa: PLC0415 - keeps --help fast

    resolved, launchers = load(profile=profile, **flags)
    settings = resolved.settings
    engine = find_engine(name)
    spec = EngineSpec(
        engine=engine,
        device=engine_device(settings.device, engine, probe_machine()),
        keep_alive_s=settings.keep_alive,
        models_dir=Locations.from_environment().models,
    )

    def tell(notice: "PoolNotice") -> None:
        _tell(console, notice)

    states = asyncio.run(start_engine(launchers, spec, replicas=settings.replicas, on_event=tell))
    show_states(console, states)
    other = [state.keep_alive_s for state in states if state.keep_alive_s != spec.keep_alive_s]
    if flags.get("keep_alive") is not None and other:
        console.warning(
            f"{name} was started with --keep-alive {other[0]:g} and keeps it",
            hint=f"dalston engines restart {name} --keep-alive {spec.keep_alive_s:g}",
        )


def _tell(console: Console, notice: "PoolNotice") -> None:
    from dalston_cli.launchers.pool.notice import Ready, Starting, Trouble  # noqa: PLC0415 - as above

    match notice:
        case Starting(message=message) if message:
            console.info(f"building the environment of {notice.engine}: {message}")
        case Starting():
            console.info(f"starting {notice.engine}")
        case Ready(reused=True):
            console.info(f"{notice.engine} runs already on {notice.device}")
        case Ready():
            console.info(f"{notice.engine} is ready on {notice.device} ({notice.elapsed_s:.1f} s)")
        case Trouble():
            console.warning(notice.message)
