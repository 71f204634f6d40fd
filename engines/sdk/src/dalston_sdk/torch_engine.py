"""``TorchEngine``: what engines with PyTorch say of their device, whichever library they have."""

from dalston_sdk.engine import Engine
from dalston_sdk.torch_device import check_torch_device, held_vram_mb, is_torch_out_of_memory


class TorchEngine(Engine):
    """An engine that computes with PyTorch; its subclasses load, unload and run."""

    def check_device(self) -> str:
        """Compute something on the GPU, where one was asked for.

        Raises:
            EngineError: ``device_lost``: there is no such GPU, or it does not answer.
        """
        return check_torch_device(self.device)

    def vram_mb(self) -> float | None:
        """Memory that PyTorch holds on the GPU for this process; None on a CPU."""
        return held_vram_mb(self.device)

    def is_out_of_memory(self, error: Exception) -> bool:
        """PyTorch has an exception of its own for it, and on a CPU says so in words."""
        return is_torch_out_of_memory(error)
