"""Starting and stopping engines on request, and removing their files."""

import asyncio
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace

from dalston_cli.catalog import device as devices
from dalston_cli.catalog.machine import Machine
from dalston_cli.catalog.schema import Device, EngineEntry
from dalston_cli.errors import DalstonError, UsageError
from dalston_cli.launchers import survey
from dalston_cli.launchers.base import EngineInstance, EngineSpec, Launcher, NotOursError, Removed
from dalston_cli.launchers.pool.notices import OnNotice, ignore_notice
from dalston_cli.launchers.pool.pool import Pool
from dalston_cli.launchers.registry import Launchers


class EngineRunningError(UsageError):
    """Files of a running engine were to be removed."""

    code = "engine_running"

    def __init__(self, engine: str) -> None:
        super().__init__(
            f"engine {engine} is running", hint=f"stop it first: dalston engines stop {engine}"
        )


def engine_device(requested: str, engine: EngineEntry, machine: Machine) -> str:
    """Return the device to start ``engine`` on, for any model.

    Raises:
        DalstonError: The device is unknown, not there, or not for this engine.
    """
    devices.check_device(requested, machine)
    gpu = machine.largest_gpu
    if requested in {"auto", "cuda"} and gpu and Device.CUDA in engine.devices:
        return f"cuda:{gpu.index}"
    device = "cpu" if requested == "auto" else requested
    if device.partition(":")[0] in engine.devices:
        return device
    if requested == "auto":
        raise devices.DeviceMissingError(f"the engine {engine.name} needs a GPU", machine)
    raise devices.DeviceNotSupportedError(
        "the CPU" if device == "cpu" else "a GPU", f"the engine {engine.name}"
    )


def engine_devices(
    requested: str, gpus: Sequence[int], engine: EngineEntry, machine: Machine
) -> tuple[str, ...]:
    """Return the devices to spread the replicas over: one, or every GPU of a list.

    Raises:
        DalstonError: See ``engine_device``; or a GPU is listed twice.
    """
    chosen = devices.chosen_gpus(requested, gpus)
    wanted = "cuda" if chosen else requested
    return devices.spread_over(
        engine_device(wanted, engine, devices.only_gpus(machine, chosen)), chosen
    )


async def start_engine(
    launchers: Launchers, spec: EngineSpec, *, replicas: int, on_event: OnNotice = ignore_notice
) -> tuple[survey.EngineState, ...]:
    """Make ``replicas`` of an engine ready; those that run already count.

    Returns:
        All instances of its launcher.

    Raises:
        EngineUnavailableError: It does not start.
    """
    async with Pool(launchers, on_event=on_event) as pool:
        await pool.acquire(replace(spec, replicas=replicas), replicas=replicas)
    launcher = launchers.choose(spec.engine, spec.device).launcher
    return await survey.survey_engines([launcher], [spec.engine.name])


async def running_engines(
    launchers: Launchers, *, on_problem: survey.OnProblem = survey.raise_problem
) -> frozenset[str]:
    """Return the names of all engines that run or have a URL in the settings."""
    found = await survey.find_instances(launchers.by_name.values(), on_problem=on_problem)
    return frozenset(instance.engine for _, instance in found)


def judge_others(launchers: Launchers, spec_of: Callable[[str], EngineSpec]) -> survey.Judge:
    """Return what tells why running engines of other owners are not used for ``spec_of`` a name."""

    def judge(launcher: Launcher, instance: EngineInstance) -> str | None:
        if not launcher.manages:
            return None
        try:
            spec = spec_of(instance.engine)
            choice = launchers.choose(spec.engine, spec.device)
            if choice.launcher is not launcher:
                return f"the launcher {choice.launcher.name} is taken: {choice.reason}"
            return launcher.unfitness(instance, spec, launcher.fingerprint(spec))
        except DalstonError as error:
            return error.message

    return judge


async def stop_engines(
    launchers: Launchers,
    names: Collection[str] | None,
    *,
    timeout_s: float,
    on_problem: survey.OnProblem = survey.raise_problem,
) -> tuple[EngineInstance, ...]:
    """Stop engines of ``names``, or all if None, at the same time; busy ones after ``timeout_s``.

    Returns:
        Those that ran.

    Raises:
        NotOursError: All instances of one of ``names`` have another owner.
    """
    found = await survey.find_instances(launchers.by_name.values(), names, on_problem=on_problem)
    ours = [(launcher, instance) for launcher, instance in found if instance.owned]
    here = {instance.engine for _, instance in ours}
    for _, instance in found:
        if names is not None and instance.engine not in here:
            raise NotOursError(instance.engine, "stopped")
    await stop_all(ours, timeout_s=timeout_s)
    return tuple(instance for _, instance in ours)


async def stop_all(
    instances: Iterable[tuple[Launcher, EngineInstance]], *, timeout_s: float
) -> None:
    """Stop instances at the same time, each by its launcher."""
    await asyncio.gather(
        *(
            asyncio.to_thread(launcher.stop, instance, timeout_s=timeout_s)
            for launcher, instance in instances
        )
    )


def remove_engine(
    launchers: Launchers, name: str, *, on_problem: survey.OnProblem = survey.raise_problem
) -> Removed:
    """Remove what was built for an engine, and its logs; its next start builds it again.

    Raises:
        EngineRunningError: It runs.
    """
    ours = [launcher for launcher in launchers.by_name.values() if launcher.manages]
    for _, found in survey.ask_each(ours, lambda launcher: launcher.find(), on_problem):
        if any(each.engine == name and each.owned for each in found):
            raise EngineRunningError(name)
    asked = survey.ask_each(ours, lambda launcher: launcher.remove(name), on_problem)
    removed = [each for _, each in asked]
    return Removed(
        engine=name,
        environments=tuple(path for each in removed for path in each.environments),
        images=tuple(image for each in removed for image in each.images),
        num_logs=sum(each.num_logs for each in removed),
    )
