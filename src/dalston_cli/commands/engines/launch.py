"""The part that ``start``, ``restart`` and ``scale`` share: make engines ready, with messages."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from dalston_cli.commands.engines.setting import load
from dalston_cli.console import Console
from dalston_cli.options.without_effect import refuse_gpus_without_effect

if TYPE_CHECKING:
    from dalston_cli.launchers.base import EngineSpec
    from dalston_cli.launchers.pool.notices import OnNotice, PoolNotice
    from dalston_cli.launchers.registry import Launchers
    from dalston_cli.launchers.survey import EngineState
    from dalston_cli.settings.schema import Settings


def launch(
    console: Console,
    name: str,
    profile: str | None,
    flags: Mapping[str, object],
    *,
    devices: Sequence[str] = (),
) -> "tuple[EngineState, ...]":
    """Make an engine ready.

    Args:
        console: Gets the messages.
        name: The engine's name.
        profile: Value of ``--profile``.
        flags: Settings from the command line; None for those not given.
        devices: Devices of its replicas; empty for those of the settings.

    Returns:
        All instances of its launcher.
    """
    from dalston_cli.launchers.control import start_engine  # noqa: PLC0415 - loads psutil

    resolved, launchers = load(profile=profile, **flags)
    refuse_gpus_without_effect(resolved)
    spec = engine_spec(name, resolved.settings, devices)
    tell_choice(console, launchers, spec)
    replicas = resolved.settings.replicas
    if not devices:
        replicas = max(replicas, len(spec.devices))  # one for each listed GPU
    return asyncio.run(start_engine(launchers, spec, replicas=replicas, on_event=tell_to(console)))


def engine_spec(name: str, settings: "Settings", devices: Sequence[str] = ()) -> "EngineSpec":
    """Return the engine of that name as the settings want it.

    Args:
        name: The engine's name.
        settings: All settings.
        devices: Devices of its replicas; empty for those of the settings.

    Raises:
        UnknownEngineError: There is none.
        DalstonError: The device is unknown, not there, or not for this engine.
    """
    from dalston_cli.catalog.load import load_catalog  # noqa: PLC0415 - loads pydantic
    from dalston_cli.catalog.machine import probe_machine  # noqa: PLC0415 - runs nvidia-smi
    from dalston_cli.catalog.weights.inventory import weights_elsewhere  # noqa: PLC0415 - loads pydantic
    from dalston_cli.launchers.base import EngineSpec  # noqa: PLC0415 - loads pydantic
    from dalston_cli.launchers.control import engine_devices  # noqa: PLC0415 - loads psutil
    from dalston_cli.settings.locations import Locations  # noqa: PLC0415 - keeps --help fast

    catalog = load_catalog()
    engine = catalog.engine(name)
    first, *more = devices or engine_devices(
        settings.device, settings.gpus, engine, probe_machine()
    )
    return EngineSpec(
        engine=engine,
        device=first,
        also_on=tuple(more),
        keep_alive_s=settings.keep_alive,
        models_dir=Locations.from_environment().models,
        weights=weights_elsewhere(catalog, name),
    )


def tell_choice(console: Console, launchers: "Launchers", spec: "EngineSpec") -> None:
    """Show the chosen launcher and the reason, with ``--verbose``."""
    choice = launchers.choose(spec.engine, spec.device)
    console.detail(f"{spec.engine.name} gets the launcher {choice.launcher.name}: {choice.reason}")


def tell_to(console: Console) -> "OnNotice":
    """Return a callback that shows the pool's notices."""

    def tell(notice: "PoolNotice") -> None:
        _tell(console, notice)

    return tell


def _tell(console: Console, notice: "PoolNotice") -> None:
    from dalston_cli.launchers.pool.notices import Ready, Starting, Trouble  # noqa: PLC0415 - as above
    from dalston_cli.launchers.registry import launcher_class  # noqa: PLC0415 - as above

    match notice:
        case Starting(message=message) if message:
            what = launcher_class(notice.launcher).builds
            console.info(f"preparing the {what} of {notice.engine}: {message}")
        case Starting():
            console.info(f"starting {notice.engine}")
        case Ready(reused=True):
            console.info(f"{notice.engine} runs already on {notice.device}")
        case Ready():
            console.info(f"{notice.engine} is ready on {notice.device} ({notice.elapsed_s:.1f} s)")
        case Trouble():
            console.warning(notice.message)
