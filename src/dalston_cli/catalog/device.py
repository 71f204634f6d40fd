"""Chooses a model's device, the CPU or one GPU. Pure: the machine is an argument.

A GPU that was asked for and cannot be had is an error, never a silent fallback to the CPU.
"""

import re
from collections.abc import Sequence

from msgspec import Struct

from dalston_cli.catalog.machine import Gpu, Machine
from dalston_cli.catalog.schema import Device, EngineEntry, ModelEntry
from dalston_cli.errors import UnavailableError, UsageError

_DEVICE = re.compile(r"auto|cpu|cuda(?::(?P<index>\d{1,3}))?")


class InvalidDeviceError(UsageError):
    """The text names no device."""

    code = "invalid_device"

    def __init__(self, requested: str) -> None:
        super().__init__(
            f"`{requested}` is no device", hint="use `--device auto`, `cpu`, `cuda` or `cuda:N`"
        )


class DeviceMissingError(UnavailableError):
    """A GPU that is needed is not in this machine, or programs may not use it."""

    code = "device_missing"

    def __init__(self, need: str, machine: Machine) -> None:
        number = len(machine.gpus)
        seen = "no GPU" if number == 0 else f"only {number} GPU{'s' if number > 1 else ''}"
        super().__init__(
            f"{need}, but {seen} can be used on this machine",
            hint="run `nvidia-smi` and look at CUDA_VISIBLE_DEVICES, or use `--device cpu`",
        )


class DeviceNotSupportedError(UsageError):
    """The model or its engine cannot run on this kind of device."""

    code = "device_not_supported"

    def __init__(self, device: str, subject: str) -> None:
        super().__init__(
            f"{subject} cannot run on {device}",
            hint="leave `--device` and `--gpus` away, or choose another model with `--model`",
        )


class RepeatedGpuError(UsageError):
    """A list of GPUs names one twice; replicas on one GPU are what ``--replicas`` is for."""

    code = "repeated_gpu"

    def __init__(self, index: int) -> None:
        super().__init__(
            f"`--gpus` names GPU {index} twice",
            hint="name each once; for more replicas than GPUs use `--replicas N`",
        )


class DeviceChoice(Struct, frozen=True, kw_only=True):
    """A device, ``cpu`` or ``cuda:N``, and the reason for it."""

    device: str
    reason: str


def check_device(requested: str, machine: Machine) -> None:
    """Check that this machine has the device.

    Raises:
        InvalidDeviceError: ``requested`` names no device.
        DeviceMissingError: It names a GPU that is not there.
    """
    match = _DEVICE.fullmatch(requested)
    if match is None:
        raise InvalidDeviceError(requested)
    if requested.startswith("cuda") and _asked_gpu(requested, machine) is None:
        raise DeviceMissingError(f"{requested} was asked for", machine)


def chosen_gpus(requested: str, gpus: Sequence[int]) -> tuple[int, ...]:
    """Return the listed GPUs, each N of ``cuda:N``; none if the requested device overrides them.

    Raises:
        RepeatedGpuError: One is listed twice.
    """
    for index in gpus:
        if gpus.count(index) > 1:
            raise RepeatedGpuError(index)
    return tuple(gpus) if requested in {"auto", "cuda"} else ()


def only_gpus(machine: Machine, gpus: Sequence[int]) -> Machine:
    """Return the machine with only these GPUs, or all if none; raises as ``check_device``."""
    for index in gpus:
        check_device(f"cuda:{index}", machine)
    return machine.with_gpus(gpus) if gpus else machine


def spread_over(device: str, gpus: Sequence[int]) -> tuple[str, ...]:
    """Return the devices of an engine's replicas: ``device`` first, then the other GPUs."""
    if device == "cpu":
        return (device,)
    return (device, *(name for index in gpus if (name := f"cuda:{index}") != device))


def choose_device(
    requested: str, model: ModelEntry, engine: EngineEntry, machine: Machine
) -> DeviceChoice:
    """Return the device for ``model``; ``auto`` takes the GPU if model, engine and memory allow.

    Raises:
        InvalidDeviceError, DeviceMissingError: See ``check_device``.
        DeviceNotSupportedError: The model or its engine cannot run there.
    """
    check_device(requested, machine)
    if requested == "auto":
        return _automatic(model, engine, machine)
    if requested == "cpu":
        if subject := _needs_gpu(model, engine):
            raise DeviceNotSupportedError("the CPU", subject)
        return DeviceChoice(device="cpu", reason="the CPU was asked for")
    if Device.CUDA not in engine.devices:
        raise DeviceNotSupportedError("a GPU", f"the engine {engine.name}")
    gpu = _asked_gpu(requested, machine)
    index = gpu.index if gpu else 0
    return DeviceChoice(device=f"cuda:{index}", reason=f"{requested} was asked for")


def fits(requested: str, model: ModelEntry, engine: EngineEntry, machine: Machine) -> bool:
    """Return True if the model can run on the requested device, memory included.

    A model without measured memory needs at least the size of its files.
    """
    if requested.startswith("cuda"):
        gpu = _asked_gpu(requested, machine)
        return gpu is not None and _fits_gpu(model, engine, gpu)
    if requested == "auto" and _fits_gpu(model, engine, machine.largest_gpu):
        return True
    return (
        not _needs_gpu(model, engine) and (model.hardware.ram_mb or model.size_mb) <= machine.ram_mb
    )


def _automatic(model: ModelEntry, engine: EngineEntry, machine: Machine) -> DeviceChoice:
    gpu = machine.largest_gpu
    if gpu and _fits_gpu(model, engine, gpu):
        return DeviceChoice(device=f"cuda:{gpu.index}", reason=f"{gpu.name} has room for it")
    if subject := _needs_gpu(model, engine):
        if gpu is None:
            raise DeviceMissingError(f"{subject} needs a GPU", machine)
        raise DeviceNotSupportedError(f"{gpu.name} with {gpu.vram_mb} MB", subject)
    if Device.CUDA not in engine.devices:
        return DeviceChoice(device="cpu", reason=f"the engine {engine.name} runs on the CPU")
    if gpu is None:
        return DeviceChoice(device="cpu", reason="there is no GPU")
    needed = f"{model.hardware.vram_mb or model.size_mb} MB, more than {gpu.name} has"
    return DeviceChoice(device="cpu", reason=f"it needs {needed}")


def _asked_gpu(requested: str, machine: Machine) -> Gpu | None:
    if requested == "cuda":
        return machine.largest_gpu
    return next((gpu for gpu in machine.gpus if requested == f"cuda:{gpu.index}"), None)


def _fits_gpu(model: ModelEntry, engine: EngineEntry, gpu: Gpu | None) -> bool:
    if gpu is None or Device.CUDA not in engine.devices:
        return False
    return (model.hardware.vram_mb or model.size_mb) <= gpu.vram_mb


def _needs_gpu(model: ModelEntry, engine: EngineEntry) -> str | None:
    """Return the engine or model that cannot run on the CPU; None if both can."""
    if Device.CPU not in engine.devices:
        return f"the engine {engine.name}"
    return None if model.hardware.supports_cpu else f"the model {model.id}"
