"""Memory that this process may still take: of the machine, of its limits, and of a GPU."""

import resource
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from dalston_sdk.control_group import MOUNT, memory_left
from dalston_sdk.devices import split_device

_PROC = Path("/proc")
_MIB = 1024 * 1024


def free_mb(device: str) -> float | None:
    """Return the memory that is free on a device, in MiB; None where it is not known."""
    kind, index = split_device(device)
    return _free_ram_mb() if kind == "cpu" else _free_vram_mb(index)


def _free_ram_mb(proc: Path = _PROC, cgroup: Path = MOUNT) -> float | None:
    """Return the least of what the machine, its control groups and the process's limit allow.

    Reference: proc(5), getrlimit(2)
    """
    return min(_allowances(proc, cgroup), default=None)


def _allowances(proc: Path, cgroup: Path) -> Iterator[float]:
    with suppress(OSError, ValueError, IndexError):
        lines = (proc / "meminfo").read_text(encoding="ascii").splitlines()
        available = next(line for line in lines if line.startswith("MemAvailable:"))
        yield int(available.split()[1]) / 1024
    if (left := memory_left(cgroup, proc / "self" / "cgroup")) is not None:
        yield left / _MIB
    with suppress(OSError, ValueError, IndexError):
        limit, _ = resource.getrlimit(resource.RLIMIT_AS)
        if limit != resource.RLIM_INFINITY:
            pages = int((proc / "self" / "statm").read_text(encoding="ascii").split()[0])
            yield (limit - pages * resource.getpagesize()) / _MIB


def _free_vram_mb(index: int) -> float | None:
    """Return what the driver reports; None where its library is not in the environment."""
    try:
        import pynvml  # noqa: PLC0415 - not in every engine's environment
    except ImportError:
        return _free_vram_by_torch_mb(index)
    with suppress(pynvml.NVMLError):
        pynvml.nvmlInit()
        try:
            handle = pynvml.nvmlDeviceGetHandleByIndex(index)
            return float(pynvml.nvmlDeviceGetMemoryInfo(handle).free) / _MIB
        finally:
            pynvml.nvmlShutdown()
    return None


def _free_vram_by_torch_mb(index: int) -> float | None:
    try:
        import torch  # noqa: PLC0415 - not in every engine's environment

        return float(torch.cuda.mem_get_info(index)[0]) / _MIB
    except (ImportError, RuntimeError, AssertionError):
        return None
