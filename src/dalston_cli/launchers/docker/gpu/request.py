"""Requests for one GPU for a container: NVIDIA's device requests, or CDI.

A container sees the one GPU that it was given, and calls it ``cuda:0``. The Container Device
Interface goes first where a daemon knows NVIDIA's devices: a container that got its GPU that way
keeps it when systemd is reloaded. Podman knows nothing else.

References: https://docs.docker.com/reference/cli/docker/container/run/#gpus,
https://github.com/cncf-tags/container-device-interface
"""

from collections.abc import Sequence
from typing import Any

from dalston_cli.catalog.machine import Gpu
from dalston_cli.launchers.docker.daemon import DaemonFacts

CDI_KIND = "nvidia.com/gpu"
PODMAN = "Podman"
RUNTIME = "nvidia"


def inner_device(device: str) -> str:
    """Return the name of ``device`` inside a container that was given it."""
    return device if device == "cpu" else "cuda:0"


def gpu_arguments(device: str, facts: DaemonFacts, gpus: Sequence[Gpu]) -> dict[str, Any]:
    """Return the arguments about GPUs for ``docker.DockerClient.containers.create``.

    ``gpus`` are those of this machine where the daemon runs on it; empty where it does not, and the
    N of ``cuda:N`` then counts as the daemon's machine does.
    """
    if device == "cpu":
        return {}
    from docker.types import DeviceRequest  # noqa: PLC0415 - takes 0.4 s to load

    names = _names(device, gpus)
    if wants_cdi(facts):
        request = DeviceRequest(driver="cdi", device_ids=[_cdi_name(names, cdi_gpus(facts))])
    elif names:
        request = DeviceRequest(device_ids=[names[0]], capabilities=[["gpu"]])
    else:
        request = DeviceRequest(count=1, capabilities=[["gpu"]])
    return {"device_requests": [request]}


def wants_cdi(facts: DaemonFacts) -> bool:
    """Return True if GPUs are to be requested through the Container Device Interface."""
    if facts.product == PODMAN or cdi_gpus(facts):
        return True
    return RUNTIME not in facts.runtimes and speaks_cdi(facts)


def speaks_cdi(facts: DaemonFacts) -> bool:
    """Return True if the daemon reads files of the Container Device Interface (Docker 25)."""
    return facts.product == PODMAN or bool(facts.raw.get("CDISpecDirs"))


def cdi_gpus(facts: DaemonFacts) -> tuple[str, ...]:
    """NVIDIA's devices among those that the daemon lists; daemons before 28.2 list none."""
    return tuple(name for name in facts.devices if name.startswith(f"{CDI_KIND}="))


def _names(device: str, gpus: Sequence[Gpu]) -> tuple[str, ...]:
    """Return the names of the GPU, the best one first: its UUID is the same everywhere."""
    _, _, number = device.partition(":")
    if not number:
        return ()
    gpu = next((gpu for gpu in gpus if gpu.index == int(number)), None)
    if gpu is None:
        return (number,)
    position = str(gpu.index if gpu.position is None else gpu.position)
    return (gpu.uuid, position) if gpu.uuid else (position,)


def _cdi_name(names: Sequence[str], known: Sequence[str]) -> str:
    """Return the name that the daemon knows; by position if it lists none."""
    single = [name for name in known if not name.endswith("=all")]
    if not names:
        return single[0] if single else f"{CDI_KIND}=0"
    wanted = [f"{CDI_KIND}={name}" for name in names]
    return next((name for name in wanted if name in single), wanted[-1])
