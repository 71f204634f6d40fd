"""What models can run on here."""

from pathlib import Path

from dalston_cli.catalog.machine import Machine
from dalston_cli.finding import Finding

_DRIVER = Path("/proc/driver/nvidia/version")


def look_at_processors(machine: Machine) -> Finding:
    """Cores and memory."""
    message = f"{machine.cpus} cores, {machine.ram_mb / 1000:.1f} GB of memory"
    return Finding(name="processors", status="ok", message=message)


def look_at_gpus(machine: Machine, *, hidden: bool, driver: Path = _DRIVER) -> Finding:
    """The GPUs that programs may use.

    Args:
        machine: What was found.
        hidden: The user hides some or all of them from programs.
        driver: A file that is there while the driver is loaded.
    """
    if machine.gpus:
        listed = ", ".join(
            f"cuda:{gpu.index} {gpu.name} ({gpu.vram_mb / 1000:.0f} GB)" for gpu in machine.gpus
        )
        return Finding(name="gpu", status="ok", message=listed)
    if driver.exists() and not hidden:
        return Finding(
            name="gpu",
            status="warn",
            message="the NVIDIA driver is loaded, and no GPU answers",
            hint="see why: nvidia-smi; a driver that was just updated needs: sudo reboot",
        )
    return Finding(name="gpu", status="ok", message="none seen; everything runs on the processor")
