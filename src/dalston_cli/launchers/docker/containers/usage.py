"""Computes how much of its machine a container uses, from the daemon's counters.

Reference: https://docs.docker.com/reference/api/engine/ (ContainerStats)
"""

from collections.abc import Mapping
from typing import Any

from dalston_cli.launchers.base import Usage

_MB = 1_000_000
_CACHES = ("inactive_file", "total_inactive_file")
"""Names of memory that the kernel can reclaim at once, by cgroup version 2 and 1."""


def container_usage(stats: Mapping[str, Any], *, memory_limit: int) -> Usage:
    """Compute the usage of one container.

    Args:
        stats: One answer of the daemon, which includes the previous counters.
        memory_limit: The container's memory limit in bytes; 0 for none.
    """
    memory = stats.get("memory_stats") or {}
    used = memory.get("usage")
    details = memory.get("stats") or {}
    cache = next((details[name] for name in _CACHES if name in details), 0)
    return Usage(
        cpu_percent=_cpu_percent(stats.get("cpu_stats") or {}, stats.get("precpu_stats") or {}),
        memory_mb=None if used is None else round(max(0, used - cache) / _MB, 1),
        memory_limit_mb=round(memory_limit / _MB, 1) if memory_limit else None,
        processes=(stats.get("pids_stats") or {}).get("current"),
    )


def _cpu_percent(now: Mapping[str, Any], before: Mapping[str, Any]) -> float | None:
    """Compare two samples; the machine's time counts all cores."""
    try:
        spent = now["cpu_usage"]["total_usage"] - before["cpu_usage"]["total_usage"]
        passed = now["system_cpu_usage"] - before["system_cpu_usage"]
        cores = now.get("online_cpus") or len(now["cpu_usage"]["percpu_usage"])
    except KeyError:
        return None
    return round(100 * cores * spent / passed, 1) if passed > 0 else None
