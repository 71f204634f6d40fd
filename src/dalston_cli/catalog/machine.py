"""What this machine has to run models on, as a value; ``machine_probe`` looks it up."""

from collections.abc import Collection
from dataclasses import dataclass, replace


@dataclass(frozen=True, kw_only=True)
class Gpu:
    """One NVIDIA GPU that programs may use.

    Attributes:
        index: N of ``cuda:N``, as programs count: what ``CUDA_VISIBLE_DEVICES`` hides is left out.
        vram_mb: Its whole memory, used or not.
        uuid: What the driver calls it, such as ``GPU-5d5ba0d6-…``; empty where it does not say.
        position: Its number among all GPUs of the machine, as the driver counts; None where that
            is the index.
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
        """The same machine with some of its GPUs only."""
        return replace(self, gpus=tuple(gpu for gpu in self.gpus if gpu.index in indices))
