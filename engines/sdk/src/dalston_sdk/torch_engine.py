"""``TorchEngine``: the base class of engines whose model library is built on PyTorch."""

from dalston_sdk.engine import Engine
from dalston_sdk.torch_device import (
    check_torch_device,
    release_memory,
    reserved_vram_mb,
)


class TorchEngine(Engine):
    """An engine that computes with PyTorch; subclasses load, unload and run models."""

    def check_device(self) -> str:
        """Compute something on the GPU, if one was asked for.

        Raises:
            EngineError: ``device_lost`` if there is no such GPU, or if it does not answer.
        """
        return check_torch_device(self.device)

    def vram_mb(self) -> float | None:
        """Return the GPU memory that PyTorch has reserved, in MiB; None on a CPU."""
        return reserved_vram_mb(self.device)

    def release_memory(self) -> None:
        """Collect garbage, and give back what PyTorch keeps of the GPU's memory."""
        release_memory(self.device)
