"""Limits of the control groups that hold this process: memory and processor time.

A container, a job of a cluster and a service each have a group with limits of its own, and so may
every group above it; the least of them holds. Both versions of the kernel's interface are read.

Reference: https://docs.kernel.org/admin-guide/cgroup-v2.html,
https://docs.kernel.org/admin-guide/cgroup-v1/memory.html, cgroups(7)
"""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

MOUNT = Path("/sys/fs/cgroup")
_OWN = Path("/proc/self/cgroup")
_NO_LIMIT = 1 << 60
"""Version 1 says that there is no limit by the largest number that it can hold."""
_USAGE = {
    1: ("memory.usage_in_bytes", "total_inactive_file"),
    2: ("memory.current", "inactive_file"),
}
"""Of each version: the file with what is used, and the count of files that are given back."""


def memory_limit(mount: Path = MOUNT, own: Path = _OWN) -> int | None:
    """Return the least limit of memory in bytes; None if there is none."""
    return min((limit for limit, *_ in _memory(mount, own)), default=None)


def memory_left(mount: Path = MOUNT, own: Path = _OWN) -> int | None:
    """Return the bytes that may still be taken, at least 0; None if there is no limit.

    Of files that are kept in memory, the part that the kernel takes back at once is not counted.
    """
    left = []
    for limit, group, version in _memory(mount, own):
        with suppress(OSError, ValueError):
            left.append(max(0, limit - _used(group, version)))
    return min(left, default=None)


def cpu_limit(mount: Path = MOUNT, own: Path = _OWN) -> float | None:
    """Return the cores that may be used, such as 1.5; None if there is no limit."""
    return min(_cpus(mount, own), default=None)


def _memory(mount: Path, own: Path) -> Iterator[tuple[int, Path, int]]:
    """Yield limit, folder and version of each group that has a limit of memory."""
    for group in _groups(mount, own, ""):
        with suppress(OSError, ValueError):
            yield _number(group / "memory.max"), group, 2
    for group in _groups(mount / "memory", own, "memory"):
        with suppress(OSError, ValueError):
            if (limit := _number(group / "memory.limit_in_bytes")) < _NO_LIMIT:
                yield limit, group, 1


def _cpus(mount: Path, own: Path) -> Iterator[float]:
    for group in _groups(mount, own, ""):
        with suppress(OSError, ValueError, ZeroDivisionError):
            quota, period = (group / "cpu.max").read_text(encoding="ascii").split()
            yield int(quota) / int(period)
    for group in _groups(mount / "cpu", own, "cpu"):
        with suppress(OSError, ValueError, ZeroDivisionError):
            if (quota_us := _number(group / "cpu.cfs_quota_us")) > 0:
                yield quota_us / _number(group / "cpu.cfs_period_us")


def _groups(mount: Path, own: Path, controller: str) -> Iterator[Path]:
    """Yield the folder of the process's group and those above it.

    A container often sees its own group as the mount, while its name is the one outside.
    """
    folder = mount / _name(own, controller)
    while folder != mount:
        yield folder
        folder = folder.parent
    yield mount


def _name(own: Path, controller: str) -> str:
    """Return the group's path below the mount; version 2 has no names of controllers."""
    with suppress(OSError, ValueError):
        for line in own.read_text(encoding="utf-8").splitlines():
            _, controllers, path = line.split(":", 2)
            if controller in controllers.split(",") and ".." not in path.split("/"):
                return path.strip("/")
    return ""


def _used(group: Path, version: int) -> int:
    """Return what a group uses, without what the kernel can take back at once."""
    usage, inactive = _USAGE[version]
    lines = (group / "memory.stat").read_text(encoding="ascii").splitlines()
    counts = dict(line.split() for line in lines)
    return _number(group / usage) - int(counts.get(inactive, 0))


def _number(file: Path) -> int:
    return int(file.read_text(encoding="ascii"))
