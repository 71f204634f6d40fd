"""This machine's processors and memory as a value, and ``probe_machine``, which looks them up."""

import csv
import os
import shutil
import subprocess
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from msgspec import Struct

from dalston_sdk.control_group import MOUNT, cpu_limit, memory_left, memory_limit

_MB = 1024 * 1024
_QUERY = ("--query-gpu=index,uuid,name,memory.total", "--format=csv,noheader,nounits")
_FREE_QUERY = ("--query-gpu=uuid,memory.free", "--format=csv,noheader,nounits")
_NVIDIA_SMI_TIMEOUT_S = 15.0


class Gpu(Struct, frozen=True, kw_only=True):
    """One NVIDIA GPU that programs may use.

    Attributes:
        index: N of ``cuda:N``, as programs count: without those hidden by ``CUDA_VISIBLE_DEVICES``.
        vram_mb: Its whole memory, used or not.
        uuid: The driver's name for it, such as ``GPU-5d5ba0d6-…``; empty if unknown.
        position: Its number among all GPUs of the machine, as the driver counts; None if that is
            the index.
    """

    index: int
    name: str
    vram_mb: int
    uuid: str = ""
    position: int | None = None


@dataclass(frozen=True, kw_only=True)
class Machine:
    """The processors and memory that this process may use.

    Attributes:
        cpus: Cores, at least 1, after affinity and limits of control groups.
        ram_mb: Whole memory, after limits of control groups.
    """

    cpus: int
    ram_mb: int
    gpus: tuple[Gpu, ...] = ()

    @property
    def largest_gpu(self) -> Gpu | None:
        """The GPU with the most memory; the first of equals."""
        return max(self.gpus, key=lambda gpu: (gpu.vram_mb, -gpu.index), default=None)

    def with_gpus(self, indices: Collection[int]) -> "Machine":
        """Return the same machine with only some of its GPUs."""
        return replace(self, gpus=tuple(gpu for gpu in self.gpus if gpu.index in indices))


def probe_machine(environ: Mapping[str, str] = os.environ, cgroup: Path = MOUNT) -> Machine:
    """Return what this process may use; without an answer of the driver there is no GPU."""
    import psutil  # noqa: PLC0415 - keeps `dalston --help` fast

    ram_mb = psutil.virtual_memory().total // _MB
    if (limit := memory_limit(cgroup)) is not None:
        ram_mb = min(ram_mb, limit // _MB)
    gpus = visible_gpus(_nvidia_smi(), environ.get("CUDA_VISIBLE_DEVICES"))
    return Machine(cpus=usable_cpus(cgroup), ram_mb=ram_mb, gpus=gpus)


def free_ram_mb(cgroup: Path = MOUNT) -> float:
    """Return the memory that programs can still take, after limits of control groups."""
    import psutil  # noqa: PLC0415 - keeps `dalston --help` fast

    free = psutil.virtual_memory().available
    left = memory_left(cgroup)
    return (free if left is None else min(free, left)) / _MB


def free_vram_mb(gpus: Sequence[Gpu]) -> dict[int, float]:
    """Return the free memory of GPUs by their index; those of which it is not known are missing."""
    rows = csv.reader(_nvidia_smi(_FREE_QUERY).splitlines(), skipinitialspace=True)
    free = {row[0]: float(row[1]) for row in rows if len(row) == 2 and row[1].isdigit()}  # noqa: PLR2004 - as many as the query names
    return {gpu.index: free[gpu.uuid] for gpu in gpus if gpu.uuid in free}


def visible_gpus(listing: str, visible: str | None) -> tuple[Gpu, ...]:
    """Return the GPUs in the output of ``nvidia-smi`` that ``CUDA_VISIBLE_DEVICES`` allows.

    They are numbered as programs see them: the first visible one is 0.
    """
    rows = [row for row in csv.reader(listing.splitlines(), skipinitialspace=True) if len(row) == 4]  # noqa: PLR2004 - as many as the query names
    if visible is not None:
        rows = _select(rows, [name.strip() for name in visible.split(",") if name.strip()])
    return tuple(
        Gpu(index=index, name=name, vram_mb=int(vram), uuid=uuid, position=int(position))
        for index, (position, uuid, name, vram) in enumerate(rows)
        if vram.isdigit() and position.isdigit()
    )


def _select(rows: Sequence[list[str]], names: Sequence[str]) -> list[list[str]]:
    """Select as the CUDA driver does: in the given order, up to the first unknown name."""
    chosen: list[list[str]] = []
    for name in names:
        found = [row for row in rows if row[0] == name or row[1].startswith(name)]
        if not found:
            break
        chosen.append(found[0])
    return chosen


def _nvidia_smi(query: Sequence[str] = _QUERY) -> str:
    program = shutil.which("nvidia-smi")
    if program is None:
        return ""
    try:
        done = subprocess.run(
            [program, *query],
            capture_output=True,
            text=True,
            timeout=_NVIDIA_SMI_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""  # the driver hangs or the program cannot run: there is no GPU to use
    return done.stdout if done.returncode == 0 else ""


def usable_cpus(cgroup: Path = MOUNT) -> int:
    """Return the cores that this process may use, after affinity and limits of control groups."""
    affinity = getattr(os, "sched_getaffinity", None)  # macOS has none
    cpus = len(affinity(0)) if affinity else (os.cpu_count() or 1)
    limit = cpu_limit(cgroup)
    return cpus if limit is None else min(cpus, max(1, int(limit)))
