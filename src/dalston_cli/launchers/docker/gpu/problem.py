"""Reasons for which containers get no GPU, and the commands that help.

Between a program in a container and a GPU stand the driver, NVIDIA's container toolkit, and a
daemon that was told of it: as a runtime, or by a file of the Container Device Interface.

Reference: https://docs.nvidia.com/datacenter/cloud-native/container-toolkit/latest/install-guide.html
"""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from dalston_cli.launchers.docker.daemon import DaemonFacts
from dalston_cli.launchers.docker.gpu.request import CDI_KIND, PODMAN, RUNTIME, cdi_gpus, speaks_cdi

GUIDE = (
    "https://docs.nvidia.com/datacenter/cloud-native/container-toolkit/latest/install-guide.html"
)
INSTALL = "sudo apt-get install nvidia-container-toolkit"
GENERATE = "sudo nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml"
NO_CGROUPS = "sudo nvidia-ctk config --set nvidia-container-cli.no-cgroups --in-place"
_CONFIGURE = "sudo nvidia-ctk runtime configure --runtime=docker && sudo systemctl restart docker"
_CONFIGURE_ROOTLESS = (
    'nvidia-ctk runtime configure --runtime=docker --config="$HOME/.config/docker/daemon.json"'
    f" && {NO_CGROUPS} && systemctl --user restart docker"
)
_SNAP = "/var/snap/"
_TOOLS = ("nvidia-ctk", "nvidia-container-runtime")


@dataclass(frozen=True, kw_only=True)
class GpuHost:
    """NVIDIA's software on a machine.

    Attributes:
        driver: The kernel's module is loaded, or Windows lends its driver.
        toolkit: Programs of the container toolkit are installed.
        cdi: A file describes the GPUs to container engines.
    """

    driver: bool
    toolkit: bool
    cdi: bool


@dataclass(frozen=True, kw_only=True)
class GpuProblem:
    """The first thing that keeps containers from the GPUs.

    Attributes:
        missing: What is to be mended.
    """

    missing: Literal["driver", "product", "toolkit", "runtime", "cdi"]
    message: str
    hint: str


def probe_gpu_host(root: Path = Path("/"), path: str | None = None) -> GpuHost:
    """Look for NVIDIA's software below ``root`` and in the folders of ``PATH``; nothing is run."""
    drivers = (root / "proc/driver/nvidia/version", root / "usr/lib/wsl/lib/nvidia-smi")
    return GpuHost(
        driver=any(file.exists() for file in drivers),
        toolkit=any(shutil.which(tool, path=path) for tool in _TOOLS),
        cdi=any(_describes_gpus(root / folder) for folder in ("etc/cdi", "var/run/cdi")),
    )


def gpu_problem(facts: DaemonFacts, host: GpuHost | None) -> GpuProblem | None:
    """Return what keeps containers from the GPUs; None if nothing is seen.

    ``host`` is what lies on the daemon's machine; None where that is not this one.
    """
    if host is not None and not host.driver:
        return GpuProblem(
            missing="driver",
            message="the NVIDIA driver is not installed, or not loaded",
            hint="install your distribution's NVIDIA driver, restart, then see: nvidia-smi",
        )
    if cdi_gpus(facts) or RUNTIME in facts.runtimes:
        return None
    return _unfit(facts) or _unprepared(facts, host)


def configure(facts: DaemonFacts) -> str:
    """Return the command that registers NVIDIA's container runtime with the daemon."""
    return _CONFIGURE_ROOTLESS if facts.rootless else _CONFIGURE


def _unfit(facts: DaemonFacts) -> GpuProblem | None:
    """Return the problem of a kind of Docker that the toolkit does not support."""
    if facts.product == "Docker Desktop":
        return GpuProblem(
            missing="product",
            message="this Docker Desktop gives containers no NVIDIA GPU",
            hint="on Linux use Docker Engine instead: docker context use default;"
            " on Windows turn on the WSL 2 backend",
        )
    if str(facts.raw.get("DockerRootDir", "")).startswith(_SNAP):
        return GpuProblem(
            missing="product",
            message="Docker as a snap does not find NVIDIA's container toolkit",
            hint="use your distribution's package instead:"
            " sudo snap remove docker && sudo apt-get install docker.io",
        )
    return None


def _unprepared(facts: DaemonFacts, host: GpuHost | None) -> GpuProblem | None:
    """Return the problem if the toolkit is missing or not registered with the daemon."""
    cdi = speaks_cdi(facts)
    tell = GENERATE if cdi else configure(facts)
    if host is not None and not host.toolkit and not host.cdi:
        return GpuProblem(
            missing="toolkit",
            message="NVIDIA's container toolkit is not installed",
            hint=f"{INSTALL} && {tell} (its packages and other systems: {GUIDE})",
        )
    if not cdi:
        return GpuProblem(
            missing="runtime",
            message=f"{facts.product} was not told of NVIDIA's container runtime",
            hint=f"tell it: {tell}",
        )
    if host is not None and host.cdi:
        return None
    if host is None and facts.product == PODMAN:
        return None  # it does not list what it knows
    return GpuProblem(
        missing="cdi",
        message=f"no file describes the GPUs to {facts.product} (CDI, {CDI_KIND})",
        hint=f"write it: {tell}",
    )


def _describes_gpus(folder: Path) -> bool:
    """Return True if a file of this folder describes NVIDIA's GPUs, or cannot be read."""
    try:
        files = [file for file in folder.iterdir() if file.suffix in {".yaml", ".yml", ".json"}]
    except OSError:
        return False
    return any(_names_gpus(file) for file in files)


def _names_gpus(file: Path) -> bool:
    try:
        return CDI_KIND in file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return True
