"""What a person does with engines: start some, stop some, remove what they left on the disk."""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path

from dalston_cli.catalog.device import DeviceMissingError, DeviceNotSupportedError, check_device
from dalston_cli.catalog.machine import Machine
from dalston_cli.catalog.schema import Device, EngineEntry
from dalston_cli.errors import UsageError
from dalston_cli.launchers.base import EngineInstance, EngineSpec
from dalston_cli.launchers.local.launcher import LocalLauncher
from dalston_cli.launchers.pool.notice import Listener, ignore_notice
from dalston_cli.launchers.pool.pool import Pool
from dalston_cli.launchers.registry import Launchers
from dalston_cli.launchers.remote import RemoteNotOursError
from dalston_cli.launchers.survey import EngineState, survey_engines


class EngineRunningError(UsageError):
    """What a running engine needs was to be removed."""

    code = "engine_running"

    def __init__(self, engine: str) -> None:
        super().__init__(
            f"engine {engine} is running", hint=f"stop it first: dalston engines stop {engine}"
        )


@dataclass(frozen=True, kw_only=True)
class Removed:
    """What was removed of one engine."""

    engine: str
    environments: tuple[Path, ...]
    num_logs: int


def engine_device(requested: str, engine: EngineEntry, machine: Machine) -> str:
    """The device to start ``engine`` on, whatever model it will load.

    Args:
        requested: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.
        engine: Says what it can run on.
        machine: Says what is there.

    Raises:
        DalstonError: The device is unknown, not there, or not for this engine.
    """
    check_device(requested, machine)
    gpu = machine.largest_gpu
    if requested in {"auto", "cuda"} and gpu and Device.CUDA in engine.devices:
        return f"cuda:{gpu.index}"
    device = "cpu" if requested == "auto" else requested
    if device.partition(":")[0] in engine.devices:
        return device
    if requested == "auto":
        raise DeviceMissingError(f"the engine {engine.name} needs a GPU", machine)
    raise DeviceNotSupportedError(
        "the CPU" if device == "cpu" else "a GPU", f"the engine {engine.name}"
    )


async def start_engine(
    launchers: Launchers, spec: EngineSpec, *, replicas: int, on_event: Listener = ignore_notice
) -> tuple[EngineState, ...]:
    """Have ``replicas`` of an engine ready; those that run count.

    Raises:
        EngineUnavailableError: It does not start.
    """
    async with Pool(launchers, on_event=on_event) as pool:
        await pool.acquire(replace(spec, replicas=replicas), replicas=replicas)
    launcher = launchers.choose(spec.engine).launcher
    return await survey_engines([launcher], [spec.engine.name])


async def stop_engines(
    launchers: Launchers, names: Collection[str] | None, *, timeout_s: float
) -> tuple[EngineInstance, ...]:
    """Stop engines, all at the same time.

    Args:
        launchers: Only local engines are stopped.
        names: Which; None for all.
        timeout_s: How long each may go on with what runs; 0 ends it at once.

    Returns:
        Those that ran.

    Raises:
        RemoteNotOursError: One of ``names`` runs elsewhere, and not here.
    """
    found = await asyncio.to_thread(launchers.local.find)
    chosen = tuple(each for each in found if names is None or each.engine in names)
    here = {instance.engine for instance in chosen}
    for name in names or ():
        if name not in here and launchers.remote.offers(name):
            raise RemoteNotOursError(name, "stopped")
    await asyncio.gather(
        *(asyncio.to_thread(launchers.local.stop, each, timeout_s=timeout_s) for each in chosen)
    )
    return chosen


def remove_engine(launcher: LocalLauncher, name: str) -> Removed:
    """Remove the environments and logs of an engine; both are made anew when it is started.

    Raises:
        EngineRunningError: It runs.
    """
    if any(instance.engine == name for instance in launcher.find()):
        raise EngineRunningError(name)
    return Removed(
        engine=name,
        environments=launcher.environments.remove(name),
        num_logs=launcher.engine_logs.remove(name),
    )
