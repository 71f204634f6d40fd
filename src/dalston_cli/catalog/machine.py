"""The processors and memory of this machine, as a value; ``machine_probe`` looks them up."""

from collections.abc import Collection
from dataclasses import dataclass, replace


@dataclass(frozen=True, kw_only=True)
class Gpu:
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
        cpus: Cores, at least 1, after affinity and container limits.
        ram_mb: Whole memory, after a container's limit.
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
