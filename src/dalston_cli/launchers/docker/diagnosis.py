"""Diagnosis of Docker on this machine: what keeps engines from running in containers."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Literal

from dalston_cli.amounts import readable_size
from dalston_cli.diagnosis import Diagnosis
from dalston_cli.errors import DalstonError
from dalston_cli.launchers.docker.daemon import Daemon, DaemonUnavailableError
from dalston_cli.launchers.docker.gpu.problem import gpu_problem, probe_gpu_host
from dalston_cli.launchers.docker.gpu.request import wants_cdi
from dalston_cli.launchers.docker.images.image_list import engine_images

_TIMEOUT_S = 5.0
_LITTLE_DISK_BYTES = 10_000_000_000
"""An image for GPUs takes several gigabytes, and twice as much while it is built."""
_NO_DISK_BYTES = 1_000_000_000
_LIMITS = {"MemoryLimit": "memory", "PidsLimit": "number of processes", "CpuCfsQuota": "cores"}
"""Limits by their names in a daemon's own description."""


def diagnose_docker(
    daemon: Daemon, *, required: bool, timeout_s: float = _TIMEOUT_S
) -> Iterator[Diagnosis]:
    """Look at the daemon, which may be missing or hang, and what it has; changes nothing."""
    if not required and not daemon.may_be_there():
        yield Diagnosis("docker", "ok", "not installed; engines run as processes of this machine")
        return
    worse: Literal["warn", "fail"] = "fail" if required else "warn"
    try:
        yield from _within(timeout_s, lambda: list(_look(daemon)))
    except DaemonUnavailableError as error:
        yield Diagnosis("docker", worse, error.problem, hint=error.hint)
    except DalstonError as error:
        yield Diagnosis("docker", worse, error.message, hint=error.hint)
    except TimeoutError:
        yield Diagnosis(
            "docker",
            worse,
            f"no answer from {daemon.endpoint} within {timeout_s:g} s",
            hint="see what is wrong: sudo systemctl status docker; or do without: --launcher local",
        )


def _look(daemon: Daemon) -> Iterator[Diagnosis]:
    facts = daemon.facts
    kind = f"{facts.product} {facts.version}{', rootless' if facts.rootless else ''}"
    yield Diagnosis("docker", "ok", f"{kind} at {daemon.endpoint}")
    if not daemon.shares_disk:
        yield Diagnosis(
            "docker connection",
            "warn",
            "its daemon runs on another machine, where engines cannot be reached from here",
            hint="run them there with Compose and name their URLs in the settings:"
            " dalston config path",
        )
        return
    yield _transport(daemon)
    yield _limits(daemon)
    yield _disk(daemon)
    yield _gpu(daemon)
    yield _images(daemon)


def _transport(daemon: Daemon) -> Diagnosis:
    if daemon.shares_sockets:
        message = "over Unix sockets in a private folder; containers have no network"
    else:
        message = (
            "over ports of 127.0.0.1 with a token, for containers run in a virtual machine"
            " that shares no sockets"
        )
    return Diagnosis("docker connection", "ok", message)


def _limits(daemon: Daemon) -> Diagnosis:
    missing = [name for key, name in _LIMITS.items() if daemon.facts.raw.get(key) is False]
    if not missing:
        message = "memory, processes and cores of containers can be limited"
        return Diagnosis("docker limits", "ok", message)
    return Diagnosis(
        "docker limits",
        "warn",
        f"a container's {' and '.join(missing)} cannot be limited: one engine may take all",
        hint="see what the kernel lacks: docker info, under WARNING",
    )


def _disk(daemon: Daemon) -> Diagnosis:
    root = Path(str(daemon.facts.raw.get("DockerRootDir", "")))
    try:
        free = shutil.disk_usage(root).free if daemon.shares_sockets else None
    except OSError:
        free = None
    if free is None:
        message = f"the disk of {root} cannot be looked at from here"
        return Diagnosis("docker disk", "ok", message)
    message = f"{readable_size(free)} free for images in {root}"
    if free >= _LITTLE_DISK_BYTES:
        return Diagnosis("docker disk", "ok", message)
    return Diagnosis(
        "docker disk",
        "fail" if free < _NO_DISK_BYTES else "warn",
        message,
        hint="remove images that no engine needs any more: dalston engines prune",
    )


def _gpu(daemon: Daemon) -> Diagnosis:
    host = probe_gpu_host()
    problem = gpu_problem(daemon.facts, host)
    if problem is None:
        way = "the Container Device Interface" if wants_cdi(daemon.facts) else "NVIDIA's runtime"
        return Diagnosis("docker gpu", "ok", f"given through {way}")
    if problem.missing == "driver":
        message = "no NVIDIA driver here; engines run on the processor"
        return Diagnosis("docker gpu", "ok", message)
    return Diagnosis("docker gpu", "warn", problem.message, hint=problem.hint)


def _images(daemon: Daemon) -> Diagnosis:
    tags = sorted(image.tag for image in engine_images(daemon) if image.tag)
    message = ", ".join(tags) or "none; an engine's is built or pulled when it first starts"
    return Diagnosis("docker images", "ok", message)


def _within(timeout_s: float, look: Callable[[], list[Diagnosis]]) -> list[Diagnosis]:
    """Return or raise the outcome of ``look``, but do not wait for a daemon that hangs.

    Raises:
        TimeoutError: It takes longer.
    """
    answers: SimpleQueue[list[Diagnosis] | Exception] = SimpleQueue()

    def ask() -> None:
        try:
            answers.put(look())
        except Exception as error:  # noqa: BLE001 - raised again by the waiting thread
            answers.put(error)

    Thread(target=ask, name="docker diagnosis", daemon=True).start()
    try:
        answer = answers.get(timeout=timeout_s)
    except Empty:
        raise TimeoutError from None
    if isinstance(answer, Exception):
        raise answer
    return answer
