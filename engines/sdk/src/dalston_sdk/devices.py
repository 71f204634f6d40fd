"""Devices that models compute on: their names, a check that one answers, memory and threads."""

import os
from collections.abc import Callable
from contextlib import suppress

from dalston_sdk.errors import EngineError
from dalston_sdk.wire import ErrorCode

_MIB = 1024 * 1024


def split_device(device: str) -> tuple[str, int]:
    """Split a device's name into kind and index: ``cuda:1`` into ``("cuda", 1)``."""
    kind, _, index = device.partition(":")
    return kind, int(index or 0)


def check_gpu(device: str, call: Callable[[str, int], None]) -> str:
    """Make a real call to the device and return its exact name, such as ``cuda:0``.

    Args:
        device: ``cpu``, ``cuda`` or ``cuda:N``.
        call: Uses the GPU of a kind and index through the engine's library; not called for a CPU.

    Raises:
        EngineError: ``device_lost`` if the call raised.
    """
    kind, index = split_device(device)
    if kind == "cpu":
        return "cpu"
    try:
        call(kind, index)
    except (RuntimeError, ValueError, AssertionError) as error:
        raise device_lost(device, str(error)) from error
    return f"{kind}:{index}"


def device_lost(device: str, reason: str) -> EngineError:
    """Build the error for a GPU that was asked for and does not answer."""
    return EngineError(
        ErrorCode.DEVICE_LOST,
        f"{device} was asked for and does not answer: {reason}",
        hint="see what the driver says with nvidia-smi, or use --device cpu",
    )


def process_vram_mb(device: str) -> float | None:
    """Return the GPU memory of this process, as NVIDIA's driver reports it.

    Returns:
        MiB; None on a CPU, and where the driver does not report it.
    """
    kind, index = split_device(device)
    if kind == "cpu":
        return None
    import pynvml  # noqa: PLC0415 - not in every engine's environment

    with suppress(pynvml.NVMLError):
        pynvml.nvmlInit()
        try:
            handle = pynvml.nvmlDeviceGetHandleByIndex(index)
            for process in pynvml.nvmlDeviceGetComputeRunningProcesses(handle):
                if process.pid == os.getpid() and process.usedGpuMemory is not None:
                    return float(process.usedGpuMemory) / _MIB
        finally:
            pynvml.nvmlShutdown()
    return None


def told_threads() -> int | None:
    """Return the number of CPU threads that ``OMP_NUM_THREADS`` says; None where it says none."""
    wanted = os.environ.get("OMP_NUM_THREADS", "").split(",")[0]
    return int(wanted) if wanted.isdigit() and int(wanted) > 0 else None


def cpu_threads(limit: int | None = None) -> int:
    """Return how many CPU threads a library should use.

    ``OMP_NUM_THREADS`` decides where it is set; otherwise the number of processors that this
    process may use, but no more than ``limit``.
    """
    if told := told_threads():
        return told
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return min(usable or 1, limit or usable or 1)
