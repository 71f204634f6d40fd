"""Checks of the processors and GPUs."""

from pathlib import Path

from dalston_cli.catalog.machine import Machine
from dalston_cli.diagnosis import Diagnosis

_DRIVER = Path("/proc/driver/nvidia/version")


def look_at_processors(machine: Machine) -> Diagnosis:
    """Report cores and memory."""
    message = f"{machine.cpus} cores, {machine.ram_mb / 1000:.1f} GB of memory"
    return Diagnosis(name="processors", status="ok", message=message)


def look_at_gpus(machine: Machine, *, hidden: bool, driver: Path = _DRIVER) -> Diagnosis:
    """Check the GPUs that programs may use; ``hidden`` says that the user hides some."""
    if machine.gpus:
        listed = ", ".join(
            f"cuda:{gpu.index} {gpu.name} ({gpu.vram_mb / 1000:.0f} GB)" for gpu in machine.gpus
        )
        return Diagnosis(name="gpu", status="ok", message=listed)
    if driver.exists() and not hidden:
        return Diagnosis(
            name="gpu",
            status="warn",
            message="the NVIDIA driver is loaded, and no GPU answers",
            hint="see why: nvidia-smi; a driver that was just updated needs: sudo reboot",
        )
    return Diagnosis(name="gpu", status="ok", message="none seen; everything runs on the processor")
