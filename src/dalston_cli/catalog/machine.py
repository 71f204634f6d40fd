"""What this machine has to run models on, as a value; ``machine_probe`` looks it up."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Gpu:
    """One NVIDIA GPU that programs may use.

    Attributes:
        index: N of ``cuda:N``.
        vram_mb: Its whole memory, used or not.
    """

    index: int
    name: str
    vram_mb: int


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
